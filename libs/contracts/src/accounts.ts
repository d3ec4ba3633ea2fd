/**
 * Names of accounts. A balance is credits minus debits: positive means that the hub owes it, negative that it is there for the hub.
 * A party (who has a position) is named by its account: `platform:<id>`, `creator:<id>`; the hub's own accounts begin with `hub:`.
 */
export const account = {
  provider: (name: string) => `provider:${name}`,
  bank: (name: string) => `bank:${name}`,
  platform: (id: string) => `platform:${id}`,
  creator: (id: string) => `creator:${id}`,
  wallet: (userId: string) => `user:${userId}:wallet`,
  transit: (payoutId: string) => `transit:${payoutId}`,
  liquidity: (party: string) => `liquidity:${party}`,
  reserve: (party: string) => `reserve:${party}`,
  dispute: (disputeId: string) => `dispute:${disputeId}`,
  fees: 'hub:fees',
  providerFees: 'hub:provider-fees',
  bankFees: 'hub:bank-fees',
  fx: 'hub:fx',
  losses: 'hub:losses',
  suspense: 'hub:suspense',
} as const;

/** `platform:<id>` or `creator:<id>`: who has a position and is settled. */
export type Party = `platform:${string}` | `creator:${string}`;

const id = '[A-Za-z0-9][A-Za-z0-9_.-]{0,63}';
const party = `(?:platform|creator):${id}`;

/** How a party is named, in whole. */
export const partyPattern = new RegExp(`^${party}$`);

/** How a user's wallet is named, in whole. */
export const walletPattern = new RegExp(`^user:${id}:wallet$`);

/**
 * How an account is named, in whole. Below the name of a party there is nothing; what is prefunded or withheld is `liquidity:` or `reserve:` and the party. Whoever
 * takes a name from outside checks it: facts and publications that name an account keep to this.
 */
export const accountPattern = new RegExp(
  `^(?:(?:liquidity:|reserve:)?${party}|(?!(?:platform|creator|liquidity|reserve):)[a-z]+(?::[A-Za-z0-9_.-]+){1,2})$`,
);

/** True for the accounts that settlement windows net: platforms and creators. Providers, banks, wallets and the hub have no window. */
export const isParty = (name: string): name is Party => name.startsWith('platform:') || name.startsWith('creator:');

/**
 * True where the money of others lies at the hub: parties, wallets, liquidity, payouts on their way, and what is withheld from parties as a reserve or
 * until a dispute ends. It must be covered by cash.
 */
export const isClientMoney = (name: string): boolean => clientPrefixes.some((prefix) => name.startsWith(prefix));

const clientPrefixes = ['platform:', 'creator:', 'user:', 'liquidity:', 'transit:', 'reserve:', 'dispute:'] as const;

/** True where money is, at a provider or a bank. */
export const isCash = (name: string): boolean => name.startsWith('provider:') || name.startsWith('bank:');
