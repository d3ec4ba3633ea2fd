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
  fees: 'hub:fees',
  providerFees: 'hub:provider-fees',
  bankFees: 'hub:bank-fees',
  losses: 'hub:losses',
  suspense: 'hub:suspense',
} as const;

/** `platform:<id>` or `creator:<id>`: who has a position and is settled. */
export type Party = `platform:${string}` | `creator:${string}`;

/** True for the accounts that settlement windows net: platforms and creators. Providers, banks, wallets and the hub have no window. */
export const isParty = (name: string): name is Party => name.startsWith('platform:') || name.startsWith('creator:');

/** True where the money of others lies at the hub: parties, wallets, liquidity, and payouts on their way. It must be covered by cash. */
export const isClientMoney = (name: string): boolean =>
  isParty(name) || name.startsWith('user:') || name.startsWith('liquidity:') || name.startsWith('transit:');

/** True where money is, at a provider or a bank. */
export const isCash = (name: string): boolean => name.startsWith('provider:') || name.startsWith('bank:');
