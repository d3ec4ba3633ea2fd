import type { BankLineMatch, Party } from '@tongbao/contracts';
import type { LineCommand, LineRefusal } from './bank-line.claim.js';
import type { StatementLine } from './bank.js';
import { depositorOf } from './liquidity.js';

/** What a statement line claims to be; whether a claim about a payout or withdrawal holds is decided on that one's own stream. */
export type LineClaim =
  { kind: 'order'; key: string; command: LineCommand } | { kind: 'deposit'; party: Party } | { kind: 'settled'; match: BankLineMatch };

/** Why a line is of no deposit though it says so. */
type DepositTrouble = 'deposit_party_unknown' | 'deposit_account_differs';

/**
 * Reads a line: the key of a payout or withdrawal comes first, then a provider's payout, then the bank's own charge, then a party's prefunded money. What is none of these
 * waits in suspense.
 */
export function claimOf(line: StatementLine): LineClaim {
  const { key, provider, lineId, amountMinor, currency, accountNumber } = line;
  if (key !== undefined) {
    const type = line.isReturn ? 'RecordReturn' : 'RecordConfirmation';
    return { kind: 'order', key, command: { type, line: { lineId, amountMinor, currency, accountNumber } } };
  }
  if (provider !== undefined && amountMinor > 0) return { kind: 'settled', match: { kind: 'provider_payout', provider } };
  if (line.isFee && amountMinor < 0) return { kind: 'settled', match: { kind: 'bank_fee' } };
  const party = amountMinor > 0 && !line.isReturn ? depositorOf(line.reference) : undefined;
  return party ? { kind: 'deposit', party } : { kind: 'settled', match: unmatched('unknown_reference') };
}

export const unmatched = (reason: LineRefusal | DepositTrouble | 'not_found' | 'unknown_reference'): BankLineMatch => ({
  kind: 'unmatched',
  reason,
});
