import { isCash, isClientMoney } from '@tongbao/contracts';

/** One kind of accounts. */
export interface ChartRow {
  /** How their names begin. */
  prefix: string;
  /** `itself`: nobody opens it; `party`: with the party that the rest of its name is; `opened`: by a registration or by a command. */
  exists: 'itself' | 'party' | 'opened';
  what: string;
}

/** The chart of accounts. Anything else may be opened by a command, and is of no party. */
export const chart: readonly ChartRow[] = [
  { prefix: 'provider:', exists: 'itself', what: 'money at a payment provider' },
  { prefix: 'bank:', exists: 'itself', what: 'money at a bank' },
  { prefix: 'platform:', exists: 'opened', what: 'the position of a platform' },
  { prefix: 'creator:', exists: 'opened', what: 'the position of a creator' },
  { prefix: 'liquidity:', exists: 'party', what: 'prefunded money of a party' },
  { prefix: 'reserve:', exists: 'party', what: 'withheld from a party for a time' },
  { prefix: 'dispute:', exists: 'itself', what: 'withheld until a dispute ends' },
  { prefix: 'user:', exists: 'itself', what: 'the wallet of a user' },
  { prefix: 'transit:', exists: 'itself', what: 'instructed to the bank, not confirmed' },
  { prefix: 'hub:', exists: 'itself', what: "the hub's own: fees, costs, losses, exchange, suspense" },
];

const implicitPrefixes = chart.filter(({ exists }) => exists === 'itself').map(({ prefix }) => prefix);
const partyPrefixes = chart.filter(({ exists }) => exists === 'party').map(({ prefix }) => prefix);

/** True for an account that exists without having been opened. */
export const isImplicit = (account: string): boolean => implicitPrefixes.some((prefix) => account.startsWith(prefix));

/** `liquidity:<party>` and `reserve:<party>` exist with their party, whose name this gives. */
export function partyBehind(account: string): string | undefined {
  const prefix = partyPrefixes.find((each) => account.startsWith(each));
  return prefix && account.slice(prefix.length);
}

const liquidityPrefix = 'liquidity:';

/** Of prefunded money the party that has put it in; any other account itself. */
export const funderOf = (account: string): string =>
  account.startsWith(liquidityPrefix) ? account.slice(liquidityPrefix.length) : account;

/** A wallet and prefunded liquidity may not be overdrawn by a command where no limit is set. */
export const isPrefunded = (account: string): boolean => account.startsWith('user:') || account.startsWith(liquidityPrefix);

export type MoneyClass = 'cash' | 'client' | 'other';

/** What a balance counts as when it is asked whether clients' money is covered. */
export const moneyClassOf = (account: string): MoneyClass => (isCash(account) ? 'cash' : isClientMoney(account) ? 'client' : 'other');
