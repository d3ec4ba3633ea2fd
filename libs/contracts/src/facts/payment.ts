import type { CommandKey } from '../platform-commands.js';
import type { SplitTransfer, Transfer } from './transfer.js';
import type {
  AccountName,
  AmountMinor,
  Code,
  Count,
  CurrencyCode,
  HubId,
  Id,
  Minor,
  OwnId,
  PartyName,
  PaymentId,
  ProviderName,
  Timestamp,
} from '../values.js';

/** Facts of a `payment-<paymentId>` stream. Written by payment; folded by ledger and settlement. Times are ISO 8601 in UTC. */
export type PaymentEvent =
  | PaymentRequested
  | FundsReserved
  | FundsRefused
  | AttemptStarted
  | PayerActionRequired
  | AttemptOutcomeUnknown
  | AttemptDeclined
  | AttemptCloseRequested
  | AttemptClosed
  | PaymentAuthorized
  | CaptureRequested
  | PaymentCaptured
  | PaymentDeclined
  | PaymentExpired
  | PaymentCancelled
  | CaptureConflicted
  | ConflictResolved
  | LateCaptureFound
  | LateCaptureRefunded
  | RefundRequested
  | RefundOutcomeUnknown
  | PaymentRefunded
  | RefundDeclined
  | DisputeOpened
  | DisputeClosed
  | PaymentSettled;

/** What names a payment to its platform; carried by every fact that is told to the platform, so that one event is enough to tell it. */
export interface PaymentReference {
  paymentId: PaymentId;
  platformId: Id;
  orderId: OwnId;
  /** The platform's own id of the command that led to this, where the command came over Kafka: its outcome is known by it. */
  commandKey?: CommandKey;
}

export interface PaymentItem {
  contentId: OwnId;
  unitPriceMinor: AmountMinor;
  quantity: Count;
  /** Platform that owns the content. */
  ownerId: Id;
  creators: { creatorId: Id; share: Count }[];
  agreementId: Id;
}

/** How the payer pays. The token is the provider's (a card token; for the sandbox the script of its behaviour). */
export interface PaymentMethod {
  provider: ProviderName;
  token?: string;
}

export interface Reservation {
  account: AccountName;
  amountMinor: AmountMinor;
}

export interface PaymentRequested extends PaymentReference {
  type: 'PaymentRequested';
  payer: { userId: Id };
  items: PaymentItem[];
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  method: PaymentMethod;
  collection: 'hub' | 'platform';
  captureMode: 'automatic' | 'manual';
  processorId: Id;
  referrerId?: Id;
  split: SplitTransfer[];
  agreements: { agreementId: Id; version: Count }[];
  /** What the ledger must hold before money is asked for: wallet funds, or the net debits of parties with limits. Empty for most payments. */
  reservations: Reservation[];
  contentHash: string;
  requestedAt: Timestamp;
  expiresAt: Timestamp;
}

export interface FundsReserved {
  type: 'FundsReserved';
  holdId: HubId;
}

export interface FundsRefused {
  type: 'FundsRefused';
  holdId: HubId;
  code: Code;
}

export interface AttemptStarted {
  type: 'AttemptStarted';
  attempt: Count;
  method: PaymentMethod;
  /** The key of the call at the provider: at most 32 characters, the same over retries. */
  providerKey: string;
  startedAt: Timestamp;
}

export interface PayerActionRequired extends PaymentReference {
  type: 'PayerActionRequired';
  attempt: Count;
  action: { kind: 'redirect' | 'qr' | 'app'; value: string };
}

export interface AttemptOutcomeUnknown {
  type: 'AttemptOutcomeUnknown';
  attempt: Count;
  reason: string;
}

export interface AttemptDeclined {
  type: 'AttemptDeclined';
  attempt: Count;
  code: Code;
}

/** The intent to make an attempt no longer payable at the provider, before the call that does it. */
export interface AttemptCloseRequested {
  type: 'AttemptCloseRequested';
  attempt: Count;
  reason: 'cancelled' | 'expired' | 'superseded';
  by: string;
  commandKey?: CommandKey;
}

export interface AttemptClosed {
  type: 'AttemptClosed';
  attempt: Count;
}

/** Events of earlier releases have no reference. */
export interface PaymentAuthorized extends Partial<PaymentReference> {
  type: 'PaymentAuthorized';
  attempt: Count;
  providerRef: string;
}

/** The intent to capture an authorized attempt, before the call that does it. */
export interface CaptureRequested {
  type: 'CaptureRequested';
  attempt: Count;
  commandKey?: CommandKey;
}

export interface PaymentCaptured extends PaymentReference {
  type: 'PaymentCaptured';
  /** 0 where there was no provider: an order of amount 0, or a wallet. */
  attempt: Count;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  split: SplitTransfer[];
  expectedProviderFeeMinor: AmountMinor;
  capturedAt: Timestamp;
  /** The hold that this capture commits. */
  holdId?: HubId;
}

/** Ends without money. `holdId` is the hold that the end voids. */
export interface PaymentDeclined extends PaymentReference {
  type: 'PaymentDeclined';
  code: Code;
  holdId?: HubId;
}

export interface PaymentExpired extends PaymentReference {
  type: 'PaymentExpired';
  holdId?: HubId;
}

export interface PaymentCancelled extends PaymentReference {
  type: 'PaymentCancelled';
  reason: string;
  by: string;
  holdId?: HubId;
}

/** The provider took another amount or currency than was asked for: the money waits in hub:suspense. */
export interface CaptureConflicted extends PaymentReference {
  type: 'CaptureConflicted';
  attempt: Count;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}

/**
 * An operator's decision on a conflict.
 * `accepted`: the payment is captured; `transfers` take the money out of hub:suspense, book a missing difference to hub:losses and post the split.
 * `refunded`: the payment is declined; the money goes back (LateCaptureRefunded follows when it has).
 */
export interface ConflictResolved extends PaymentReference {
  type: 'ConflictResolved';
  resolution: 'accepted' | 'refunded';
  by: string;
  note: string;
  attempt: Count;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  split: SplitTransfer[];
  transfers: Transfer[];
  holdId?: HubId;
}

/** Money of an attempt that came after the end, or a second time. It waits in hub:suspense and is refunded by itself. */
export interface LateCaptureFound extends PaymentReference {
  type: 'LateCaptureFound';
  attempt: Count;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}

/** Money that waited in hub:suspense went back to the payer. */
export interface LateCaptureRefunded extends PaymentReference {
  type: 'LateCaptureRefunded';
  attempt: Count;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}

export interface RefundRequested {
  type: 'RefundRequested';
  refundId: HubId;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  reason: string;
  /** The key of the call at the provider. */
  providerKey: string;
  requestedAt: Timestamp;
  commandKey?: CommandKey;
}

export interface RefundOutcomeUnknown {
  type: 'RefundOutcomeUnknown';
  refundId: HubId;
  reason: string;
}

export interface PaymentRefunded extends PaymentReference {
  type: 'PaymentRefunded';
  refundId: HubId;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** All that has been refunded of this payment, this refund included. */
  refundedMinor: AmountMinor;
  providerRef: string;
  /** The part of the split that this refund reverses. External ones are marked, as in the split. */
  transfers: SplitTransfer[];
  refundedAt: Timestamp;
}

export interface RefundDeclined extends PaymentReference {
  type: 'RefundDeclined';
  refundId: HubId;
  code: Code;
}

/** Money of the payment is withheld until a dispute ends. The process is on `dispute-<disputeId>`; what moves money is recorded here. */
export interface DisputeOpened extends PaymentReference {
  type: 'DisputeOpened';
  disputeId: HubId;
  /** What is in dispute; with refunds never more than what was captured. */
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  reason: string;
  /** Those of a refund of that amount, with `dispute:<disputeId>` in the provider's place. External ones are marked, as in the split. */
  transfers: SplitTransfer[];
  openedAt: Timestamp;
}

/**
 * `won`: the opening's transfers go back. `lost`: what was withheld goes to the provider. `part`: both, in proportion. A fee of the provider for
 * the dispute is among the transfers: from the party that bears it to the provider.
 */
export interface DisputeClosed extends PaymentReference {
  type: 'DisputeClosed';
  disputeId: HubId;
  outcome: 'won' | 'lost' | 'part';
  /** What the payer got back: all of what was in dispute when lost, 0 when won. */
  lostMinor: AmountMinor;
  currency: CurrencyCode;
  transfers: SplitTransfer[];
  closedAt: Timestamp;
}

export interface PaymentSettled extends PaymentReference {
  type: 'PaymentSettled';
  settlementId: HubId;
  windowId: HubId;
  /** Each party whose sides of this payment's transfers the settlement settled, with their net. */
  sides: { party: PartyName; netMinor: Minor }[];
}
