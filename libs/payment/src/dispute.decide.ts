import { account, type DisputeClosed, type PaymentEvent, type ProblemCode, type SplitTransfer } from '@tongbao/contracts';
import { proportionalStep, toSafeInteger } from '@tongbao/money';
import { claimedMinor, type Dispute } from './dispute.js';
import { nameOf, type PaymentDecision } from './payment.decide.js';
import { refundableMinor, type Capture, type Payment, type PaymentState } from './payment.js';
import { reversalOf, reversedSplit, sourceOf } from './reversal.js';

export interface OpenDispute {
  disputeId: string;
  /** What is in dispute: a part of what was captured, or all of it. */
  amountMinor: number;
  currency: string;
  reason: string;
  now: string;
}

export interface CloseDispute {
  disputeId: string;
  outcome: DisputeClosed['outcome'];
  /** What the payer gets back; told for `part` alone. */
  lostMinor?: number;
  /** What the provider charges for the dispute, whatever its outcome. */
  feeMinor: number;
  now: string;
}

const nothing: PaymentDecision = { events: [] };

/** In the order of precedence. */
export const openRefusals: readonly [ProblemCode, (command: OpenDispute, payment: Payment) => boolean][] = [
  ['already_exists', ({ disputeId }, { disputes }) => disputes.has(disputeId)],
  ['payment_not_captured', (_, { capture }) => !capture],
  ['currency_mismatch', ({ currency }, { order }) => currency !== order.currency],
  ['amount_not_positive', ({ amountMinor }) => amountMinor <= 0],
  ['exceeds_captured', ({ amountMinor }, payment) => amountMinor > refundableMinor(payment)],
];

/** In the order of precedence. */
export const closeRefusals: readonly [ProblemCode, (command: CloseDispute, dispute: Dispute, capture: Capture) => boolean][] = [
  ['state_conflict', (_, { status }) => status !== 'open'],
  ['invalid', ({ outcome, lostMinor }) => (outcome === 'part') !== (lostMinor !== undefined)],
  ['invalid', ({ lostMinor }, { amountMinor }) => lostMinor !== undefined && (lostMinor <= 0 || lostMinor >= amountMinor)],
  // A wallet has no provider who could charge for it.
  ['invalid', ({ feeMinor }, _, { provider }) => feeMinor < 0 || (feeMinor > 0 && provider === 'wallet')],
];

/**
 * Withholds money of a captured payment. What is withheld counts as gone for refunds and for other disputes, so that all of them together never pass what
 * was captured.
 */
export function decideOpenDispute(command: OpenDispute, state: PaymentState): PaymentDecision {
  if (!state) return { refused: 'not_found' };
  const { disputeId, amountMinor, currency, reason, now } = command;
  const known = state.disputes.get(disputeId);
  if (known?.amountMinor === amountMinor && known.reason === reason && currency === state.order.currency) return nothing;
  const refusal = openRefusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  const { order, capture, refundedMinor, disputes } = state;
  if (!capture) return { refused: 'payment_not_captured' };
  const before = refundedMinor + [...disputes.values()].reduce((sum, each) => sum + claimedMinor(each), 0);
  const source = sourceOf(capture.split);
  const transfers = reversalOf(reversedSplit(state), capture.amountMinor, before + amountMinor).map((transfer) =>
    transfer.to === source ? { ...transfer, to: account.dispute(disputeId) } : transfer,
  );
  return { events: [{ type: 'DisputeOpened', ...nameOf(order), disputeId, amountMinor, currency, reason, transfers, openedAt: now }] };
}

/** Ends a dispute: what was withheld goes back to the parties, to the payer, or to both in proportion. */
export function decideCloseDispute(command: CloseDispute, state: PaymentState): PaymentDecision {
  const dispute = state?.disputes.get(command.disputeId);
  const capture = state?.capture;
  if (!dispute || !capture) return { refused: 'not_found' };
  if (dispute.status === command.outcome && (command.lostMinor ?? dispute.lostMinor) === dispute.lostMinor) return nothing;
  const refusal = closeRefusals.find(([, applies]) => applies(command, dispute, capture));
  return refusal ? { refused: refusal[0] } : { events: [closedEvent(command, state, dispute, capture)] };
}

function closedEvent(command: CloseDispute, { order }: Payment, dispute: Dispute, capture: Capture): PaymentEvent {
  const { disputeId, outcome, feeMinor, now } = command;
  const lostMinor = outcome === 'won' ? 0 : outcome === 'lost' ? dispute.amountMinor : (command.lostMinor ?? 0);
  const transfers = [...endTransfers(command.disputeId, dispute, lostMinor, capture), ...feeTransfers(feeMinor, order.platformId, capture)];
  return { type: 'DisputeClosed', ...nameOf(order), disputeId, outcome, lostMinor, currency: order.currency, transfers, closedAt: now };
}

/** What was withheld is divided in the proportion in which the dispute was lost: that part stays reversed, the rest of each transfer comes back. */
function endTransfers(disputeId: string, { amountMinor, withheld }: Dispute, lostMinor: number, { split }: Capture): SplitTransfer[] {
  const source = sourceOf(split);
  const place = account.dispute(disputeId);
  return withheld
    .flatMap((transfer): SplitTransfer[] => {
      const kept = toSafeInteger(proportionalStep(BigInt(transfer.amountMinor), 0n, BigInt(lostMinor), BigInt(amountMinor)));
      const back = { ...transfer, from: transfer.to, to: transfer.from, amountMinor: transfer.amountMinor - kept };
      return transfer.to === place ? [back, { ...transfer, from: place, to: source, amountMinor: kept }] : [back];
    })
    .filter((transfer) => transfer.amountMinor > 0);
}

/** Whoever bears the provider's fee by the split bears this one too; the seller, where no rule says. */
function feeTransfers(feeMinor: number, sellerId: string, { split }: Capture): SplitTransfer[] {
  if (feeMinor === 0) return [];
  const from = split.find(({ kind }) => kind === 'provider-fee')?.from ?? account.platform(sellerId);
  const isExternal = split.some(({ kind, external }) => kind === 'purchase' && external);
  const fee = { from, to: sourceOf(split), amountMinor: feeMinor, kind: 'dispute-fee', refundable: false };
  return [isExternal ? { ...fee, external: true } : fee];
}
