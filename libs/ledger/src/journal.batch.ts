import type { CommandOutcome, EntriesPosted, JournalEntry } from '@tongbao/contracts';
import { decide, type Decision } from './books.decide.js';
import type { Books } from './books.js';
import { take, type Changes } from './changes.js';
import type { Command } from './commands.js';
import { postFact } from './facts.decide.js';
import type { AnyFact } from './posting-rules.js';

/** Of a batch's JSON, counted in characters; at three bytes a character an event stays under the store's 1 MiB. */
const fullAtCharacters = 320_000;

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
  #characters = 0;

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
    return this.#characters >= fullAtCharacters * share;
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

  decide(command: Command): Decision {
    const decision = decide(this.#draft, command, this.nowMs);
    if (decision.replayed) return decision;
    this.#take(decision.changes);
    this.#remember(decision.outcome);
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

  #expire(): void {
    const holds = this.#draft.dueHolds(this.nowMs, maxExpired).map(({ holdId }) => ({ change: 'expired', holdId }) as const);
    this.#take({ holds });
  }

  #take(changes: Changes): void {
    take(this.#draft, changes);
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
    this.#characters += 200 * items;
    for (const entry of entries) this.#characters += charactersOf(entry);
    for (const change of holds) if (change.change === 'placed') this.#characters += 100 * change.reservations.length;
  }

  #remember(outcome: CommandOutcome): void {
    this.#draft.remember(outcome);
    this.#event.outcomes.push(outcome);
    this.#mustBeWritten = true;
    this.#characters += 400;
  }
}

const charactersOf = ({ transfers, ref }: JournalEntry): number =>
  transfers.reduce((sum, { from, to, kind }) => sum + 100 + from.length + to.length + kind.length, 120 + ref.length);
