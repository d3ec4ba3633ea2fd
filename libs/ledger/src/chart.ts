import { isCash, isClientMoney } from '@tongbao/contracts';

/** Prefixes of accounts that need no opening: nobody registers a provider, a bank, a wallet or a payout with the ledger. */
const implicitPrefixes = ['provider:', 'bank:', 'transit:', 'user:', 'hub:', 'dispute:'] as const;

/** True for an account that exists without having been opened. */
export const isImplicit = (account: string): boolean => implicitPrefixes.some((prefix) => account.startsWith(prefix));

/** `liquidity:<party>` and `reserve:<party>` exist with their party, whose name this gives. */
export function partyBehind(account: string): string | undefined {
  const prefix = ['liquidity:', 'reserve:'].find((each) => account.startsWith(each));
  return prefix && account.slice(prefix.length);
}

/** A wallet may not be overdrawn, though nobody set it a limit. */
export const isWallet = (account: string): boolean => account.startsWith('user:');

export type MoneyClass = 'cash' | 'client' | 'other';

/** What a balance counts as when it is asked whether clients' money is covered. */
export const moneyClassOf = (account: string): MoneyClass => (isCash(account) ? 'cash' : isClientMoney(account) ? 'client' : 'other');
