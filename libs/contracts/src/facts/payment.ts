import type { SplitTransfer, Transfer } from './transfer.js';

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
  | PaymentSettled;

/** What names a payment to its platform; carried by every fact that is told to the platform, so that one event is enough to tell it. */
export interface PaymentReference {
  paymentId: string;
  platformId: string;
  orderId: string;
}

export interface PaymentItem {
  contentId: string;
  unitPriceMinor: number;
  quantity: number;
  /** Platform that owns the content. */
  ownerId: string;
  creators: { creatorId: string; share: number }[];
  agreementId: string;
}

/** How the payer pays. The token is the provider's (a card token; for the sandbox the script of its behaviour). */
export interface PaymentMethod {
  provider: string;
  token?: string;
}

export interface Reservation {
  account: string;
  amountMinor: number;
}

export interface PaymentRequested extends PaymentReference {
  type: 'PaymentRequested';
  payer: { userId: string };
  items: PaymentItem[];
  amountMinor: number;
  currency: string;
  method: PaymentMethod;
  collection: 'hub' | 'platform';
  captureMode: 'automatic' | 'manual';
  processorId: string;
  referrerId?: string;
  split: SplitTransfer[];
  agreements: { agreementId: string; version: number }[];
  /** What the ledger must hold before money is asked for: wallet funds, or the net debits of parties with limits. Empty for most payments. */
  reservations: Reservation[];
  contentHash: string;
  requestedAt: string;
  expiresAt: string;
}

export interface FundsReserved {
  type: 'FundsReserved';
  holdId: string;
}

export interface FundsRefused {
  type: 'FundsRefused';
  holdId: string;
  code: string;
}

export interface AttemptStarted {
  type: 'AttemptStarted';
  attempt: number;
  method: PaymentMethod;
  /** The key of the call at the provider: at most 32 characters, the same over retries. */
  providerKey: string;
  startedAt: string;
}

export interface PayerActionRequired extends PaymentReference {
  type: 'PayerActionRequired';
  attempt: number;
  action: { kind: 'redirect' | 'qr' | 'app'; value: string };
}

export interface AttemptOutcomeUnknown {
  type: 'AttemptOutcomeUnknown';
  attempt: number;
  reason: string;
}

export interface AttemptDeclined {
  type: 'AttemptDeclined';
  attempt: number;
  code: string;
}

/** The intent to make an attempt no longer payable at the provider, before the call that does it. */
export interface AttemptCloseRequested {
  type: 'AttemptCloseRequested';
  attempt: number;
  reason: 'cancelled' | 'expired' | 'superseded';
  by: string;
}

export interface AttemptClosed {
  type: 'AttemptClosed';
  attempt: number;
}

export interface PaymentAuthorized {
  type: 'PaymentAuthorized';
  attempt: number;
  providerRef: string;
}

/** The intent to capture an authorized attempt, before the call that does it. */
export interface CaptureRequested {
  type: 'CaptureRequested';
  attempt: number;
}

export interface PaymentCaptured extends PaymentReference {
  type: 'PaymentCaptured';
  /** 0 where there was no provider: an order of amount 0, or a wallet. */
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
  split: SplitTransfer[];
  expectedProviderFeeMinor: number;
  capturedAt: string;
  /** The hold that this capture commits. */
  holdId?: string;
}

/** Ends without money. `holdId` is the hold that the end voids. */
export interface PaymentDeclined extends PaymentReference {
  type: 'PaymentDeclined';
  code: string;
  holdId?: string;
}

export interface PaymentExpired extends PaymentReference {
  type: 'PaymentExpired';
  holdId?: string;
}

export interface PaymentCancelled extends PaymentReference {
  type: 'PaymentCancelled';
  reason: string;
  by: string;
  holdId?: string;
}

/** The provider took another amount or currency than was asked for: the money waits in hub:suspense. */
export interface CaptureConflicted extends PaymentReference {
  type: 'CaptureConflicted';
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
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
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
  split: SplitTransfer[];
  transfers: Transfer[];
  holdId?: string;
}

/** Money of an attempt that came after the end, or a second time. It waits in hub:suspense and is refunded by itself. */
export interface LateCaptureFound extends PaymentReference {
  type: 'LateCaptureFound';
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
}

/** Money that waited in hub:suspense went back to the payer. */
export interface LateCaptureRefunded extends PaymentReference {
  type: 'LateCaptureRefunded';
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
}

export interface RefundRequested {
  type: 'RefundRequested';
  refundId: string;
  amountMinor: number;
  currency: string;
  reason: string;
  /** The key of the call at the provider. */
  providerKey: string;
  requestedAt: string;
}

export interface RefundOutcomeUnknown {
  type: 'RefundOutcomeUnknown';
  refundId: string;
  reason: string;
}

export interface PaymentRefunded extends PaymentReference {
  type: 'PaymentRefunded';
  refundId: string;
  amountMinor: number;
  currency: string;
  /** All that has been refunded of this payment, this refund included. */
  refundedMinor: number;
  providerRef: string;
  /** The part of the split that this refund reverses. External ones are marked, as in the split. */
  transfers: SplitTransfer[];
  refundedAt: string;
}

export interface RefundDeclined extends PaymentReference {
  type: 'RefundDeclined';
  refundId: string;
  code: string;
}

export interface PaymentSettled extends PaymentReference {
  type: 'PaymentSettled';
  settlementId: string;
  windowId: string;
  /** Each party whose sides of this payment's transfers the settlement settled, with their net. */
  sides: { party: string; netMinor: number }[];
}
