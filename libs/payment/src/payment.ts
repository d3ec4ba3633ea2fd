import type { PaymentEvent, PaymentMethod, PaymentRequested, PayerActionRequired, SplitTransfer } from '@tongbao/contracts';
import { claimedMinor, closed, opened, type Dispute } from './dispute.js';

export type AttemptStatus = 'started' | 'action_required' | 'unknown' | 'authorized' | 'declined' | 'closed' | 'captured' | 'conflicted';

/** One try to get the money. */
export interface Attempt {
  attempt: number;
  method: PaymentMethod;
  providerKey: string;
  status: AttemptStatus;
  action?: PayerActionRequired['action'];
  declineCode?: string;
  providerRef?: string;
  /** Someone wants it closed; it may still turn out to be captured. */
  closing?: { reason: 'cancelled' | 'expired' | 'superseded'; by: string; commandKey?: string };
  captureRequested: boolean;
  /** What the platform calls the command that asked for the capture. */
  captureCommandKey?: string;
}

export interface Refund {
  amountMinor: number;
  reason: string;
  providerKey: string;
  status: 'requested' | 'unknown' | 'refunded' | 'declined';
  code?: string;
  /** What the platform calls the command that asked for it. */
  commandKey?: string;
  /** What it reversed of the split, once it is confirmed. */
  transfers?: readonly SplitTransfer[];
}

export interface Capture {
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  split: SplitTransfer[];
}

/** Money that waits in hub:suspense until it has gone back. */
export interface StrayCapture {
  attempt: number;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
  /** `conflicted`: an operator decides; `refunding`: it goes back by itself. */
  status: 'conflicted' | 'refunding' | 'refunded' | 'accepted';
}

export type PaymentStatus =
  | 'requested'
  | 'reserved'
  | 'pending'
  | 'unknown'
  | 'authorized'
  | 'captured'
  | 'refunded'
  | 'declined'
  | 'expired'
  | 'cancelled'
  | 'conflicted';

/** A payment that has been requested. */
export interface Payment {
  /** Of its newest event. */
  revision: number;
  status: PaymentStatus;
  order: PaymentRequested;
  /** `none`: there is nothing to hold. */
  hold: 'none' | 'asked' | 'placed' | 'refused';
  attempts: readonly Attempt[];
  capture?: Capture;
  refunds: ReadonlyMap<string, Refund>;
  refundedMinor: number;
  disputes: ReadonlyMap<string, Dispute>;
  strays: readonly StrayCapture[];
  settled: readonly { settlementId: string; windowId: string }[];
  declineCode?: string;
}

/** `undefined` before the request. */
export type PaymentState = Payment | undefined;

export const paymentFold = { initial: undefined as PaymentState, evolve };

export const holdIdOf = (paymentId: string): string => `hold_${paymentId}`;

/** The attempt that may still take money. There is at most one. */
export const openAttempt = (payment: Payment): Attempt | undefined =>
  payment.attempts.find(
    ({ status }) => status === 'started' || status === 'action_required' || status === 'unknown' || status === 'authorized',
  );

/**
 * What may still be refunded or disputed. Requested refunds count as gone: two at once must not promise the same money, and an unknown one may still
 * succeed. So does what is in dispute, and what a dispute has cost.
 */
export function refundableMinor({ capture, refunds, disputes }: Payment): number {
  const claims = [
    ...[...refunds.values()].filter(({ status }) => status !== 'declined').map(({ amountMinor }) => amountMinor),
    ...[...disputes.values()].map(claimedMinor),
  ];
  return claims.reduce((left, amountMinor) => left - amountMinor, capture?.amountMinor ?? 0);
}

/** How a payment's facts make its state. Pure. */
export function evolve(state: PaymentState, event: PaymentEvent): PaymentState {
  if (event.type === 'PaymentRequested') return requested(event);
  if (!state) throw new Error(`a payment stream begins with PaymentRequested, not with ${event.type}`);
  return { ...evolvePayment(state, event), revision: state.revision + 1 };
}

function requested(order: PaymentRequested): Payment {
  return {
    revision: 0,
    status: 'requested',
    order,
    hold: order.reservations.length === 0 ? 'none' : 'asked',
    attempts: [],
    refunds: new Map(),
    refundedMinor: 0,
    disputes: new Map(),
    strays: [],
    settled: [],
  };
}

function evolvePayment(payment: Payment, event: Exclude<PaymentEvent, PaymentRequested>): Payment {
  switch (event.type) {
    case 'FundsReserved':
      return { ...payment, hold: 'placed', status: 'reserved' };
    case 'FundsRefused':
      return { ...payment, hold: 'refused', declineCode: event.code };
    case 'AttemptStarted':
      return {
        ...payment,
        status: 'pending',
        attempts: [
          ...payment.attempts,
          { attempt: event.attempt, method: event.method, providerKey: event.providerKey, status: 'started', captureRequested: false },
        ],
      };
    case 'PayerActionRequired':
      return withAttempt(payment, event.attempt, { status: 'action_required', action: event.action }, 'pending');
    case 'AttemptOutcomeUnknown':
      return withAttempt(payment, event.attempt, { status: 'unknown' }, 'unknown');
    case 'AttemptDeclined':
      return withAttempt(payment, event.attempt, { status: 'declined', declineCode: event.code }, restingStatus(payment));
    case 'AttemptCloseRequested':
      return withAttempt(payment, event.attempt, { closing: closingOf(event) }, payment.status);
    case 'AttemptClosed':
      return withAttempt(payment, event.attempt, { status: 'closed' }, restingStatus(payment));
    case 'PaymentAuthorized':
      return withAttempt(payment, event.attempt, { status: 'authorized', providerRef: event.providerRef }, 'authorized');
    case 'CaptureRequested':
      return withAttempt(
        payment,
        event.attempt,
        { captureRequested: true, ...(event.commandKey && { captureCommandKey: event.commandKey }) },
        payment.status,
      );
    case 'PaymentCaptured':
      return {
        ...withAttempt(payment, event.attempt, { status: 'captured', providerRef: event.providerRef }, 'captured'),
        capture: {
          attempt: event.attempt,
          provider: event.provider,
          providerRef: event.providerRef,
          amountMinor: event.amountMinor,
          split: event.split,
        },
      };
    case 'PaymentDeclined':
      return { ...payment, status: 'declined', declineCode: event.code };
    case 'PaymentExpired':
      return { ...payment, status: 'expired' };
    case 'PaymentCancelled':
      return { ...payment, status: 'cancelled' };
    case 'CaptureConflicted':
      return withStray(withAttempt(payment, event.attempt, { status: 'conflicted' }, 'conflicted'), { ...event, status: 'conflicted' });
    case 'ConflictResolved':
      return resolved(payment, event);
    case 'LateCaptureFound':
      return withStray(payment, { ...event, status: 'refunding' });
    case 'LateCaptureRefunded':
      return withStrayStatus(payment, event.attempt, 'refunded');
    case 'RefundRequested':
      return withRefund(payment, event.refundId, {
        amountMinor: event.amountMinor,
        reason: event.reason,
        providerKey: event.providerKey,
        status: 'requested',
        ...(event.commandKey && { commandKey: event.commandKey }),
      });
    case 'RefundOutcomeUnknown':
      return withRefundStatus(payment, event.refundId, { status: 'unknown' });
    case 'PaymentRefunded':
      return {
        ...withRefundStatus(payment, event.refundId, { status: 'refunded', transfers: event.transfers }),
        refundedMinor: event.refundedMinor,
        status: event.refundedMinor === payment.capture?.amountMinor ? 'refunded' : payment.status,
      };
    case 'RefundDeclined':
      return withRefundStatus(payment, event.refundId, { status: 'declined', code: event.code });
    case 'DisputeOpened':
      return { ...payment, disputes: new Map(payment.disputes).set(event.disputeId, opened(event)) };
    case 'DisputeClosed': {
      const dispute = payment.disputes.get(event.disputeId);
      return dispute ? { ...payment, disputes: new Map(payment.disputes).set(event.disputeId, closed(dispute, event)) } : payment;
    }
    case 'PaymentSettled':
      return { ...payment, settled: [...payment.settled, { settlementId: event.settlementId, windowId: event.windowId }] };
    default:
      return event satisfies never;
  }
}

const closingOf = ({
  reason,
  by,
  commandKey,
}: Extract<PaymentEvent, { type: 'AttemptCloseRequested' }>): NonNullable<Attempt['closing']> => ({
  reason,
  by,
  ...(commandKey && { commandKey }),
});

/** Where a payment stands while no attempt is open. */
const restingStatus = (payment: Payment): PaymentStatus => (payment.hold === 'placed' ? 'reserved' : 'requested');

function withAttempt(payment: Payment, attempt: number, change: Partial<Attempt>, status: PaymentStatus): Payment {
  return { ...payment, status, attempts: payment.attempts.map((each) => (each.attempt === attempt ? { ...each, ...change } : each)) };
}

function withStray(payment: Payment, stray: StrayCapture): Payment {
  const { attempt, provider, providerRef, amountMinor, currency, status } = stray;
  return { ...payment, strays: [...payment.strays, { attempt, provider, providerRef, amountMinor, currency, status }] };
}

const withStrayStatus = (payment: Payment, attempt: number, status: StrayCapture['status']): Payment => ({
  ...payment,
  strays: payment.strays.map((stray) => (stray.attempt === attempt ? { ...stray, status } : stray)),
});

function resolved(payment: Payment, event: Extract<PaymentEvent, { type: 'ConflictResolved' }>): Payment {
  if (event.resolution === 'refunded')
    return { ...withStrayStatus(payment, event.attempt, 'refunding'), status: 'declined', declineCode: 'conflict_refunded' };
  return {
    ...withAttempt(
      withStrayStatus(payment, event.attempt, 'accepted'),
      event.attempt,
      { status: 'captured', providerRef: event.providerRef },
      'captured',
    ),
    capture: {
      attempt: event.attempt,
      provider: event.provider,
      providerRef: event.providerRef,
      amountMinor: payment.order.amountMinor,
      split: event.split,
    },
  };
}

const withRefund = (payment: Payment, refundId: string, refund: Refund): Payment => ({
  ...payment,
  refunds: new Map(payment.refunds).set(refundId, refund),
});

function withRefundStatus(payment: Payment, refundId: string, change: Partial<Refund>): Payment {
  const refund = payment.refunds.get(refundId);
  return refund ? withRefund(payment, refundId, { ...refund, ...change }) : payment;
}
