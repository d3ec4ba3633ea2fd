import type { AmountMinor, Code, Count, CurrencyCode, HubId, PartyName, Timestamp } from '../values.js';
import type { AccountRoute } from './payee-account.js';

/** Facts of a `payout-<payoutId>` stream: a payout to a party, or a collection from one. Written by settlement; folded by ledger. */
export type PayoutEvent =
  | PayoutRequested
  | PayoutHeld
  | PayoutRefused
  | PayoutAwaitingProof
  | PayoutAwaitingFunds
  | PayoutAwaitingAccount
  | PayoutInstructed
  | PayoutConfirmed
  | PayoutFailed
  | PayoutReturned
  | PayoutCarried
  | PayoutLineRefused;

interface PayoutReference {
  payoutId: HubId;
  settlementId: HubId;
  party: PartyName;
  /** `payout`: the hub pays; `collection`: the hub collects. */
  direction: 'payout' | 'collection';
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  bank: string;
}

/** Asked for; written again when it is asked again after a refusal, a failure or a return. */
export interface PayoutRequested extends PayoutReference {
  type: 'PayoutRequested';
  accountNumber: string;
  holder: string;
  route?: AccountRoute;
  /** A payout: the hold that the ledger is asked for; another one each time it is asked again. */
  holdId?: HubId;
  requestedAt: Timestamp;
}

/** The ledger holds the payable for this payout. */
export interface PayoutHeld extends PayoutReference {
  type: 'PayoutHeld';
}

/** The ledger refused the hold; asked again when money has moved. */
export interface PayoutRefused extends PayoutReference {
  type: 'PayoutRefused';
  code: Code;
}

/** Held, and waiting for a checkpoint of the transparency log that covers the entries which its settlement was checked against. */
export interface PayoutAwaitingProof extends PayoutReference {
  type: 'PayoutAwaitingProof';
}

/** Held, and waiting for cash at the bank. */
export interface PayoutAwaitingFunds extends PayoutReference {
  type: 'PayoutAwaitingFunds';
}

/** The account that it was asked for has been ended, and the party has no other one for the currency: it waits for one. */
export interface PayoutAwaitingAccount extends PayoutReference {
  type: 'PayoutAwaitingAccount';
}

/** The intent, before the call to the bank. A payout: party to transit, committing its hold. `attempt` counts instructions; the bank's key is `<payoutId>`. */
export interface PayoutInstructed extends PayoutReference {
  type: 'PayoutInstructed';
  attempt: Count;
  /** As it was asked for; or, where that account has been ended, the one that serves instead. */
  accountNumber: string;
  holder: string;
  route?: AccountRoute;
  /** A payout: the hold that this commits. */
  holdId?: HubId;
}

/** A statement line equal in amount, currency and account. A payout: transit to bank; a collection: bank to party. */
export interface PayoutConfirmed extends PayoutReference {
  type: 'PayoutConfirmed';
  lineId: string;
}

/** The bank refused it, or an operator says that it never will be carried out. A payout: transit to party. */
export interface PayoutFailed extends PayoutReference {
  type: 'PayoutFailed';
  code: Code;
  /** Of an operator's word: who gave it, and what it rests on. */
  by?: string;
  note?: string;
}

/** Came back after it was confirmed. A payout: bank to party; a collection: party to bank. */
export interface PayoutReturned extends PayoutReference {
  type: 'PayoutReturned';
  lineId: string;
}

/** Given up in this settlement; the amount is carried to the next one. */
export interface PayoutCarried extends PayoutReference {
  type: 'PayoutCarried';
  model: string;
  by: string;
  /** The hold that this voids. */
  holdId?: HubId;
}

/**
 * A line of the statement named it and was not what it should be, so the line waits in hub:suspense. The bank may have moved the money all the same: it is
 * neither asked for again nor instructed nor carried before somebody names the line.
 */
export interface PayoutLineRefused extends PayoutReference {
  type: 'PayoutLineRefused';
  lineId: string;
  /** `not_instructed`, `line_repeats`, `amount_differs` … */
  code: Code;
}
