import { isNetted, isParty, type EntriesPosted, type HoldChange, type JournalEntry, type LimitChange } from '@tongbao/contracts';

/** What the journal comes to for one account in one currency. */
export interface AccountState {
  readonly account: string;
  readonly currency: string;
  posted: bigint;
  held: bigint;
  payoutHeld: bigint;
  debited: bigint;
  /** Of a party: since its last settlement. */
  net: bigint;
  limits: LimitChange | undefined;
  /** How many entries have moved it. */
  entries: number;
  /** Of the journal event that touched it last. */
  revision: number;
  changedAt: string;
}

type Placed = Extract<HoldChange, { change: 'placed' }>;

/** The books added up once more, from the journal alone and by nothing of the ledger's own code. */
export class AccountsFold {
  readonly #accounts = new Map<string, AccountState>();
  readonly #statuses = new Map<string, 'open' | 'frozen' | 'closed'>();
  readonly #holds = new Map<string, Placed>();
  /** Of the newest event, but never before that of an earlier one. */
  #at = '';
  #revision = -1;

  /** Of the last event that was applied; -1 before the first. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#accounts.size;
  }

  all(): IterableIterator<AccountState> {
    return this.#accounts.values();
  }

  get(account: string, currency: string): AccountState | undefined {
    return this.#accounts.get(keyOf(account, currency));
  }

  /** Undefined where no journal event has said anything of it. */
  statusOf(account: string): string | undefined {
    return this.#statuses.get(account);
  }

  /** Of all accounts together, by currency. */
  sums(): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const { currency, posted } of this.#accounts.values()) sums.set(currency, (sums.get(currency) ?? 0n) + posted);
    return sums;
  }

  /** @param onUnknownHold is told of holds that end and were never placed */
  apply(event: EntriesPosted, revision: number, onUnknownHold: (holdId: string) => void): void {
    this.#revision = revision;
    if (event.postedAt > this.#at) this.#at = event.postedAt;
    for (const entry of event.entries) this.#post(entry);
    for (const change of event.holds) this.#hold(change, onUnknownHold);
    for (const { party, currency, netMinor } of event.settled ?? []) this.#touched(party, currency).net -= BigInt(netMinor);
    for (const change of event.limits) this.#touched(change.account, change.currency).limits = change;
    for (const { account, change } of event.accounts)
      this.#statuses.set(account, change === 'opened' || change === 'unfrozen' ? 'open' : change);
  }

  #post(entry: JournalEntry): void {
    const netted = isNetted(entry);
    const moved = new Set<AccountState>();
    for (const { from, to, amountMinor, currency } of entry.transfers) {
      const amount = BigInt(amountMinor);
      const payer = this.#touched(from, currency);
      const payee = this.#touched(to, currency);
      payer.posted -= amount;
      payer.debited += amount;
      payee.posted += amount;
      if (netted && isParty(from)) payer.net -= amount;
      if (netted && isParty(to)) payee.net += amount;
      moved.add(payer).add(payee);
    }
    for (const state of moved) state.entries += 1;
  }

  #hold(change: HoldChange, onUnknownHold: (holdId: string) => void): void {
    if (change.change === 'placed') {
      this.#holds.set(change.holdId, change);
      this.#reserve(change, 1n);
      return;
    }
    const placed = this.#holds.get(change.holdId);
    if (!placed) {
      onUnknownHold(change.holdId);
      return;
    }
    this.#holds.delete(change.holdId);
    this.#reserve(placed, -1n);
  }

  #reserve({ reservations, currency, purpose }: Placed, sign: 1n | -1n): void {
    for (const { account, amountMinor } of reservations) {
      const state = this.#touched(account, currency);
      state.held += sign * BigInt(amountMinor);
      if (purpose === 'payout') state.payoutHeld += sign * BigInt(amountMinor);
    }
  }

  #touched(account: string, currency: string): AccountState {
    const key = keyOf(account, currency);
    const state = this.#accounts.get(key) ?? untouched(account, currency);
    this.#accounts.set(key, state);
    state.revision = this.#revision;
    state.changedAt = this.#at;
    return state;
  }
}

const keyOf = (account: string, currency: string): string => `${currency} ${account}`;

const untouched = (account: string, currency: string): AccountState => ({
  ...{ account, currency, posted: 0n, held: 0n, payoutHeld: 0n, debited: 0n, net: 0n },
  limits: undefined,
  ...{ entries: 0, revision: 0, changedAt: '' },
});
