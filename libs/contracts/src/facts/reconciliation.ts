/** Facts of a `reconciliation-bank_<name>` stream: the lines of our bank statements, in their order. Written by settlement; folded by ledger. */
export interface BankLineRecorded {
  type: 'BankLineRecorded';
  bank: string;
  lineId: string;
  /** Running number of the line in the bank's statement. */
  sequence: number;
  /** Positive: came in; negative: went out. */
  amountMinor: number;
  currency: string;
  reference: string;
  match: BankLineMatch;
  bookedAt: string;
}

export type ReconciliationEvent = BankLineRecorded;

/**
 * `payout`: posted by the payout's own fact, the line moves nothing more. `provider_payout`: bank to provider. `bank_fee`: hub:bank-fees to bank.
 * `unmatched`: bank to hub:suspense (money in), hub:suspense to bank (money out), until an operator explains it.
 */
export type BankLineMatch =
  | { kind: 'payout'; payoutId: string }
  | { kind: 'provider_payout'; provider: string }
  | { kind: 'bank_fee' }
  | { kind: 'unmatched'; reason: string };
