import { isClientMoney, isNetted, isParty, type JournalEntry, type LimitChange, type SettledNet } from '@tongbao/contracts';
import type { Rows } from '@tongbao/read-model';
import type { AccountHistoryRow, AccountRow, HoldRow, QuarterHourRow, TotalHistoryRow, TotalRow } from './ledger.tables.js';

/** A journal event as the rows it leaves name it. */
export interface Moment {
  revision: number;
  /** Never before that of an earlier event. */
  at: string;
}

/** What an event does to one account in one currency. */
interface Movement {
  account: string;
  currency: string;
  delta: bigint;
  debited: bigint;
  held: bigint;
  payoutHeld: bigint;
  net: bigint;
  entries: number[];
  limits?: LimitChange;
}

/** What the rows of accounts add up to, by kind and currency. */
type Sums = Pick<TotalRow, 'accounts' | 'postedMinor' | 'heldMinor' | 'creditMinor' | 'clientMoneyMinor'>;

const quarterHourMs = 15 * 60_000;

export const quarterHourOf = (at: string): number => Math.floor(Date.parse(at) / quarterHourMs);

/** The first part of an account's name, with its colon: the kind that it is counted under. */
export const kindOf = (account: string): string => account.slice(0, account.indexOf(':') + 1);

/** The name without its last part. */
const parentOf = (account: string): string => account.slice(0, account.lastIndexOf(':') + 1);

/** What one event does to accounts. */
export class Movements {
  readonly #byKey = new Map<string, Movement>();

  entry(entry: JournalEntry, number: number): void {
    const netted = isNetted(entry);
    for (const { from, to, amountMinor, currency } of entry.transfers) {
      const amount = BigInt(amountMinor);
      const payer = this.#of(from, currency);
      payer.debited += amount;
      for (const [account, delta] of [[from, -amount] as const, [to, amount] as const]) {
        const movement = this.#of(account, currency);
        movement.delta += delta;
        if (netted && isParty(account)) movement.net += delta;
        if (movement.entries.at(-1) !== number) movement.entries.push(number);
      }
    }
  }

  /** @param sign 1 where it is placed, -1 where it is ended */
  hold({ currency, reservations, purpose }: Pick<HoldRow, 'currency' | 'reservations' | 'purpose'>, sign: 1n | -1n): void {
    for (const { account, amountMinor } of reservations) {
      const movement = this.#of(account, currency);
      movement.held += sign * BigInt(amountMinor);
      if (purpose === 'payout') movement.payoutHeld += sign * BigInt(amountMinor);
    }
  }

  settled({ party, currency, netMinor }: SettledNet): void {
    this.#of(party, currency).net -= BigInt(netMinor);
  }

  limits(change: LimitChange): void {
    this.#of(change.account, change.currency).limits = change;
  }

  /** The rows of accounts, their history, and what they add up to. */
  async store(rows: Rows, moment: Moment): Promise<void> {
    const totals = new Totals();
    for (const movement of this.#byKey.values()) {
      const { account, currency } = movement;
      const before = await rows.get<AccountRow>('accounts', [account, currency]);
      const after = movedBy(movement, before, moment);
      rows.put('accounts', after);
      totals.changed(before, after);
      const isMoved = movement.entries.length > 0 || movement.held !== 0n;
      if (isMoved || !before) putHistory(rows, after, movement.entries, moment);
      if (movement.entries.length > 0) await putQuarterHour(rows, after, moment.at);
    }
    await totals.store(rows, moment.revision);
  }

  #of(account: string, currency: string): Movement {
    const key = `${currency} ${account}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const movement: Movement = { account, currency, delta: 0n, debited: 0n, held: 0n, payoutHeld: 0n, net: 0n, entries: [] };
    this.#byKey.set(key, movement);
    return movement;
  }
}

const untouched = {
  postedMinor: 0n,
  heldMinor: 0n,
  debitedMinor: 0n,
  payoutHeldMinor: 0n,
  netMinor: 0n,
  minimumBalanceMinor: null,
  netDebitCapMinor: null,
  entries: 0,
};

function movedBy(movement: Movement, before: AccountRow | undefined, { revision, at }: Moment): AccountRow {
  const { account, currency, limits } = movement;
  const row = before ?? { ...untouched, account, currency, parent: parentOf(account) };
  return {
    ...row,
    postedMinor: row.postedMinor + movement.delta,
    heldMinor: row.heldMinor + movement.held,
    debitedMinor: row.debitedMinor + movement.debited,
    payoutHeldMinor: row.payoutHeldMinor + movement.payoutHeld,
    netMinor: row.netMinor + movement.net,
    entries: row.entries + movement.entries.length,
    ...(limits && { minimumBalanceMinor: asMinor(limits.minimumBalanceMinor), netDebitCapMinor: asMinor(limits.netDebitCapMinor) }),
    revision,
    changedAt: at,
  };
}

const asMinor = (amount: number | undefined): bigint | null => (amount === undefined ? null : BigInt(amount));

function putHistory(rows: Rows, row: AccountRow, entries: number[], { revision, at }: Moment): void {
  const { account, currency, postedMinor, heldMinor, debitedMinor } = row;
  rows.put('accountHistory', {
    ...{ account, currency, revision, postedMinor, heldMinor, debitedMinor, entries, at },
  } satisfies AccountHistoryRow);
}

async function putQuarterHour(rows: Rows, { account, currency, postedMinor }: AccountRow, at: string): Promise<void> {
  const quarter = quarterHourOf(at);
  const known = await rows.get<QuarterHourRow>('quarterHours', [account, currency, quarter]);
  if (known && postedMinor >= known.lowMinor && postedMinor <= known.highMinor) return;
  const lowMinor = known && known.lowMinor < postedMinor ? known.lowMinor : postedMinor;
  const highMinor = known && known.highMinor > postedMinor ? known.highMinor : postedMinor;
  rows.put('quarterHours', { account, currency, quarter, lowMinor, highMinor } satisfies QuarterHourRow);
}

/** What one event does to the totals of the kinds of accounts. */
class Totals {
  readonly #byKey = new Map<string, Sums & { prefix: string; currency: string }>();

  changed(before: AccountRow | undefined, after: AccountRow): void {
    const { account, currency } = after;
    const prefix = kindOf(account);
    const key = `${currency} ${prefix}`;
    const sums = this.#byKey.get(key) ?? { prefix, currency, ...nothing };
    this.#byKey.set(key, sums);
    if (before) add(sums, before, -1n);
    add(sums, after, 1n);
    if (!before) sums.accounts += 1;
  }

  async store(rows: Rows, revision: number): Promise<void> {
    for (const { prefix, currency, ...change } of this.#byKey.values()) {
      const known = (await rows.get<TotalRow>('totals', [prefix, currency])) ?? nothing;
      const sums: TotalHistoryRow = {
        ...{ prefix, currency, revision },
        accounts: known.accounts + change.accounts,
        postedMinor: known.postedMinor + change.postedMinor,
        heldMinor: known.heldMinor + change.heldMinor,
        creditMinor: known.creditMinor + change.creditMinor,
        clientMoneyMinor: known.clientMoneyMinor + change.clientMoneyMinor,
      };
      rows.put('totals', sums satisfies TotalRow);
      rows.put('totalHistory', sums);
    }
  }
}

const nothing: Sums = { accounts: 0, postedMinor: 0n, heldMinor: 0n, creditMinor: 0n, clientMoneyMinor: 0n };

function add(sums: Sums, row: AccountRow, sign: 1n | -1n): void {
  sums.postedMinor += sign * row.postedMinor;
  sums.heldMinor += sign * row.heldMinor;
  if (row.postedMinor > 0n) sums.creditMinor += sign * row.postedMinor;
  sums.clientMoneyMinor += sign * clientMoneyOf(row);
}

/** What of a balance is the money of others: at least what is promised to payouts. */
function clientMoneyOf({ account, postedMinor, payoutHeldMinor }: AccountRow): bigint {
  const owed = isClientMoney(account) && postedMinor > 0n ? postedMinor : 0n;
  return owed > payoutHeldMinor ? owed : payoutHeldMinor;
}
