import type { CommandAccepted, CommandRefused } from './facts/command.js';
import type { PaymentReference, Reservation } from './facts/payment.js';
import type {
  AccountName,
  AmountMinor,
  Code,
  Count,
  CurrencyCode,
  HubId,
  Minor,
  PartyName,
  PaymentId,
  ProviderName,
  Timestamp,
} from './values.js';

/** Commands on `tongbao.ledger.commands`, key = the payment, or the hold of a payout. The message id is the command id. */
export type LedgerCommand = PlaceHold | VoidHold;

/** Answered by HoldPlaced or HoldRefused. All reservations or none. */
export interface PlaceHold {
  type: 'PlaceHold';
  holdId: HubId;
  currency: CurrencyCode;
  reservations: Reservation[];
  /** `payout` holds are refused when client money would not be covered. */
  purpose: HoldPurpose;
  /** The payment or payout; of a draw `<kind>.<id>` of the party. */
  ref: HubId;
  /** What is reserved pays what its party owes already: no net debit cap keeps it back. */
  paysDebt?: boolean;
  /** Of a `payout`: what is reserved is exchanged and leaves the hub for nobody, so cover of clients' money is not asked for. */
  staysInHub?: boolean;
}

export type HoldPurpose = 'payment' | 'payout';

export interface VoidHold {
  type: 'VoidHold';
  holdId: HubId;
  purpose: HoldPurpose;
  ref: HubId;
}

/** On `tongbao.ledger.events`: outcomes, key = the payment or payout, and news of caps, key = the party. */
export type LedgerMessage = HoldPlaced | HoldRefused | CapUseChangedMessage;

export interface HoldPlaced {
  type: 'HoldPlaced';
  holdId: HubId;
  purpose: HoldPurpose;
  ref: HubId;
}

export interface HoldRefused {
  type: 'HoldRefused';
  holdId: HubId;
  purpose: HoldPurpose;
  ref: HubId;
  code: Code;
}

/** How much of its room a party uses that has a net debit cap: told when it comes to a share, and when it falls under one again. */
export interface CapUseChangedMessage {
  type: 'CapUseChanged';
  party: PartyName;
  currency: CurrencyCode;
  /** The share that it has come to, or still has, in percent; 0: less than any that is told of. */
  percent: Count;
  previousPercent: Count;
  usedMinor: AmountMinor;
  /** The cap, and what the party has prefunded. */
  limitMinor: AmountMinor;
}

/**
 * News on `tongbao.payment.events` and on the platform's own topic, key = paymentId, or commandId. Public: what platforms are told. Where a fact
 * has the same name, the message says less: what became of the payment, not how.
 */
export type PaymentMessage =
  | PayerActionRequiredMessage
  | PaymentCapturedMessage
  | PaymentDeclinedMessage
  | PaymentExpiredMessage
  | PaymentCancelledMessage
  | CaptureConflictedMessage
  | PaymentRefundedMessage
  | RefundDeclinedMessage
  | DisputeOpenedMessage
  | DisputeClosedMessage
  | PaymentSettledMessage
  | CommandRefused;

/**
 * Messages on `tongbao.platform.<platformId>.events`, which that platform alone reads; key = paymentId, or commandId. All its news, and the
 * answers to its commands: each command over Kafka gets CommandAccepted or CommandRefused. `ce_causationid` is what the platform calls the command.
 */
export type PlatformMessage = PaymentMessage | CommandAccepted | PaymentAuthorizedMessage;

/** The money is reserved and waits for a capture command. */
export interface PaymentAuthorizedMessage extends PaymentReference {
  type: 'PaymentAuthorized';
}

/** The payer must do something: open a page, scan a code, confirm in an app. */
export interface PayerActionRequiredMessage extends PaymentReference {
  type: 'PayerActionRequired';
  action: { kind: 'redirect' | 'qr' | 'app'; value: string };
}

/** The money is taken. */
export interface PaymentCapturedMessage extends PaymentReference {
  type: 'PaymentCaptured';
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  provider: ProviderName;
}

/** Ended without money. */
export interface PaymentDeclinedMessage extends PaymentReference {
  type: 'PaymentDeclined';
  code: Code;
}

/** Nobody paid in time. */
export interface PaymentExpiredMessage extends PaymentReference {
  type: 'PaymentExpired';
}

export interface PaymentCancelledMessage extends PaymentReference {
  type: 'PaymentCancelled';
  reason: string;
}

/** The provider took another amount or currency than was asked for; an operator decides. */
export interface CaptureConflictedMessage extends PaymentReference {
  type: 'CaptureConflicted';
}

export interface PaymentRefundedMessage extends PaymentReference {
  type: 'PaymentRefunded';
  refundId: HubId;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** All that has been refunded of this payment, this refund included. */
  refundedMinor: AmountMinor;
}

export interface RefundDeclinedMessage extends PaymentReference {
  type: 'RefundDeclined';
  refundId: HubId;
  code: Code;
}

/** Money of the payment is withheld until a dispute ends. */
export interface DisputeOpenedMessage extends PaymentReference {
  type: 'DisputeOpened';
  disputeId: HubId;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  reason: string;
}

export interface DisputeClosedMessage extends PaymentReference {
  type: 'DisputeClosed';
  disputeId: HubId;
  /** `won`, `lost`, `part`; new ones may come. */
  outcome: string;
  /** What the payer got back. */
  lostMinor: AmountMinor;
  currency: CurrencyCode;
}

/** A settlement settled sides of this payment's transfers; once for each settlement and window. */
export interface PaymentSettledMessage extends PaymentReference {
  type: 'PaymentSettled';
  settlementId: HubId;
  windowId: HubId;
  /** Each party with the net of its sides. */
  sides: { party: PartyName; netMinor: Minor }[];
}

/** News on `tongbao.settlement.events`, key = paymentId, windowId, settlementId, payoutId or obligationId. */
export type SettlementMessage =
  | PaymentSideSettled
  | WindowClosedMessage
  | SettlementStatusChanged
  | PayoutStatusChanged
  | WithdrawalStatusChanged
  | ObligationStatusChanged;

export interface PaymentSideSettled {
  type: 'PaymentSideSettled';
  paymentId: PaymentId;
  settlementId: HubId;
  windowId: HubId;
  sides: { party: PartyName; netMinor: Minor }[];
}

export interface WindowClosedMessage {
  type: 'WindowClosed';
  windowId: HubId;
  currency: CurrencyCode;
  closedAt: Timestamp;
}

export interface SettlementStatusChanged {
  type: 'SettlementStatusChanged';
  settlementId: HubId;
  currency: CurrencyCode;
  /** `requested`, `calculated`, `mismatched`, `verified`, `approved`, `aborted`, `paying`, `settled`; new ones may come. */
  status: string;
  /** Empty until they are known. Very many are told in several messages of one status, some in each: a message stays far below what a topic takes. */
  parties: PartyName[];
}

export interface PayoutStatusChanged {
  type: 'PayoutStatusChanged';
  payoutId: HubId;
  settlementId: HubId;
  party: PartyName;
  /** `payout`: the hub pays; `collection`: the hub collects. */
  direction: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** `requested`, `held`, `refused`, `awaiting_proof`, `awaiting_funds`, `instructed`, `confirmed`, `failed`, `returned`, `carried`; new ones may come. */
  status: string;
}

/** What a platform is to pay another one directly, by a bilateral settlement. */
export interface ObligationStatusChanged {
  type: 'ObligationStatusChanged';
  obligationId: HubId;
  settlementId: HubId;
  debtor: PartyName;
  creditor: PartyName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** `due`, `reported`, `paid`, `carried`; new ones may come. */
  status: string;
}

export interface WithdrawalStatusChanged {
  type: 'WithdrawalStatusChanged';
  withdrawalId: HubId;
  /** `user:<id>:wallet`, `liquidity:<party>` or `hub:fees`. */
  account: AccountName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** `platform:<id>` or `operator:<name>`. */
  requestedBy?: string;
  /** `requested`, `held`, `refused`, `approved`, `awaiting_funds`, `instructed`, `confirmed`, `failed`, `returned`, `cancelled`; new ones may come. */
  status: string;
}
