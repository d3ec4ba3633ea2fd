import type { AmountMinor, Count, CurrencyCode, HubId, LogPosition, Minor, PartyName, PaymentId, Timestamp } from '../values.js';

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
  settlementId: HubId;
  model: string;
  currency: CurrencyCode;
  windowIds: HubId[];
  requestedBy: string;
  requestedAt: Timestamp;
}

/** Payable of a party = carried in + net; the parts make it. Positive: the hub owes the party. */
export interface PartySettlement {
  party: PartyName;
  carriedInMinor: Minor;
  netMinor: Minor;
  payableMinor: Minor;
  /** What is done with the payable. */
  action: 'pay_out' | 'collect' | 'carry' | 'none';
  carriedOutMinor: Minor;
  /** Sides of transfers in the net. */
  sides: Count;
}

export interface SettlementCalculated {
  type: 'SettlementCalculated';
  settlementId: HubId;
  model: string;
  currency: CurrencyCode;
  windowIds: HubId[];
  /** Log position of the last WindowClosed; decimal. */
  cutOff: LogPosition;
  parties: PartySettlement[];
  /** Bilateral view, transfers between platforms only. */
  obligations: { debtor: PartyName; creditor: PartyName; amountMinor: AmountMinor }[];
  facts: Count;
  calculatedAt: Timestamp;
}

export interface SettlementMismatched {
  type: 'SettlementMismatched';
  settlementId: HubId;
  currency: CurrencyCode;
  differences: { party: PartyName; netMinor: Minor; ledgerMinor: Minor; sides: Count; ledgerSides: Count }[];
}

export interface SettlementVerified {
  type: 'SettlementVerified';
  settlementId: HubId;
  currency: CurrencyCode;
  journalRevision: Count;
}

export interface SettlementApproved {
  type: 'SettlementApproved';
  settlementId: HubId;
  currency: CurrencyCode;
  /** `automatic` below the model's limit. */
  by: string;
}

export interface SettlementAborted {
  type: 'SettlementAborted';
  settlementId: HubId;
  model: string;
  currency: CurrencyCode;
  by: string;
  reason: string;
}

/** The first instruction goes out after this: no abort from here on. */
export interface SettlementPaying {
  type: 'SettlementPaying';
  settlementId: HubId;
  currency: CurrencyCode;
}

export interface SettlementSettled {
  type: 'SettlementSettled';
  settlementId: HubId;
  model: string;
  currency: CurrencyCode;
  windowIds: HubId[];
  /** What each party's net since its last settlement falls by (its net in the settled windows). */
  parties: { party: PartyName; netMinor: Minor }[];
  settledAt: Timestamp;
}

/** One slice of the payments that a settlement settled a side of, in log order; `throughPosition` is where the next slice goes on. */
export interface PaymentSidesSettled {
  type: 'PaymentSidesSettled';
  settlementId: HubId;
  windowId: HubId;
  throughPosition: LogPosition;
  payments: { paymentId: PaymentId; sides: { party: PartyName; netMinor: Minor }[] }[];
}

/** All slices of all windows of the settlement are out. */
export interface PaymentsMarked {
  type: 'PaymentsMarked';
  settlementId: HubId;
  payments: Count;
}
