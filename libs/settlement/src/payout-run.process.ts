import type { PaymentFile } from '@tongbao/bank-files';
import type { BankEvent, PayoutRunEvent, PreparedFile } from '@tongbao/contracts';
import { handle, load, type EventStore, type Handled, type LogFeed } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';
import { untilReached, type Clock, type Follower } from '@tongbao/service';
import { Cron } from 'croner';
import type { BankFileQueries, PendingInstructions } from './bank-file.queries.js';
import type { OwnFile } from './bank-file.intake.js';
import { bankStream } from './bank.pause.js';
import { identityOfBytes, type FileBankFolder } from './file-bank.folder.js';
import type { FileBankSettings } from './file-bank.settings.js';
import { filesOfRun, type FiledInstruction } from './instruction.files.js';
import {
  decidePayoutRun,
  payoutRunFold,
  payoutRunStream,
  runIdOf,
  type PayoutRunCommand,
  type PayoutRunRefusal,
  type PayoutRunState,
} from './payout-run.js';
import type { RowOf } from './settlement.rows.js';

export interface PayoutRunParts {
  store: EventStore;
  /** Tells where the log ends, as far as the projection reads it. */
  feed: Pick<LogFeed, 'end'>;
  queries: BankFileQueries;
  projection: Follower;
  settings: FileBankSettings;
  folder: FileBankFolder;
  clock: Clock;
}

type HandledRun = Handled<PayoutRunState, PayoutRunEvent, PayoutRunRefusal>;

/** Ends every message id that a run has made: a letter for its kind, and its number. */
const messageIdForm = /^(.+)[PD]-\d+$/;

/**
 * Sends instructions to a bank in files. A run closes at the cut-off, or when it is full; its place in the log says what is in it, so it is the same run whoever looks at
 * it, and whenever. Its files are made where nobody takes them, the intent to send them is an event, and then each is moved, once, to where the bank takes it
 * from: one that is not where it was made is on its way.
 */
export class PayoutRunProcess {
  /** Position of the newest event that this has written. */
  #written: bigint | undefined;

  constructor(private readonly parts: PayoutRunParts) {}

  /** Closes what is due and takes each run as far as it goes without a person. */
  async work(): Promise<void> {
    const { settings, queries, feed, projection } = this.parts;
    await untilReached(projection, (this.#written ??= await feed.end()));
    if (await this.#isPaused()) return;
    const pending = await queries.pending(settings.name);
    const reason = pending && this.#reasonToClose(pending);
    if (reason) await this.close(reason, 'hub', `${settings.name} close ${pending.oldestTakenAt}`);
    await untilReached(projection, this.#written);
    for (const run of await queries.unwrittenRuns(settings.name)) await this.#advance(run);
  }

  /** Closes the run with what waits now. @returns its id, or nothing when nothing waits */
  async close(reason: 'cut_off' | 'full' | 'asked', by: string, commandId: string): Promise<string | undefined> {
    const { queries, settings, clock } = this.parts;
    const newest = (await queries.newestRun(settings.name)).sequence;
    const closed = await this.#closedBy(newest, commandId);
    if (closed !== undefined || !(await queries.pending(settings.name))) return closed;
    const sequence = newest + 1;
    const now = clock.now();
    const executionDate = dayOf(now, settings.cutOff.timeZone);
    const runId = runIdOf(settings.name, executionDate, sequence);
    const collectionDate = laterDay(executionDate, settings.collectionDays);
    const run = { runId, bank: settings.name, sequence, reason, by, executionDate, collectionDate, closedAt: now.toISOString() };
    const handled = await this.#decide(sequence, { type: 'CloseRun', run }, commandId, by);
    return handled.state.status === 'none' ? undefined : handled.state.run.runId;
  }

  /** The run that a command has closed, when it is repeated after its effect: what waits since then is another one's. */
  async #closedBy(sequence: number, commandId: string): Promise<string | undefined> {
    const { store, settings } = this.parts;
    const [first] = await store.read<PayoutRunEvent>(payoutRunStream(settings.name, sequence), { limit: 1 });
    return first?.metadata.$causationId === commandId ? first.event.runId : undefined;
  }

  /** An approver lets the files of a run go. */
  release(sequence: number, by: string, commandId: string): Promise<HandledRun> {
    return this.#decide(sequence, { type: 'ReleaseRun', by }, commandId, by);
  }

  /** One of the hub's own files, made anew from the log. */
  async ownFile(messageId: string): Promise<OwnFile | undefined> {
    const { queries, settings } = this.parts;
    const runId = messageIdForm.exec(messageId)?.[1];
    const run = runId === undefined ? undefined : await queries.run(settings.name, runId);
    if (!run?.files?.some((file) => file.messageId === messageId)) return undefined;
    const instructions = await queries.instructionsOf(run);
    const file = this.#filesOf(run, instructions).find((each) => each.messageId === messageId);
    const byName = new Map(instructions.map(({ endToEndId, key, attempt }) => [endToEndId, { key, attempt }]));
    return file && { file, keyOf: (endToEndId) => byName.get(endToEndId) };
  }

  #reasonToClose({ count, sums, oldestTakenAt }: PendingInstructions): 'cut_off' | 'full' | undefined {
    const { transactionsPerFile, sumMinorPerFile, cutOff } = this.parts.settings;
    const isFull = count >= transactionsPerFile || [...sums].some(([currency, sum]) => sum >= (sumMinorPerFile[currency] ?? sum + 1n));
    if (isFull) return 'full';
    // The first cut-off after the oldest of them: one that fell into a standstill of the hub is made up for, once.
    const due = new Cron(cutOff.cron, { timezone: cutOff.timeZone, paused: true }).nextRun(new Date(oldestTakenAt));
    return due !== null && due <= this.parts.clock.now() ? 'cut_off' : undefined;
  }

  /** From one step to the next, as far as it goes. */
  async #advance(row: RowOf<'payoutRuns'>): Promise<void> {
    const { store } = this.parts;
    for (;;) {
      const { state } = await load(store, payoutRunStream(row.bank, row.sequence), payoutRunFold);
      if (!(await this.#step(row, state))) return;
    }
  }

  /** @returns false when there is nothing to do until something happens */
  async #step(row: RowOf<'payoutRuns'>, state: PayoutRunState): Promise<boolean> {
    const { runId, sequence } = row;
    switch (state.status) {
      case 'closed':
        if (!(await this.#isSmall(row))) return false;
        await this.#decide(sequence, { type: 'ReleaseRun', by: 'automatic' }, `${runId} release`);
        return true;
      case 'released':
        if (await this.#isPaused()) return false;
        await this.#decide(sequence, { type: 'RecordPrepared', files: await this.#prepare(row) }, `${runId} prepare`);
        return true;
      case 'prepared':
        if (await this.#isPaused()) return false;
        for (const file of state.files) await this.parts.folder.publish(file);
        await this.#decide(sequence, { type: 'RecordWritten' }, `${runId} written`);
        return true;
      case 'written':
        for (const file of state.files) await this.parts.folder.tidy(file);
        return false;
      case 'none':
        throw new Error(`there is no run ${runId}`);
      default:
        return state satisfies never;
    }
  }

  /** A run whose sums are each within the settings' limit. */
  async #isSmall(row: RowOf<'payoutRuns'>): Promise<boolean> {
    const { queries, settings } = this.parts;
    const limit = BigInt(settings.automaticReleaseUpToMinor);
    const sums = sumsOf(await queries.instructionsOf(row));
    return limit > 0n && [...sums.values()].every((sum) => sum <= limit);
  }

  async #prepare(row: RowOf<'payoutRuns'>): Promise<PreparedFile[]> {
    const { queries, folder } = this.parts;
    const prepared: PreparedFile[] = [];
    for (const { messageId, message, xml, transactions, sumsMinor } of this.#filesOf(row, await queries.instructionsOf(row))) {
      const name = `${messageId}.xml`;
      const sums = [...sumsMinor].map(([currency, amount]) => ({ currency, amountMinor: toSafeInteger(amount) }));
      const preparedAs = await folder.prepare(name, xml);
      prepared.push({ messageId, name, preparedAs, message, sha256: identityOfBytes(xml), transactions, sums });
    }
    return prepared;
  }

  #filesOf(
    { runId, closedAt, executionDate, collectionDate }: RowOf<'payoutRuns'>,
    instructions: readonly RowOf<'instructions'>[],
  ): PaymentFile[] {
    return filesOfRun(instructions.map(filedOf), this.parts.settings, { runId, closedAt, executionDate, collectionDate });
  }

  /** Read from the stream itself: whoever was told that the bank is paused is sure of it. */
  async #isPaused(): Promise<boolean> {
    const last = await this.parts.store.readLast<BankEvent>(bankStream(this.parts.settings.name));
    return last?.event.type === 'PayoutsPaused';
  }

  async #decide(sequence: number, command: PayoutRunCommand, commandId: string, actor = 'hub'): Promise<HandledRun> {
    const { store, settings } = this.parts;
    const stream = payoutRunStream(settings.name, sequence);
    const decide = (state: PayoutRunState) => decidePayoutRun(command, state);
    const handled = await handle<PayoutRunState, PayoutRunEvent, PayoutRunRefusal>(store, stream, payoutRunFold, decide, {
      commandId,
      actor,
    });
    if (handled.outcome === 'accepted' && handled.position !== undefined) this.#written = handled.position;
    return handled;
  }
}

function sumsOf(instructions: readonly RowOf<'instructions'>[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { currency, amountMinor } of instructions) sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
  return sums;
}

const filedOf = ({
  endToEndId,
  direction,
  amountMinor,
  currency,
  accountNumber,
  holder,
  route,
  reference,
}: RowOf<'instructions'>): FiledInstruction => ({
  endToEndId,
  direction,
  amountMinor: toSafeInteger(amountMinor),
  currency,
  accountNumber,
  holder,
  reference,
  ...(route && { route }),
});

/** The day by the wall clock of a time zone. */
const dayOf = (at: Date, timeZone: string): string => new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at);

const laterDay = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
