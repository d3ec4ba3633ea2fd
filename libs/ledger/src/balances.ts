import { isParty, type LimitChange } from '@tongbao/contracts';
import { isPrefunded, moneyClassOf, type MoneyClass } from './chart.js';

/** One account in one currency, in minor units. Available = posted - held. */
export interface Balance {
  /** Credits minus debits. */
  readonly posted: bigint;
  /** Reserved by holds, payouts' included. */
  readonly held: bigint;
  /** The part of `held` that is promised to payouts. */
  readonly payoutHeld: bigint;
  /** Of a party: credits minus debits of payments and corrections since its last settlement. */
  readonly net: bigint;
}

/** How far an account may fall by commands; absent = no limit. */
export interface Limits {
  /** Of the available balance. */
  readonly minimumBalance?: bigint;
  /** Of the net since the last settlement, as a positive amount. */
  readonly netDebitCap?: bigint;
}

interface BalanceRecord extends Balance {
  posted: bigint;
  held: bigint;
  payoutHeld: bigint;
  net: bigint;
  readonly money: MoneyClass;
  readonly party: boolean;
}

const nothing: Balance = { posted: 0n, held: 0n, payoutHeld: 0n, net: 0n };
const noLimits: Limits = {};

/**
 * The balances of one currency, with the totals that tell whether clients' money is covered. Over a base it is a working copy: what is changed is
 * copied first, the base stays as it is.
 */
export class CurrencyBook {
  readonly #own = new Map<string, BalanceRecord>();
  readonly #limits = new Map<string, Limits>();
  #clientMoney: bigint;
  #cash: bigint;
  /** While these are frozen: what has been replaced since. */
  #before: Map<string, BalanceRecord | undefined> | undefined;

  constructor(private readonly base?: CurrencyBook) {
    this.#clientMoney = base?.clientMoney ?? 0n;
    this.#cash = base?.cash ?? 0n;
  }

  /** What the hub owes clients: their positive balances, and what is promised to payouts from whatever account. */
  get clientMoney(): bigint {
    return this.#clientMoney;
  }

  /** What is at providers and banks, as a positive amount. */
  get cash(): bigint {
    return this.#cash;
  }

  balance(account: string): Balance {
    return this.#find(account) ?? nothing;
  }

  limits(account: string): Limits {
    const own = this.#ownLimits(account) ?? noLimits;
    return own.minimumBalance === undefined && isPrefunded(account) ? { minimumBalance: 0n, ...own } : own;
  }

  setLimits(change: LimitChange): void {
    this.#limits.set(change.account, {
      ...(change.minimumBalanceMinor !== undefined && { minimumBalance: BigInt(change.minimumBalanceMinor) }),
      ...(change.netDebitCapMinor !== undefined && { netDebitCap: BigInt(change.netDebitCapMinor) }),
    });
  }

  /** Adds to the posted balance, and to the net of a party where the entry counts in nets. */
  post(account: string, amount: bigint, netted: boolean): void {
    const record = this.#forWrite(account);
    const before = owedToClients(record);
    record.posted += amount;
    if (netted && record.party) record.net += amount;
    if (record.money === 'cash') this.#cash -= amount;
    this.#clientMoney += owedToClients(record) - before;
  }

  /** Adds to what is held; a negative amount releases. */
  hold(account: string, amount: bigint, forPayout: boolean): void {
    const record = this.#forWrite(account);
    const before = owedToClients(record);
    record.held += amount;
    if (forPayout) record.payoutHeld += amount;
    this.#clientMoney += owedToClients(record) - before;
  }

  /** Takes out of a party's net what a settlement has paid. */
  settle(party: string, net: bigint): void {
    this.#forWrite(party).net -= net;
  }

  /** What a working copy of these has changed takes effect. */
  adopt(draft: CurrencyBook): void {
    for (const [account, record] of draft.#own) {
      if (this.#before && !this.#before.has(account)) this.#before.set(account, this.#own.get(account));
      this.#own.set(account, record);
    }
    for (const [account, limits] of draft.#limits) this.#limits.set(account, limits);
    this.#clientMoney = draft.#clientMoney;
    this.#cash = draft.#cash;
  }

  /** Balances as they are now, to be read in pieces while working copies are adopted. Until `thaw`; of two at a time only the later one counts. */
  freeze(): Iterable<[string, Balance]> {
    const before = (this.#before = new Map<string, BalanceRecord | undefined>());
    return asTheyWere(this.#own, before);
  }

  thaw(): void {
    this.#before = undefined;
  }

  /** A balance as `freeze` gave it. */
  restore(account: string, balance: Balance): void {
    const record = { ...balance, money: moneyClassOf(account), party: isParty(account) };
    this.#own.set(account, record);
    this.#clientMoney += owedToClients(record);
    if (record.money === 'cash') this.#cash -= record.posted;
  }

  restoreLimits(account: string, limits: Limits): void {
    this.#limits.set(account, limits);
  }

  /** Limits that were set. */
  limited(): ReadonlyMap<string, Limits> {
    return this.#limits;
  }

  /** All accounts that were ever touched, without a base's. */
  balances(): IterableIterator<[string, Balance]> {
    return this.#own.entries();
  }

  #find(account: string): BalanceRecord | undefined {
    return this.#own.get(account) ?? (this.base ? this.base.#find(account) : undefined);
  }

  #ownLimits(account: string): Limits | undefined {
    return this.#limits.get(account) ?? (this.base ? this.base.#ownLimits(account) : undefined);
  }

  #forWrite(account: string): BalanceRecord {
    const own = this.#own.get(account);
    if (own) return own;
    const known = this.#find(account);
    const record = known ? { ...known } : { ...nothing, money: moneyClassOf(account), party: isParty(account) };
    this.#own.set(account, record);
    return record;
  }
}

/** A map goes on to what is added while it is read; what is replaced before it is reached is kept in `before`. */
function* asTheyWere<T>(now: ReadonlyMap<string, T>, before: ReadonlyMap<string, T | undefined>): Generator<[string, T]> {
  for (const [key, value] of now) {
    const then = before.has(key) ? before.get(key) : value;
    if (then !== undefined) yield [key, then];
  }
}

/**
 * A client's positive balance. What is held for a payout counts as already on its way: of a client's own balance that changes nothing, of any other
 * account (a sweep of the hub's fees) it is promised money that must be covered too.
 */
function owedToClients({ money, posted, payoutHeld }: BalanceRecord): bigint {
  const own = money === 'client' && posted > 0n ? posted : 0n;
  return own > payoutHeld ? own : payoutHeld;
}
