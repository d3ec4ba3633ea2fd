import type { AmountMinor, CurrencyCode, HubId, PartyName } from '../values.js';

/**
 * Facts of a `deposit-<depositId>` stream: whose prefunded money it is that came in on a line which said so badly or not at all. The line waits in
 * hub:suspense until then. Written by settlement; LiquidityAssigned is folded by ledger.
 */
export type DepositEvent = LiquidityAssignmentProposed | LiquidityAssignmentRejected | LiquidityAssigned;

interface DepositReference {
  depositId: HubId;
  bank: string;
  lineId: string;
  party: PartyName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}

export interface LiquidityAssignmentProposed extends DepositReference {
  type: 'LiquidityAssignmentProposed';
  /** What an approval names. Absent from before approvals named it. */
  proposalId?: HubId;
  by: string;
  /** What says that the money is this party's. */
  note: string;
}

/** It may be proposed again, for this party or another. */
export interface LiquidityAssignmentRejected extends DepositReference {
  type: 'LiquidityAssignmentRejected';
  by: string;
  reason: string;
}

/** Another person has approved it. hub:suspense to `liquidity:<party>`. */
export interface LiquidityAssigned extends DepositReference {
  type: 'LiquidityAssigned';
  by: string;
}
