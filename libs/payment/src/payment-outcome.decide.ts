import type { AttemptOutcome, PaymentEvent, RefundOutcome, Transfer } from '@tongbao/contracts';
import { account } from '@tongbao/contracts';
import { openAttempt, type Attempt, type Payment, type PaymentState } from './payment.js';
import {
  asked,
  capturedEvent,
  holdOf,
  maxAttempts,
  nameOf,
  referenceOf,
  refunded,
  splitFrom,
  type PaymentDecision,
} from './payment.decide.js';

const nothing: PaymentDecision = { events: [] };

type Captured = Extract<AttemptOutcome, { kind: 'captured' }>;

/**
 * What a provider's answer makes of a payment, whatever has happened meanwhile and however often it is said. Money that was taken is never
 * passed over: it captures the payment, or conflicts, or goes back.
 */
export function decideOutcome(attemptNumber: number, outcome: AttemptOutcome, now: string, state: PaymentState): PaymentDecision {
  const attempt = state?.attempts.find((each) => each.attempt === attemptNumber);
  if (!state || !attempt) return { refused: 'not_found' };
  if (outcome.kind === 'captured') return { events: decideTaken(state, attempt, outcome, now) };
  if (openAttempt(state)?.attempt !== attemptNumber) return nothing;
  return { events: decideOpen(state, attempt, outcome) };
}

function decideTaken(payment: Payment, attempt: Attempt, outcome: Captured, now: string): PaymentEvent[] {
  const { order } = payment;
  const isKnown = payment.capture?.attempt === attempt.attempt || payment.strays.some((stray) => stray.attempt === attempt.attempt);
  if (isKnown) return [];
  const { providerRef, amountMinor, currency } = outcome;
  const money = { ...nameOf(order), attempt: attempt.attempt, provider: attempt.method.provider, providerRef, amountMinor, currency };
  if (openAttempt(payment)?.attempt !== attempt.attempt) return [{ type: 'LateCaptureFound', ...money }];
  if (amountMinor !== order.amountMinor || currency !== order.currency)
    return [{ type: 'CaptureConflicted', ...money, ...referenceOf(order, attempt.captureCommandKey) }];
  return [capturedEvent(order, attempt.attempt, attempt.method.provider, providerRef, now, attempt.captureCommandKey)];
}

function decideOpen(payment: Payment, attempt: Attempt, outcome: Exclude<AttemptOutcome, Captured>): PaymentEvent[] {
  const { order } = payment;
  switch (outcome.kind) {
    case 'authorized':
      if (attempt.status === 'authorized') return [];
      return [{ type: 'PaymentAuthorized', ...referenceOf(order), attempt: attempt.attempt, providerRef: outcome.providerRef }];
    case 'action_required':
      if (attempt.status === 'action_required') return [];
      return [{ type: 'PayerActionRequired', ...referenceOf(order), attempt: attempt.attempt, action: outcome.action }];
    case 'declined':
      return [{ type: 'AttemptDeclined', attempt: attempt.attempt, code: outcome.code }, ...afterEnd(payment, attempt, outcome.code)];
    case 'closed':
    case 'not_found':
      return [{ type: 'AttemptClosed', attempt: attempt.attempt }, ...afterEnd(payment, attempt, 'attempt_closed')];
    case 'unknown':
      if (attempt.status === 'unknown') return [];
      return [{ type: 'AttemptOutcomeUnknown', attempt: attempt.attempt, reason: outcome.reason }];
    default:
      return outcome satisfies never;
  }
}

/** What follows when an attempt can take no more money: the end that somebody asked for, or the end of all attempts. */
function afterEnd(payment: Payment, attempt: Attempt, code: string): PaymentEvent[] {
  const { order } = payment;
  const reference = { ...referenceOf(order), ...holdOf(order) };
  if (attempt.closing?.reason === 'cancelled') {
    const { by, commandKey } = attempt.closing;
    return [{ type: 'PaymentCancelled', ...nameOf(order), ...asked(commandKey), ...holdOf(order), reason: 'requested', by }];
  }
  if (attempt.closing?.reason === 'expired') return [{ type: 'PaymentExpired', ...reference }];
  return attempt.attempt >= maxAttempts ? [{ type: 'PaymentDeclined', ...reference, code }] : [];
}

export function decideRefundOutcome(
  refundId: string,
  outcome: Exclude<RefundOutcome, { kind: 'not_found' }>,
  now: string,
  state: PaymentState,
): PaymentDecision {
  const refund = state?.refunds.get(refundId);
  if (!state || !refund) return { refused: 'not_found' };
  if (refund.status === 'refunded' || refund.status === 'declined') return nothing;
  switch (outcome.kind) {
    case 'refunded':
      return { events: [refunded(state, refundId, refund, outcome.providerRef, now)] };
    case 'declined':
      return { events: [{ type: 'RefundDeclined', ...nameOf(state.order), ...asked(refund.commandKey), refundId, code: outcome.code }] };
    case 'unknown':
      return refund.status === 'unknown' ? nothing : { events: [{ type: 'RefundOutcomeUnknown', refundId, reason: outcome.reason }] };
    default:
      return outcome satisfies never;
  }
}

/** Money that waited in hub:suspense has gone back. */
export function decideStrayRefunded(attempt: number, state: PaymentState): PaymentDecision {
  const stray = state?.strays.find((each) => each.attempt === attempt);
  if (!state || stray?.status !== 'refunding') return nothing;
  const { provider, providerRef, amountMinor, currency } = stray;
  return { events: [{ type: 'LateCaptureRefunded', ...nameOf(state.order), attempt, provider, providerRef, amountMinor, currency }] };
}

/**
 * An operator's decision on a conflicting capture. Accepting is possible in the order's currency only: what is missing is booked to hub:losses, what is
 * too much stays in hub:suspense.
 */
export function decideConflict(
  command: { resolution: 'accepted' | 'refunded'; by: string; note: string },
  state: PaymentState,
): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  const stray = state.strays.find(({ status }) => status === 'conflicted');
  if (state.status !== 'conflicted' || !stray) return { refused: 'state_conflict' };
  const { order } = state;
  if (command.resolution === 'accepted' && stray.currency !== order.currency) return { refused: 'currency_mismatch' };
  const { attempt, provider, providerRef, amountMinor, currency } = stray;
  const split = command.resolution === 'accepted' ? splitFrom(order, provider) : [];
  const transfers = command.resolution === 'accepted' ? acceptedTransfers(order.amountMinor, amountMinor, provider) : [];
  return {
    events: [
      {
        type: 'ConflictResolved',
        ...referenceOf(order),
        ...command,
        attempt,
        provider,
        providerRef,
        amountMinor,
        currency,
        split,
        transfers: [
          ...transfers,
          ...split
            .filter(({ external }) => !external)
            .map(({ from, to, amountMinor: minor, kind }) => ({ from, to, amountMinor: minor, kind })),
        ],
        ...holdOf(order),
      },
    ],
  };
}

function acceptedTransfers(orderedMinor: number, takenMinor: number, provider: string): Transfer[] {
  const fromSuspense: Transfer = {
    from: account.suspense,
    to: account.provider(provider),
    amountMinor: Math.min(orderedMinor, takenMinor),
    kind: 'conflict-accepted',
  };
  if (takenMinor >= orderedMinor) return [fromSuspense];
  return [
    fromSuspense,
    { from: account.losses, to: account.provider(provider), amountMinor: orderedMinor - takenMinor, kind: 'conflict-difference' },
  ];
}
