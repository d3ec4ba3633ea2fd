import type { LockedRate } from './fx-quote.js';
import type { AmountMinor, Count, CurrencyCode, HubId, LogPosition, Minor, PartyName, PaymentId, Timestamp } from '../values.js';

/** Facts of a `settlement-<settlementId>` stream. Written by settlement; SettlementPartiesSettled and SettlementSettled are folded by ledger. */
export type SettlementEvent =
  | SettlementRequested
  | SettlementPartiesCalculated
  | SettlementCalculated
  | SettlementMismatched
  | SettlementComparisonAsked
  | SettlementVerified
  | FxRatesLocked
  | FxRatesAwaited
  | SettlementApproved
  | SettlementAborted
  | SettlementPaying
  | SettlementPartiesSettled
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

/**
 * Payable of a party = carried in + net - direct - withheld + released; a part that is left out is 0. Positive: the hub owes the party. Where there are
 * `legs`, each figure is that of the received one less that of the paid one.
 */
export interface PartySettlement {
  party: PartyName;
  carriedInMinor: Minor;
  netMinor: Minor;
  payableMinor: Minor;
  /** What is done with the payable; where there are legs, with the first of them that moves money. */
  action: 'pay_out' | 'collect' | 'carry' | 'none';
  carriedOutMinor: Minor;
  /** Sides of transfers in the net. */
  sides: Count;
  /** What of the net platforms pay each other: what it is owed by others less what it owes them. */
  directMinor?: Minor;
  /** Kept back as a reserve, and released of what was. */
  withheldMinor?: AmountMinor;
  releasedMinor?: AmountMinor;
  /** What the withheld part is of; also there where that comes to nothing. */
  reserve?: WithheldReserve;
  /** What the released part is made of. */
  releases?: ReleasedReserve[];
  /** Of a gross model: what it received and what it paid are moved each on their own. */
  legs?: { received: SettlementLeg; paid: SettlementLeg };
  /** How it is collected; from its bank account where this is left out. */
  collectBy?: 'liquidity';
  /** The model that what is carried out goes to, where the party has left this one. */
  carriedTo?: string;
  /** The currency that its payout is paid in, where that is another one: it is exchanged at a rate that is locked. */
  payIn?: CurrencyCode;
}

/** What is withheld of a party over all its settlements is the rounded part of all that it is withheld of. */
export interface WithheldReserve {
  baseMinor: AmountMinor;
  basisPoints: Count;
  releaseAt: Timestamp;
}

export interface ReleasedReserve {
  /** The settlement that withheld it. */
  settlementId: HubId;
  amountMinor: AmountMinor;
}

/** One way of a gross settlement: payable = carried in + amount, and of the received one less what is withheld, plus what is released. */
export interface SettlementLeg {
  carriedInMinor: AmountMinor;
  amountMinor: AmountMinor;
  payableMinor: AmountMinor;
  action: 'pay_out' | 'collect' | 'carry' | 'none';
  carriedOutMinor: AmountMinor;
}

/**
 * One slice of a calculation that is too large for one event: parties in the order of their names, then obligations, then direct debts. Each of them is in one
 * slice, or in the SettlementCalculated that ends the calculation.
 */
export interface SettlementPartiesCalculated {
  type: 'SettlementPartiesCalculated';
  settlementId: HubId;
  model: string;
  currency: CurrencyCode;
  /** From 1 on, without a gap. */
  slice: Count;
  parties: PartySettlement[];
  obligations: SettlementCalculated['obligations'];
  direct?: DirectObligation[];
}

/** What is calculated, or the rest of it after the slices before. */
export interface SettlementCalculated {
  type: 'SettlementCalculated';
  settlementId: HubId;
  model: string;
  /** The version of the model's terms that it was calculated by. */
  modelVersion?: Count;
  currency: CurrencyCode;
  windowIds: HubId[];
  /** Log position of the last WindowClosed; decimal. */
  cutOff: LogPosition;
  parties: PartySettlement[];
  /** Bilateral view, transfers between platforms only. */
  obligations: { debtor: PartyName; creditor: PartyName; amountMinor: AmountMinor }[];
  /** Of a bilateral model: what platforms are to pay each other directly. */
  direct?: DirectObligation[];
  facts: Count;
  calculatedAt: Timestamp;
}

export interface DirectObligation {
  obligationId: HubId;
  debtor: PartyName;
  creditor: PartyName;
  amountMinor: AmountMinor;
}

export interface SettlementMismatched {
  type: 'SettlementMismatched';
  settlementId: HubId;
  currency: CurrencyCode;
  /** The first ones by name, of very many. */
  differences: { party: PartyName; netMinor: Minor; ledgerMinor: Minor; sides: Count; ledgerSides: Count }[];
  /** How many parties differ, where that is more than are named. */
  differing?: Count;
}

/** The ledger has been corrected: it is compared once more. */
export interface SettlementComparisonAsked {
  type: 'SettlementComparisonAsked';
  settlementId: HubId;
  currency: CurrencyCode;
  by: string;
}

export interface SettlementVerified {
  type: 'SettlementVerified';
  settlementId: HubId;
  currency: CurrencyCode;
  journalRevision: Count;
}

/** What parties that are paid in another currency get. Locked once for each of them, before the approval where there was a quote by then. */
export interface FxRatesLocked {
  type: 'FxRatesLocked';
  settlementId: HubId;
  /** What they sell. */
  currency: CurrencyCode;
  rates: LockedRate[];
  lockedAt: Timestamp;
}

/** No rate could be locked for these: their payouts wait for one, everybody else's do not. */
export interface FxRatesAwaited {
  type: 'FxRatesAwaited';
  settlementId: HubId;
  currency: CurrencyCode;
  waiting: AwaitedRate[];
  awaitedAt: Timestamp;
}

export interface AwaitedRate {
  party: PartyName;
  payIn: CurrencyCode;
  soldMinor: AmountMinor;
  /**
   * `quote_missing`: none counts; `quote_by_approver`: whoever approved the settlement has recorded it; `amount_too_small`: it comes to less than half a
   * minor unit. New ones may come.
   */
  code: string;
}

export interface SettlementApproved {
  type: 'SettlementApproved';
  settlementId: HubId;
  currency: CurrencyCode;
  /** `automatic` below the model's limit. */
  by: string;
  /** What it pays out and collects in all: what was approved. */
  movedMinor?: AmountMinor;
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

/** Parties of a settlement of very many: everything is paid, and their nets fall. Those of the SettlementSettled that follows are the rest. */
export interface SettlementPartiesSettled {
  type: 'SettlementPartiesSettled';
  settlementId: HubId;
  currency: CurrencyCode;
  parties: { party: PartyName; netMinor: Minor }[];
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
