import type {
  AgreementVersionRegistered,
  PaymentEvent,
  PaymentItem,
  PaymentMethod,
  PaymentReference,
  PaymentRequested,
  ProblemCode,
} from '@tongbao/contracts';
import { account } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { sumMinor } from '@tongbao/money';
import { claimedMinor } from './dispute.js';
import { holdIdOf, openAttempt, refundableMinor, type Payment, type PaymentState } from './payment.js';
import { providerKeyOf } from './payment-id.js';
import { refundTransfers, reversedSplit } from './reversal.js';
import { expectedProviderFee, maxTransfers, reservationsOf, splitOf } from './split.js';

export const maxAttempts = 3;

export type PaymentDecision = Decision<PaymentEvent, ProblemCode>;

const nothing: PaymentDecision = { events: [] };

export interface RequestPayment {
  paymentId: string;
  platformId: string;
  orderId: string;
  payer: { userId: string };
  items: readonly PaymentItem[];
  amountMinor: number;
  currency: string;
  method: PaymentMethod;
  collection: 'hub' | 'platform';
  captureMode: 'automatic' | 'manual';
  processorId: string;
  referrerId?: string;
  contentHash: string;
  /** What the platform calls the command, where it came over Kafka. */
  commandKey?: string;
  now: string;
  expiresAt: string;
}

/** What a request is judged by, as it is at the request. */
export interface RequestContext {
  currencies: readonly string[];
  isSuspended: (party: string) => boolean;
  sellsIn: (platformId: string, currency: string) => boolean;
  /** The version that is valid now, of an agreement. */
  agreement: (agreementId: string) => AgreementVersionRegistered | undefined;
  offers: (platformId: string, method: PaymentMethod, captureMode: string) => boolean;
  hasLimits: (party: string, currency: string) => boolean;
}

/**
 * Decides a request. The same order with the same content changes nothing; with other content it is an order_conflict.
 * Of several refusals the first in `requestRefusals` answers. limit_exceeded comes after all of these, from the velocity counters;
 * insufficient_funds and cap_exceeded come later, from the ledger.
 */
export function decideRequest(command: RequestPayment, context: RequestContext, state: PaymentState): PaymentDecision {
  if (state) return state.order.contentHash === command.contentHash ? nothing : { refused: 'order_conflict' };
  const refusal = requestRefusals.find(([, applies]) => applies(command, context));
  if (refusal) return { refused: refusal[0] };
  const order = toOrder(command, context);
  if (order.split.length > maxTransfers) return { refused: 'invalid' };
  if (order.amountMinor === 0) return { events: [order, captured(order, 0, 'none', 'none', command.now)] };
  if (order.reservations.length > 0) return { events: [order] };
  return { events: [order, attemptStarted(order, 1, order.method, command.now)] };
}

type RequestRefusal = [code: ProblemCode, applies: (command: RequestPayment, context: RequestContext) => boolean];

/** In the order of precedence. */
export const requestRefusals: readonly RequestRefusal[] = [
  ['platform_suspended', (command, { isSuspended }) => platformsOf(command).some((id) => isSuspended(account.platform(id)))],
  [
    'currency_unsupported',
    (command, { currencies, sellsIn }) => !currencies.includes(command.currency) || !sellsIn(command.platformId, command.currency),
  ],
  ['amount_mismatch', (command) => sumOfItems(command.items) !== BigInt(command.amountMinor)],
  ['agreement_missing', (command, { agreement }) => command.items.some(({ agreementId }) => !agreement(agreementId))],
  [
    'method_unavailable',
    (command, { offers }) => command.amountMinor > 0 && !offers(command.platformId, command.method, command.captureMode),
  ],
  [
    'method_unavailable',
    ({ method, collection, captureMode }) => isWallet(method) && (collection === 'platform' || captureMode === 'manual'),
  ],
];

/** P = A x R, over all items. */
export const sumOfItems = (items: readonly PaymentItem[]): bigint =>
  sumMinor(items.map(({ unitPriceMinor, quantity }) => BigInt(unitPriceMinor) * BigInt(quantity)));

export const isWallet = (method: PaymentMethod): boolean => method.provider === 'wallet';

const platformsOf = (command: RequestPayment): string[] => [
  ...new Set([
    command.platformId,
    command.processorId,
    ...(command.referrerId ? [command.referrerId] : []),
    ...command.items.map(({ ownerId }) => ownerId),
  ]),
];

function toOrder(command: RequestPayment, context: RequestContext): PaymentRequested {
  const { now, ...order } = command;
  const wallet = isWallet(command.method) ? account.wallet(command.payer.userId) : undefined;
  const split =
    command.amountMinor === 0
      ? []
      : splitOf(
          { ...command, source: wallet ?? account.provider(command.method.provider), external: command.collection === 'platform' },
          (agreementId) => context.agreement(agreementId)?.rules ?? [],
        );
  const agreements = [...new Set(command.items.map(({ agreementId }) => agreementId))].map((agreementId) => ({
    agreementId,
    version: context.agreement(agreementId)?.version ?? 0,
  }));
  const reservations = reservationsOf(split, wallet, (party) => context.hasLimits(party, command.currency));
  return { type: 'PaymentRequested', ...order, items: [...command.items], split, agreements, reservations, requestedAt: now };
}

const attemptStarted = (order: PaymentRequested, attempt: number, method: PaymentMethod, now: string): PaymentEvent => ({
  type: 'AttemptStarted',
  attempt,
  method,
  providerKey: providerKeyOf(order.paymentId, 'attempt', attempt),
  startedAt: now,
});

/** What names a payment, and the command that an outcome is the outcome of: the request, unless another command asked for this. */
const referenceOf = ({ paymentId, platformId, orderId, commandKey }: PaymentRequested, cause = commandKey): PaymentReference => ({
  paymentId,
  platformId,
  orderId,
  ...(cause && { commandKey: cause }),
});

/** What names a payment, of something that no command asked for. */
const nameOf = ({ paymentId, platformId, orderId }: PaymentRequested): PaymentReference => ({ paymentId, platformId, orderId });

const holdOf = (order: PaymentRequested): { holdId?: string } =>
  order.reservations.length > 0 ? { holdId: holdIdOf(order.paymentId) } : {};

function captured(
  order: PaymentRequested,
  attempt: number,
  provider: string,
  providerRef: string,
  now: string,
  cause?: string,
): PaymentEvent {
  return {
    type: 'PaymentCaptured',
    ...referenceOf(order, cause),
    attempt,
    provider,
    providerRef,
    amountMinor: order.amountMinor,
    currency: order.currency,
    split: splitFrom(order, provider),
    expectedProviderFeeMinor: expectedProviderFee(order.split),
    capturedAt: now,
    ...holdOf(order),
  };
}

/** The split with the money coming from where it did come from: a later attempt may have used another provider. */
export function splitFrom(order: PaymentRequested, provider: string): PaymentRequested['split'] {
  const requestedSource = order.split.find(({ kind }) => kind === 'purchase')?.from;
  if (isWallet(order.method) || provider === order.method.provider) return order.split;
  return order.split.map((transfer) => (transfer.from === requestedSource ? { ...transfer, from: account.provider(provider) } : transfer));
}

/** The ledger holds what was asked for: a wallet payment is captured with it, any other may now ask the provider. */
export function decideHoldPlaced(now: string, state: PaymentState): PaymentDecision {
  if (state?.hold !== 'asked') return nothing;
  const { order } = state;
  const reserved: PaymentEvent = { type: 'FundsReserved', holdId: holdIdOf(order.paymentId) };
  const next = isWallet(order.method)
    ? captured(order, 0, 'wallet', holdIdOf(order.paymentId), now)
    : attemptStarted(order, 1, order.method, now);
  return { events: [reserved, next] };
}

/** The ledger refused the hold: the payment ends. */
export function decideHoldRefused(code: string, state: PaymentState): PaymentDecision {
  if (state?.hold !== 'asked') return nothing;
  return {
    events: [
      { type: 'FundsRefused', holdId: holdIdOf(state.order.paymentId), code },
      { type: 'PaymentDeclined', ...referenceOf(state.order), code },
    ],
  };
}

/** Another method after a decline. */
export function decideNewAttempt(method: PaymentMethod, offered: boolean, now: string, state: PaymentState): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  if (openAttempt(state)) return { refused: 'attempt_open' };
  if (state.status !== 'requested' && state.status !== 'reserved') return { refused: 'state_conflict' };
  if (state.hold === 'asked') return { refused: 'state_conflict' };
  if (state.attempts.length >= maxAttempts) return { refused: 'attempts_exhausted' };
  if (!offered || isWallet(method) || isWallet(state.order.method)) return { refused: 'method_unavailable' };
  return { events: [attemptStarted(state.order, state.attempts.length + 1, method, now)] };
}

/** Someone wants the open attempt gone so that another method can be tried. */
export function decideSupersede(by: string, state: PaymentState): PaymentDecision {
  const open = state && openAttempt(state);
  if (!open || open.closing) return nothing;
  return { events: [{ type: 'AttemptCloseRequested', attempt: open.attempt, reason: 'superseded', by }] };
}

/**
 * Cancels: at once where nobody can pay any more, else by closing the open attempt first. An attempt that turns out to be captured wins:
 * the payment is then captured and may be refunded.
 */
export function decideCancel(by: string, reason: string, state: PaymentState, commandKey?: string): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  if (state.status === 'cancelled') return nothing;
  const open = openAttempt(state);
  if (open) return open.closing?.reason === 'cancelled' ? nothing : closeRequested(open.attempt, 'cancelled', by, commandKey);
  const mayEnd = (state.status === 'requested' || state.status === 'reserved') && state.hold !== 'asked';
  if (!mayEnd) return { refused: 'state_conflict' };
  return { events: [{ type: 'PaymentCancelled', ...nameOf(state.order), ...asked(commandKey), reason, by, ...holdOf(state.order) }] };
}

/** Ends a payment that nobody paid in time; before its time nothing happens. */
export function decideExpiry(now: Date, state: PaymentState): PaymentDecision {
  if (!state || now < new Date(state.order.expiresAt)) return nothing;
  const open = openAttempt(state);
  if (open) return open.closing ? nothing : closeRequested(open.attempt, 'expired', 'hub');
  if ((state.status !== 'requested' && state.status !== 'reserved') || state.hold === 'asked') return nothing;
  return { events: [{ type: 'PaymentExpired', ...referenceOf(state.order), ...holdOf(state.order) }] };
}

const closeRequested = (attempt: number, reason: 'cancelled' | 'expired', by: string, commandKey?: string): PaymentDecision => ({
  events: [{ type: 'AttemptCloseRequested', attempt, reason, by, ...asked(commandKey) }],
});

const asked = (commandKey: string | undefined): { commandKey?: string } => (commandKey === undefined ? {} : { commandKey });

/** Captures what was authorized. */
export function decideCapture(state: PaymentState, commandKey?: string): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  if (state.status === 'captured' || state.status === 'refunded') return nothing;
  const open = openAttempt(state);
  if (open?.status !== 'authorized' || open.closing) return { refused: 'state_conflict' };
  return open.captureRequested ? nothing : { events: [{ type: 'CaptureRequested', attempt: open.attempt, ...asked(commandKey) }] };
}

export interface RequestRefund {
  refundId: string;
  amountMinor: number;
  currency: string;
  reason: string;
  /** What the platform calls the command, where it came over Kafka. */
  commandKey?: string;
  now: string;
}

type RefundRefusal = [code: ProblemCode, applies: (command: RequestRefund, payment: Payment) => boolean];

/** In the order of precedence. */
export const refundRefusals: readonly RefundRefusal[] = [
  ['already_exists', (command, payment) => payment.refunds.has(command.refundId)],
  ['payment_not_captured', (_, payment) => !payment.capture],
  ['currency_mismatch', (command, payment) => command.currency !== payment.order.currency],
  ['amount_not_positive', (command) => command.amountMinor <= 0],
  ['exceeds_captured', (command, payment) => command.amountMinor > refundableMinor(payment)],
];

/** Decides a refund request. A repeated one (same id, same amount) changes nothing. Money of a wallet goes back at once. */
export function decideRefund(command: RequestRefund, state: PaymentState): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  if (state.refunds.get(command.refundId)?.amountMinor === command.amountMinor && command.currency === state.order.currency) return nothing;
  const refusal = refundRefusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  const { refundId, amountMinor, currency, reason, commandKey, now } = command;
  const providerKey = providerKeyOf(state.order.paymentId, 'refund', state.refunds.size + 1);
  const requested: PaymentEvent = {
    ...{ type: 'RefundRequested', refundId, amountMinor, currency, reason, providerKey, requestedAt: now },
    ...asked(commandKey),
  };
  if (state.capture?.provider !== 'wallet') return { events: [requested] };
  return { events: [requested, refunded(state, refundId, { amountMinor, commandKey }, 'wallet', now)] };
}

/** The event of a confirmed refund, with what it reverses of the split, computed now: on what has gone back so far, by refunds and disputes. */
export function refunded(
  payment: Payment,
  refundId: string,
  { amountMinor, commandKey }: { amountMinor: number; commandKey?: string | undefined },
  providerRef: string,
  now: string,
): PaymentEvent {
  const { order, capture, refundedMinor, disputes } = payment;
  if (!capture) throw new Error(`${order.paymentId} has a refund but no capture`);
  const before = [...disputes.values()].reduce((sum, dispute) => sum + claimedMinor(dispute), refundedMinor);
  return {
    type: 'PaymentRefunded',
    ...nameOf(order),
    ...asked(commandKey),
    refundId,
    amountMinor,
    currency: order.currency,
    refundedMinor: refundedMinor + amountMinor,
    providerRef,
    transfers: refundTransfers(reversedSplit(payment), capture.amountMinor, before + amountMinor),
    refundedAt: now,
  };
}

/** A settlement has settled sides of this payment; told once for each settlement and window. */
export function decideSettled(
  settled: { settlementId: string; windowId: string; sides: { party: string; netMinor: number }[] },
  state: PaymentState,
): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  if (state.settled.some(({ settlementId, windowId }) => settlementId === settled.settlementId && windowId === settled.windowId))
    return nothing;
  return { events: [{ type: 'PaymentSettled', ...nameOf(state.order), ...settled }] };
}

export { asked, captured as capturedEvent, holdOf, nameOf, referenceOf };
