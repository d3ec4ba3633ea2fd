import type { CommandRefused } from './facts/command.js';
import type {
  CaptureConflicted,
  PayerActionRequired,
  PaymentCancelled,
  PaymentCaptured,
  PaymentDeclined,
  PaymentExpired,
  PaymentRefunded,
  PaymentReference,
  PaymentSettled,
  RefundDeclined,
  Reservation,
} from './facts/payment.js';

/** Commands on `tongbao.ledger.commands`, key = the hold's id. The message id is the command id. */
export type LedgerCommand = PlaceHold | VoidHold;

/** Answered by HoldPlaced or HoldRefused. All reservations or none. */
export interface PlaceHold {
  type: 'PlaceHold';
  holdId: string;
  currency: string;
  reservations: Reservation[];
  /** `payout` holds are refused when client money would not be covered. */
  purpose: 'payment' | 'payout';
  /** The payment or payout. */
  ref: string;
}

export interface VoidHold {
  type: 'VoidHold';
  holdId: string;
  purpose: 'payment' | 'payout';
  ref: string;
}

/** Outcomes on `tongbao.ledger.events`, key = the payment or payout. */
export type LedgerMessage = HoldPlaced | HoldRefused;

export interface HoldPlaced {
  type: 'HoldPlaced';
  holdId: string;
  purpose: 'payment' | 'payout';
  ref: string;
}

export interface HoldRefused {
  type: 'HoldRefused';
  holdId: string;
  purpose: 'payment' | 'payout';
  ref: string;
  code: string;
}

/** News on `tongbao.payment.events`, key = paymentId. Public: what platforms are told. */
export type PaymentMessage =
  | Pick<PayerActionRequired, 'type' | keyof PaymentReference | 'action'>
  | Pick<PaymentCaptured, 'type' | keyof PaymentReference | 'amountMinor' | 'currency' | 'provider'>
  | Pick<PaymentDeclined, 'type' | keyof PaymentReference | 'code'>
  | Pick<PaymentExpired, 'type' | keyof PaymentReference>
  | Pick<PaymentCancelled, 'type' | keyof PaymentReference | 'reason'>
  | Pick<CaptureConflicted, 'type' | keyof PaymentReference>
  | Pick<PaymentRefunded, 'type' | keyof PaymentReference | 'refundId' | 'amountMinor' | 'currency' | 'refundedMinor'>
  | Pick<RefundDeclined, 'type' | keyof PaymentReference | 'refundId' | 'code'>
  | Pick<PaymentSettled, 'type' | keyof PaymentReference | 'settlementId' | 'windowId' | 'sides'>
  | CommandRefused;

/** News on `tongbao.settlement.events`, key = paymentId, settlementId or payoutId. */
export type SettlementMessage =
  | { type: 'PaymentSideSettled'; paymentId: string; settlementId: string; windowId: string; sides: { party: string; netMinor: number }[] }
  | { type: 'WindowClosed'; windowId: string; currency: string; closedAt: string }
  | { type: 'SettlementStatusChanged'; settlementId: string; currency: string; status: string; parties: string[] }
  | {
      type: 'PayoutStatusChanged';
      payoutId: string;
      settlementId: string;
      party: string;
      direction: string;
      amountMinor: number;
      currency: string;
      status: string;
    };
