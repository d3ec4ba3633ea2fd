import {
  isNetted,
  type AccountChange,
  type AccountNote,
  type CommandOutcome,
  type EntriesPosted,
  type HoldChange,
  type JournalEntry,
  type LimitChange,
  type SettledNet,
} from '@tongbao/contracts';
import { CurrencyBook, type Balance, type Limits } from './balances.js';
import { isImplicit, partyBehind } from './chart.js';
import { Expiries, type Expiry } from './expiries.js';

export type AccountStatus = 'unknown' | 'open' | 'frozen' | 'closed';

export interface Hold {
  readonly holdId: string;
  readonly currency: string;
  readonly reservations: readonly { account: string; amountMinor: number }[];
  readonly purpose: string;
  readonly ref: string;
  readonly expiresAt?: string;
  readonly status: 'placed' | 'committed' | 'voided' | 'expired';
}

/** What was said of an account when it was opened. */
export interface AccountDetails {
  readonly currencies?: readonly string[];
  readonly metadata?: readonly AccountNote[];
}

/** True once a hold's time is over, whether or not the books say so yet. */
export const isDue = ({ expiresAt }: Pick<Hold, 'expiresAt'>, nowMs: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;

/**
 * What is kept of an outcome. The balances that an entry left are most of it, and hardly anybody asks twice: the journal has them
 * (journal.originals.ts).
 */
export type RememberedOutcome = Omit<CommandOutcome, 'balances'> & { balances?: undefined };

/** How many ended holds and answered commands are remembered: who repeats one of them gets the first outcome. */
export interface Memory {
  endedHolds: number;
  outcomes: number;
}

/** The state of books, part by part. */
export interface BooksParts {
  readonly currencies: Map<string, CurrencyBook>;
  readonly statuses: Map<string, AccountStatus>;
  readonly details: Map<string, AccountDetails>;
  readonly holds: Map<string, Hold>;
  readonly endedHolds: Set<string>;
  readonly outcomes: Map<string, RememberedOutcome>;
  readonly corrections: Map<number, 'reversed' | 'corrected'>;
  readonly firstEntries: number[];
  readonly expiries: Expiries;
}

const usualMemory: Memory = { endedHolds: 100_000, outcomes: 100_000 };

/**
 * The state of the books: a fold of the journal. `draft` gives a working copy, on which a batch is decided with the same methods by which the
 * journal's event, once durable, takes effect on the books themselves.
 */
export class Books {
  readonly #currencies = new Map<string, CurrencyBook>();
  readonly #statuses = new Map<string, AccountStatus>();
  readonly #details = new Map<string, AccountDetails>();
  readonly #holds = new Map<string, Hold>();
  readonly #outcomes = new Map<string, RememberedOutcome>();
  readonly #corrections = new Map<number, 'reversed' | 'corrected'>();
  readonly #expiries = new Expiries();
  readonly #endedHolds = new Set<string>();
  /** Number of the first entry of each journal event, by revision. */
  readonly #firstEntries: number[] = [];
  #nextEntry: number;
  #sourcePosition: bigint;
  #epoch: number;

  constructor(
    private readonly memory: Memory = usualMemory,
    private readonly base?: Books,
  ) {
    this.#nextEntry = base?.nextEntry ?? 0;
    this.#sourcePosition = base?.sourcePosition ?? 0n;
    this.#epoch = base?.epoch ?? 0;
  }

  /** The number that the next entry gets. */
  get nextEntry(): number {
    return this.#nextEntry;
  }

  /** Every fact up to this log position is in the books. */
  get sourcePosition(): bigint {
    return this.#sourcePosition;
  }

  /** Of the last journal event. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Revision of the last journal event; `undefined` before the first. */
  get revision(): number | undefined {
    return this.#firstEntries.length > 0 ? this.#firstEntries.length - 1 : undefined;
  }

  /** A working copy that leaves these books as they are. */
  draft(): Books {
    return new Books(this.memory, this);
  }

  /**
   * One event of the journal takes effect, the next in its order: the fold at start-up and the way in which the writer's own batch takes effect.
   * @throws Error when the event does not follow on the books: then the journal or this code is broken, and nothing may be posted on top
   */
  apply(event: EntriesPosted, revision: number): void {
    const next = this.#firstEntries.length;
    if (revision !== next || event.firstEntry !== this.#nextEntry) {
      throw new Error(
        `journal event ${revision} begins with entry ${event.firstEntry}; the books expect event ${next} with entry ${this.#nextEntry}`,
      );
    }
    this.#firstEntries.push(event.firstEntry);
    for (const entry of event.entries) this.post(entry);
    for (const change of event.holds) this.changeHold(change);
    for (const change of event.limits) this.setLimits(change);
    for (const change of event.accounts) this.changeAccount(change);
    for (const net of event.settled ?? []) this.settle(net);
    for (const outcome of event.outcomes) this.remember(outcome);
    this.#sourcePosition = BigInt(event.sourcePosition);
    this.#epoch = event.epoch;
    this.#forget();
  }

  /**
   * What was decided on a working copy takes effect: as `apply` of the event that it became, without doing everything again.
   * @throws Error when these books have gone on since the copy was made
   */
  adopt(draft: Books, { firstEntry, sourcePosition, epoch }: Pick<EntriesPosted, 'firstEntry' | 'sourcePosition' | 'epoch'>): void {
    if (firstEntry !== this.#nextEntry) throw new Error('these books have gone on since the working copy was made');
    this.#firstEntries.push(firstEntry);
    this.absorb(draft);
    this.#sourcePosition = BigInt(sourcePosition);
    this.#epoch = epoch;
    this.#forget();
  }

  /** What a working copy has more than these books becomes theirs; nothing may be done with the copy after that. @throws Error when it is not of these */
  absorb(draft: Books): void {
    if (draft.base !== this) throw new Error('the working copy is not one of these books');
    for (const [code, book] of draft.#currencies) this.currency(code).adopt(book);
    for (const [account, status] of draft.#statuses) this.#statuses.set(account, status);
    for (const [account, details] of draft.#details) this.#details.set(account, details);
    for (const [holdId, hold] of draft.#holds) this.#holds.set(holdId, hold);
    for (const { holdId, atMs } of draft.#expiries.due(Infinity)) this.#expiries.add(holdId, atMs);
    for (const holdId of draft.#endedHolds) this.#endedHolds.add(holdId);
    for (const [entry, correction] of draft.#corrections) this.#corrections.set(entry, correction);
    for (const [commandId, outcome] of draft.#outcomes) this.#outcomes.set(commandId, outcome);
    this.#nextEntry = draft.#nextEntry;
  }

  currency(code: string): CurrencyBook {
    const own = this.#currencies.get(code);
    if (own) return own;
    const book = new CurrencyBook(this.base?.currency(code));
    this.#currencies.set(code, book);
    return book;
  }

  balance(account: string, currency: string): Balance {
    return this.currency(currency).balance(account);
  }

  limits(account: string, currency: string): Limits {
    return this.currency(currency).limits(account);
  }

  status(account: string): AccountStatus {
    const known = this.#status(account);
    if (known) return known;
    if (isImplicit(account)) return 'open';
    const party = partyBehind(account);
    return party && this.#status(party) ? 'open' : 'unknown';
  }

  /** What was said of the account when it was opened; `undefined` where nothing was. */
  details(account: string): AccountDetails | undefined {
    return this.#details.get(account) ?? this.base?.details(account);
  }

  /** True where commands may move this currency in the account. */
  takes(account: string, currency: string): boolean {
    return this.details(account)?.currencies?.includes(currency) ?? true;
  }

  hold(holdId: string): Hold | undefined {
    return this.#holds.get(holdId) ?? this.base?.hold(holdId);
  }

  outcome(commandId: string): RememberedOutcome | undefined {
    return this.#outcomes.get(commandId) ?? this.base?.outcome(commandId);
  }

  /** Whether a later entry has undone or corrected this one. */
  correction(entry: number): 'reversed' | 'corrected' | undefined {
    return this.#corrections.get(entry) ?? this.base?.correction(entry);
  }

  /** True when the account has neither money nor a reservation, in any currency but those named. */
  isEmpty(account: string, except: readonly string[] = []): boolean {
    for (const code of this.#currencyCodes()) {
      const { posted, held } = this.balance(account, code);
      if ((posted !== 0n || held !== 0n) && !except.includes(code)) return false;
    }
    return true;
  }

  /** Revision of the journal event that holds an entry. */
  revisionOf(entry: number): number | undefined {
    if (entry < 0 || entry >= this.#nextEntry) return undefined;
    let low = 0;
    let high = this.#firstEntries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firstEntries[middle] ?? Infinity) <= entry) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Placed holds that expire at or before this time, at most `limit` of them. */
  dueHolds(nowMs: number, limit: number): Hold[] {
    // One whose id was used before, by a hold long forgotten, may be found twice.
    const due = new Set<Hold>();
    for (const expiry of (this.base ?? this).#expiries.due(nowMs)) {
      const hold = this.#expiring(expiry);
      if (hold) due.add(hold);
      if (due.size >= limit) break;
    }
    return [...due];
  }

  /** When the next placed hold expires, in milliseconds since 1970. */
  get nextExpiryMs(): number | undefined {
    return this.#expiries.earliest?.atMs;
  }

  /** The currencies and balances that were ever touched. */
  *balances(): Generator<{ currency: string; account: string; balance: Balance }> {
    for (const [currency, book] of this.#currencies) for (const [account, balance] of book.balances()) yield { currency, account, balance };
  }

  /** @returns the entry's number */
  post(entry: JournalEntry): number {
    const netted = isNetted(entry);
    for (const { from, to, amountMinor, currency } of entry.transfers) {
      const book = this.currency(currency);
      const amount = BigInt(amountMinor);
      book.post(from, -amount, netted);
      book.post(to, amount, netted);
    }
    if (entry.corrects !== undefined) this.#corrections.set(entry.corrects, entry.kind === 'ReverseEntry' ? 'reversed' : 'corrected');
    this.#nextEntry += 1;
    return this.#nextEntry - 1;
  }

  changeHold(change: HoldChange): void {
    if (change.change === 'placed') {
      const { holdId, currency, reservations, purpose, ref, expiresAt } = change;
      this.#holds.set(holdId, { holdId, currency, reservations, purpose, ref, ...(expiresAt && { expiresAt }), status: 'placed' });
      this.#reserve(change, 1n);
      if (expiresAt) this.#expiries.add(holdId, Date.parse(expiresAt));
      return;
    }
    const hold = this.hold(change.holdId);
    if (hold?.status !== 'placed') throw new Error(`hold ${change.holdId} is not placed: it cannot be ${change.change}`);
    this.#holds.set(hold.holdId, { ...hold, status: change.change });
    this.#reserve(hold, -1n);
    this.#endedHolds.add(hold.holdId);
  }

  setLimits(change: LimitChange): void {
    this.currency(change.currency).setLimits(change);
  }

  changeAccount({ account, change, currencies, metadata }: AccountChange): void {
    this.#statuses.set(account, change === 'opened' || change === 'unfrozen' ? 'open' : change);
    if (currencies || metadata) this.#details.set(account, { ...(currencies && { currencies }), ...(metadata && { metadata }) });
  }

  settle({ party, currency, netMinor }: SettledNet): void {
    this.currency(currency).settle(party, BigInt(netMinor));
  }

  remember(outcome: CommandOutcome): void {
    this.#outcomes.set(outcome.commandId, { ...outcome, balances: undefined });
  }

  /** All that is held in memory, for books.snapshot.ts. Expiries are those of the placed holds. */
  get parts(): BooksParts {
    return {
      currencies: this.#currencies,
      statuses: this.#statuses,
      details: this.#details,
      holds: this.#holds,
      endedHolds: this.#endedHolds,
      outcomes: this.#outcomes,
      corrections: this.#corrections,
      firstEntries: this.#firstEntries,
      expiries: this.#expiries,
    };
  }

  /** The parts are those of other books: goes on where those were. */
  goOn({ nextEntry, sourcePosition, epoch }: Pick<Books, 'nextEntry' | 'sourcePosition' | 'epoch'>): void {
    this.#nextEntry = nextEntry;
    this.#sourcePosition = sourcePosition;
    this.#epoch = epoch;
  }

  #reserve({ currency, reservations, purpose }: Pick<Hold, 'currency' | 'reservations' | 'purpose'>, sign: bigint): void {
    const book = this.currency(currency);
    for (const { account, amountMinor } of reservations) book.hold(account, sign * BigInt(amountMinor), purpose === 'payout');
  }

  #status(account: string): AccountStatus | undefined {
    return this.#statuses.get(account) ?? (this.base ? this.base.#status(account) : undefined);
  }

  #currencyCodes(): Set<string> {
    return new Set([...this.#currencies.keys(), ...(this.base ? this.base.#currencyCodes() : [])]);
  }

  /** The oldest of what is only remembered for repetitions, and expiries of holds that have ended; the same for whoever folds the journal. */
  #forget(): void {
    for (const holdId of this.#endedHolds) {
      if (this.#endedHolds.size <= this.memory.endedHolds) break;
      this.#endedHolds.delete(holdId);
      this.#holds.delete(holdId);
    }
    for (const commandId of this.#outcomes.keys()) {
      if (this.#outcomes.size <= this.memory.outcomes) break;
      this.#outcomes.delete(commandId);
    }
    for (let next = this.#expiries.earliest; next && !this.#expiring(next); next = this.#expiries.earliest) this.#expiries.removeEarliest();
  }

  /** The hold that this expiry is of, unless it has ended. */
  #expiring({ holdId, atMs }: Expiry): Hold | undefined {
    const hold = this.hold(holdId);
    return hold?.status === 'placed' && hold.expiresAt && Date.parse(hold.expiresAt) === atMs ? hold : undefined;
  }
}
