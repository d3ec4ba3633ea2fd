import type { AmountMinor, Count, Id, Timestamp } from '../values.js';

/** Facts of an `agreement-<agreementId>` stream. Written by payment. */
export interface AgreementVersionRegistered {
  type: 'AgreementVersionRegistered';
  agreementId: Id;
  version: Count;
  name: string;
  /** From this time on, until the next version's. */
  validFrom: Timestamp;
  rules: SplitRule[];
  registeredAt: Timestamp;
}

export type AgreementEvent = AgreementVersionRegistered;

export type SplitRole = 'seller' | 'owner' | 'creator' | 'processor' | 'referrer' | 'hub';

/** Moves money from one role of a payment to another. */
export interface SplitRule {
  from: SplitRole;
  to: SplitRole;
  kind: string;
  /** `gross`: of the items' price; `left`: of what `from` has left of this payment, never under 0. */
  basis: 'gross' | 'left';
  /** 10,000 = the whole. */
  rateBasisPoints: Count;
  fixedMinor?: AmountMinor;
  minimumMinor?: AmountMinor;
  maximumMinor?: AmountMinor;
  refundable: boolean;
}
