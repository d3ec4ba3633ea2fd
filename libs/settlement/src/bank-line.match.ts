import type { BankLineMatch } from '@tongbao/contracts';
import type { StatementLine } from './bank.js';
import type { PayoutLine, PayoutRefusal } from './payout.decide.js';

/** What a statement line claims to be; whether a claim about a payout holds is decided on the payout's own stream. */
export type LineClaim =
  | { kind: 'payout'; payoutId: string; command: 'RecordConfirmation' | 'RecordReturn'; line: PayoutLine }
  | { kind: 'settled'; match: BankLineMatch };

/** Reads a line: a payout's key comes first, then a provider's payout, then the bank's own charge. What is none of these waits in suspense. */
export function claimOf(line: StatementLine): LineClaim {
  const { key, provider, lineId, amountMinor, currency, accountNumber } = line;
  if (key !== undefined) {
    const command = line.isReturn ? 'RecordReturn' : 'RecordConfirmation';
    return { kind: 'payout', payoutId: key, command, line: { lineId, amountMinor, currency, accountNumber } };
  }
  if (provider !== undefined && amountMinor > 0) return { kind: 'settled', match: { kind: 'provider_payout', provider } };
  if (line.isFee && amountMinor < 0) return { kind: 'settled', match: { kind: 'bank_fee' } };
  return { kind: 'settled', match: unmatched('unknown_reference') };
}

export const unmatched = (reason: PayoutRefusal | 'unknown_reference'): BankLineMatch => ({ kind: 'unmatched', reason });
