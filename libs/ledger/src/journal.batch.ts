import type { CommandOutcome, EntriesPosted, JournalEntry } from '@tongbao/contracts';
import { decide, type Decision } from './books.decide.js';
import type { Books } from './books.js';
import { take, type Changes } from './changes.js';
import type { Command } from './commands.js';
import { postFact } from './facts.decide.js';
import type { AnyFact } from './posting-rules.js';

/**
 * Bytes of JSON at which a batch is full. What comes last may pass it by as much again (`maxLinkedBytes`), and the event stays under the store's
 * 1 MiB.
 */
const fullAtBytes = 430_000;

/** What linked commands may come to together: they stand in one event. */
const maxLinkedBytes = 430_000;

/** Linked commands are more than one journal event holds: nothing of them was decided. */
export class LinkedTooLarge extends Error {
  override readonly name = 'LinkedTooLarge';
}

/** Holds that expire in one event. */
const maxExpired = 500;

/**
 * One journal event in the making: facts and commands are decided on a working copy of the books, so that each sees what those before it did.
 * The books themselves change only when the event is durable and applied.
 */
export class JournalBatch {
  readonly #draft: Books;
  readonly #firstEntry: number;
  readonly #event: Pick<EntriesPosted, 'entries' | 'holds' | 'limits' | 'accounts' | 'outcomes' | 'alarms'> = {
    entries: [],
    holds: [],
    limits: [],
    accounts: [],
    outcomes: [],
    alarms: [],
  };
  readonly #settled: EntriesPosted['settled'] & object = [];
  #sourcePosition: bigint;
  #mustBeWritten = false;
  #bytes = 0;

  constructor(
    books: Books,
    private readonly nowMs: number,
  ) {
    this.#draft = books.draft();
    this.#firstEntry = books.nextEntry;
    this.#sourcePosition = books.sourcePosition;
    this.#expire();
  }

  /**
   * True when what comes next belongs in another event.
   * @param share of the event that may be filled
   */
  isFull(share = 1): boolean {
    return this.#bytes >= fullAtBytes * share;
  }

  /** False when there is nothing that the journal has to know. */
  get mustBeWritten(): boolean {
    return this.#mustBeWritten;
  }

  postFact(fact: AnyFact, position: bigint): void {
    const changes = postFact(this.#draft, fact, position);
    if (!changes) return;
    this.#take(changes);
    if (changes.marksPosition) this.#mustBeWritten = true;
  }

  /** All facts up to here have been given. */
  reach(position: bigint): void {
    if (position > this.#sourcePosition) this.#sourcePosition = position;
  }

  /** @throws LinkedTooLarge; the batch is as it was */
  decide(command: Command): Decision {
    const decision = decide(this.#draft, command, this.nowMs);
    if (decision.replayed) return decision;
    if (command.command === 'Linked' && bytesOfDecision(decision) > maxLinkedBytes)
      throw new LinkedTooLarge(`${command.commands.length} linked commands are too much for one journal event`);
    this.#take(decision.changes, decision.then);
    for (const outcome of decision.outcomes) this.#remember(outcome);
    return decision;
  }

  toEvent(epoch: number): EntriesPosted {
    return {
      type: 'EntriesPosted',
      epoch,
      sourcePosition: String(this.#sourcePosition),
      firstEntry: this.#firstEntry,
      ...this.#event,
      ...(this.#settled.length > 0 && { settled: this.#settled }),
      postedAt: new Date(this.nowMs).toISOString(),
    };
  }

  /**
   * Tells the event from any other that might be made of the same books: it follows from how far the log was posted, which commands were decided in
   * which order, and when. Far shorter than the event.
   */
  outcomeKey(): string {
    const decided = this.#event.outcomes.map(({ commandId, contentHash }) => `${commandId} ${contentHash}`);
    return [this.#sourcePosition, this.#firstEntry, this.#event.entries.length, this.nowMs, ...decided].join('\n');
  }

  /** The event takes effect on the books that it was decided on. @throws Error when they have gone on since */
  adoptInto(books: Books, event: EntriesPosted): void {
    books.adopt(this.#draft, event);
  }

  #expire(): void {
    const holds = this.#draft.dueHolds(this.nowMs, maxExpired).map(({ holdId }) => ({ change: 'expired', holdId }) as const);
    this.#take({ holds });
  }

  #take(changes: Changes, then?: Books): void {
    take(this.#draft, changes, then);
    const { entries = [], holds = [], limits = [], accounts = [], settled = [], alarms = [] } = changes;
    this.#event.entries.push(...entries);
    this.#event.holds.push(...holds);
    this.#event.limits.push(...limits);
    this.#event.accounts.push(...accounts);
    this.#event.alarms.push(...alarms);
    this.#settled.push(...settled);
    const items = holds.length + limits.length + accounts.length + settled.length + alarms.length;
    if (entries.length + items === 0) return;
    this.#mustBeWritten = true;
    this.#bytes += 200 * items;
    for (const entry of entries) this.#bytes += bytesOfEntry(entry);
    for (const change of holds) if (change.change === 'placed') this.#bytes += 100 * change.reservations.length;
    for (const { metadata = [], currencies = [] } of accounts)
      this.#bytes += metadata.reduce((sum, { value }) => sum + 70 + bytesOfText(value), 10 * currencies.length);
  }

  #remember(outcome: CommandOutcome): void {
    this.#draft.remember(outcome);
    this.#event.outcomes.push(outcome);
    this.#mustBeWritten = true;
    this.#bytes += bytesOfOutcome(outcome);
  }
}

const bytesOfOutcome = ({ subject, ref = '', balances = [] }: CommandOutcome): number =>
  balances.reduce((sum, { account }) => sum + 90 + account.length, 300 + bytesOfText(subject) + bytesOfText(ref));

const bytesOfDecision = ({ changes, outcomes }: Decision): number =>
  (changes.entries ?? []).reduce((sum, entry) => sum + bytesOfEntry(entry), 0) +
  outcomes.reduce((sum, outcome) => sum + bytesOfOutcome(outcome), 0);

const bytesOfEntry = ({ transfers, ref, note = '' }: JournalEntry): number =>
  transfers.reduce(
    (sum, { from, to, kind }) => sum + 90 + from.length + to.length + bytesOfText(kind),
    120 + bytesOfText(ref) + bytesOfText(note),
  );

/** Names of accounts are ASCII; of what people write a character may be six bytes of JSON. */
const bytesOfText = (text: string): number => (/^[\w .,:;/()-]*$/.test(text) ? text.length : 6 * text.length);
