import type { AmountMinor, Count, CurrencyCode, HubId, Minor, PaymentId, ProviderName, Timestamp } from '../values.js';

/** Facts of a `reconciliation-bank_<name>` stream: the lines of our bank statements, in their order. Written by settlement; folded by ledger. */
export interface BankLineRecorded {
  type: 'BankLineRecorded';
  bank: string;
  lineId: string;
  /** Running number of the line in the bank's statement. */
  sequence: Count;
  /** Positive: came in; negative: went out. */
  amountMinor: Minor;
  currency: CurrencyCode;
  reference: string;
  match: BankLineMatch;
  bookedAt: Timestamp;
}

export type ReconciliationEvent = BankLineRecorded | ProviderFeeBilled | ProviderFeeReturned;

interface ProviderBillLine {
  provider: ProviderName;
  billId: string;
  /** Names the line in the bill. */
  lineId: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** Absent where the provider bills it for no one payment. */
  paymentId?: PaymentId;
  billedAt: Timestamp;
}

/** On `reconciliation-<provider>`: what the provider kept for its work, by its bill. hub:provider-fees to provider. */
export interface ProviderFeeBilled extends ProviderBillLine {
  type: 'ProviderFeeBilled';
}

/** On `reconciliation-<provider>`: what it gave back of its fee, on a refund. Provider to hub:provider-fees. */
export interface ProviderFeeReturned extends ProviderBillLine {
  type: 'ProviderFeeReturned';
}

/**
 * `payout`: posted by the payout's own fact, the line moves nothing more. `provider_payout`: bank to provider. `bank_fee`: hub:bank-fees to bank.
 * `unmatched`: bank to hub:suspense (money in), hub:suspense to bank (money out), until an operator explains it.
 */
export type BankLineMatch =
  | { kind: 'payout'; payoutId: HubId }
  | { kind: 'provider_payout'; provider: ProviderName }
  | { kind: 'bank_fee' }
  | { kind: 'unmatched'; reason: string };
