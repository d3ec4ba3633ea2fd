/** Facts of a `settlement-<settlementId>` stream. Written by settlement; SettlementSettled is folded by ledger. */
export type SettlementEvent =
  | SettlementRequested
  | SettlementCalculated
  | SettlementMismatched
  | SettlementVerified
  | SettlementApproved
  | SettlementAborted
  | SettlementPaying
  | SettlementSettled
  | PaymentSidesSettled
  | PaymentsMarked;

export interface SettlementRequested {
  type: 'SettlementRequested';
  settlementId: string;
  model: string;
  currency: string;
  windowIds: string[];
  requestedBy: string;
  requestedAt: string;
}

/** Payable of a party = carried in + net; the parts make it. Positive: the hub owes the party. */
export interface PartySettlement {
  party: string;
  carriedInMinor: number;
  netMinor: number;
  payableMinor: number;
  /** What is done with the payable. */
  action: 'pay_out' | 'collect' | 'carry' | 'none';
  carriedOutMinor: number;
  /** Sides of transfers in the net. */
  sides: number;
}

export interface SettlementCalculated {
  type: 'SettlementCalculated';
  settlementId: string;
  model: string;
  currency: string;
  windowIds: string[];
  /** Log position of the last WindowClosed; decimal. */
  cutOff: string;
  parties: PartySettlement[];
  /** Bilateral view, transfers between platforms only. */
  obligations: { debtor: string; creditor: string; amountMinor: number }[];
  facts: number;
  calculatedAt: string;
}

export interface SettlementMismatched {
  type: 'SettlementMismatched';
  settlementId: string;
  currency: string;
  differences: { party: string; netMinor: number; ledgerMinor: number; sides: number; ledgerSides: number }[];
}

export interface SettlementVerified {
  type: 'SettlementVerified';
  settlementId: string;
  currency: string;
  journalRevision: number;
}

export interface SettlementApproved {
  type: 'SettlementApproved';
  settlementId: string;
  currency: string;
  /** `automatic` below the model's limit. */
  by: string;
}

export interface SettlementAborted {
  type: 'SettlementAborted';
  settlementId: string;
  model: string;
  currency: string;
  by: string;
  reason: string;
}

/** The first instruction goes out after this: no abort from here on. */
export interface SettlementPaying {
  type: 'SettlementPaying';
  settlementId: string;
  currency: string;
}

export interface SettlementSettled {
  type: 'SettlementSettled';
  settlementId: string;
  model: string;
  currency: string;
  windowIds: string[];
  /** What each party's net since its last settlement falls by (its net in the settled windows). */
  parties: { party: string; netMinor: number }[];
  settledAt: string;
}

/** One slice of the payments that a settlement settled a side of, in log order; `throughPosition` is where the next slice goes on. */
export interface PaymentSidesSettled {
  type: 'PaymentSidesSettled';
  settlementId: string;
  windowId: string;
  throughPosition: string;
  payments: { paymentId: string; sides: { party: string; netMinor: number }[] }[];
}

/** All slices of all windows of the settlement are out. */
export interface PaymentsMarked {
  type: 'PaymentsMarked';
  settlementId: string;
  payments: number;
}
