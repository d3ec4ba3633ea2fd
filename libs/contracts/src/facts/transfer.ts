import type { AccountName, AmountMinor } from '../values.js';

/** Debits `from`, credits `to`. Amounts are positive integers of minor units. */
export interface Transfer {
  from: AccountName;
  to: AccountName;
  amountMinor: AmountMinor;
  /** `purchase`, `platform-service-fee`, …: what an agreement's rule calls it. */
  kind: string;
}

/** A transfer of a payment's split. */
export interface SplitTransfer extends Transfer {
  /** Reversed in proportion when the payment is refunded. */
  refundable: boolean;
  /** Collected by the platform's own merchant account: counts for bases and statements, is not posted and not netted. */
  external?: true;
}
