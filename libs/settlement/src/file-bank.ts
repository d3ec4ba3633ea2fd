import { endToEndIdOf } from '@tongbao/bank-files';
import type { BankDataEvent, BankFileAccepted, BankFileEvent, InstructionEvent, StagedLine } from '@tongbao/contracts';
import { handle, load, type EventStore, type StoredEvent } from '@tongbao/event-store';
import { untilReached, type Clock, type Follower } from '@tongbao/service';
import { bankFileStream } from './bank-file.js';
import { linesInChunk } from './bank-file.intake.js';
import type { BankFileQueries } from './bank-file.queries.js';
import type { Bank, BankInstruction, BankInstructionStatus, StatementLine } from './bank.js';
import { accountKey, type FileBankSettings } from './file-bank.settings.js';
import { instructionProblem } from './instruction.files.js';
import {
  decideInstruction,
  instructionFold,
  instructionStream,
  statusOf,
  type InstructionCommand,
  type InstructionRefusal,
  type InstructionState,
} from './instruction.js';

export interface FileBankParts {
  store: EventStore;
  queries: BankFileQueries;
  projection: Follower;
  settings: FileBankSettings;
  clock: Clock;
}

const eventsAtOnce = 50;

/**
 * A bank that is told by files, and tells by files. An instruction is taken when it is in the log; it goes out with the next run. What the bank has booked comes from the
 * statements that were taken in.
 */
export class FileBank implements Bank {
  readonly name: string;

  constructor(private readonly parts: FileBankParts) {
    this.name = parts.settings.name;
  }

  /** @returns a rejection where no file could have it as it stands; it never goes to the bank then */
  async instruct(instruction: BankInstruction): Promise<'accepted' | { rejected: string }> {
    const { settings, clock } = this.parts;
    const problem = instructionProblem(instruction, settings);
    if (problem !== undefined) return { rejected: problem };
    const { key, attempt } = instruction;
    const endToEndId = endToEndIdOf(key, settings.charset);
    const now = clock.now().toISOString();
    await this.#decide(key, { type: 'TakeInstruction', bank: this.name, instruction, endToEndId, now }, `${key} take ${attempt}`);
    return 'accepted';
  }

  async status(key: string, attempt: number): Promise<BankInstructionStatus> {
    const { state } = await load(this.parts.store, instructionStream(key), instructionFold);
    return statusOf(state, attempt, state.status === 'withdrawn' && (await this.#isInRun(key, attempt)));
  }

  /** Keeps an instruction out of the next run. @returns whether it was in time, or why it cannot be */
  async giveUp(key: string, attempt: number, by: string, reason: string): Promise<'withdrawn' | 'in_run' | InstructionRefusal> {
    const refused = await this.#decide(key, { type: 'WithdrawInstruction', key, attempt, by, reason }, `${key} withdraw ${attempt}`, by);
    const { state } = await load(this.parts.store, instructionStream(key), instructionFold);
    if (state.status !== 'withdrawn') return refused ?? 'in_run';
    return (await this.#isInRun(key, attempt)) ? 'in_run' : 'withdrawn';
  }

  async statement(afterSequence: number, limit: number): Promise<StatementLine[]> {
    const file = await this.#fileAfter(afterSequence);
    if (!file) return [];
    // Whatever was instructed before the file was taken in is known then.
    await untilReached(this.parts.projection, file.position);
    const { linesBefore, lines, stagedIn } = file.event;
    const first = afterSequence - linesBefore;
    const staged = await this.#staged(stagedIn, first, Math.min(limit, lines - first));
    const found: StatementLine[] = [];
    for (const line of staged) found.push(await this.#lineOf(line, afterSequence + found.length + 1));
    // A file's end is no end of the statement: there may be another one.
    const isLast = linesBefore + lines === afterSequence + found.length;
    if (!isLast || found.length >= limit) return found;
    return [...found, ...(await this.statement(afterSequence + found.length, limit - found.length))];
  }

  /** Whether a run closed before somebody would withdraw an instruction. */
  async #isInRun(key: string, attempt: number): Promise<boolean> {
    const { store, projection, queries } = this.parts;
    const last = await store.readLast(instructionStream(key));
    await untilReached(projection, last?.position ?? 0n);
    return (await queries.instruction(key, attempt))?.status !== 'withdrawn';
  }

  /** The accepted file that has the line after a running number; the newest ones are looked at first. */
  async #fileAfter(sequence: number): Promise<StoredEvent<BankFileAccepted> | undefined> {
    const stream = bankFileStream(this.name);
    for (let from: number | 'end' = 'end'; ;) {
      const events: StoredEvent<BankFileEvent>[] = await this.parts.store.read(stream, { backwards: true, from, limit: eventsAtOnce });
      for (const stored of events) {
        if (!isAccepted(stored)) continue;
        const { linesBefore, lines } = stored.event;
        if (linesBefore + lines <= sequence) return undefined;
        if (lines > 0 && linesBefore <= sequence) return stored;
      }
      const oldest = events.at(-1)?.revision ?? 0;
      if (oldest === 0) return undefined;
      from = oldest - 1;
    }
  }

  async #staged(stream: string, first: number, count: number): Promise<StagedLine[]> {
    const chunk = Math.floor(first / linesInChunk);
    const chunks = Math.floor((first + count - 1) / linesInChunk) - chunk + 1;
    const events = await this.parts.store.read<BankDataEvent>(stream, { from: chunk, limit: chunks });
    const lines = events.flatMap(({ event }) => event.lines);
    return lines.slice(first - chunk * linesInChunk, first - chunk * linesInChunk + count);
  }

  async #lineOf(line: StagedLine, sequence: number): Promise<StatementLine> {
    const { amountMinor, currency, reference, bookedAt, endToEndId, debtorAccount, creditorAccount, isCharge } = line;
    const { settings, queries } = this.parts;
    const other = (amountMinor < 0 ? creditorAccount : debtorAccount) ?? '';
    const lineId = `${this.name}_${String(sequence).padStart(8, '0')}`;
    const said = { sequence, lineId, amountMinor, currency, reference, bookedAt };
    const instruction = endToEndId === undefined ? undefined : await queries.instructionCalled(this.name, endToEndId);
    if (instruction) {
      // The bank may write the same account otherwise, and name the sides of what it takes back as those of what it had carried out.
      const isItsAccount = [debtorAccount, creditorAccount].some(
        (each) => each !== undefined && accountKey(each) === accountKey(instruction.accountNumber),
      );
      const isReturn = amountMinor > 0 === (instruction.direction === 'payout');
      return {
        ...said,
        accountNumber: isItsAccount ? instruction.accountNumber : other,
        key: instruction.key,
        ...(isReturn && { isReturn }),
      };
    }
    const provider = settings.providerAccounts.get(accountKey(other));
    return { ...said, accountNumber: other, ...(provider !== undefined && { provider }), ...(isCharge && { isFee: true as const }) };
  }

  async #decide(key: string, command: InstructionCommand, commandId: string, actor = 'hub'): Promise<InstructionRefusal | undefined> {
    const handled = await handle<InstructionState, InstructionEvent, InstructionRefusal>(
      this.parts.store,
      instructionStream(key),
      instructionFold,
      (state) => decideInstruction(command, state),
      { commandId, actor, correlationId: key },
    );
    return handled.outcome === 'refused' ? handled.refusal : undefined;
  }
}

const isAccepted = (stored: StoredEvent<BankFileEvent>): stored is StoredEvent<BankFileAccepted> =>
  stored.event.type === 'BankFileAccepted';
