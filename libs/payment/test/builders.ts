import type { AgreementVersionRegistered, PaymentEvent, PaymentItem, SplitRule } from '@tongbao/contracts';
import { paymentFold, type PaymentState } from '../src/payment.js';
import { decideRequest, type RequestContext, type RequestPayment } from '../src/payment.decide.js';
import { paymentIdOf } from '../src/payment-id.js';

export const at = '2026-01-31T08:00:00.000Z';

/** A pays 10 % as platform service fee, the processor 5 % as payment handling fee: example 1 of the domain. */
export const example1Rules: SplitRule[] = [
  { from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 1000, refundable: true },
  { from: 'processor', to: 'hub', kind: 'payment-handling-fee', basis: 'gross', rateBasisPoints: 500, refundable: true },
];

/** The owner gets 80 % of gross and pays the hub 1 % of it; its creator gets 70 % of what the owner has left: examples 2 and 3. */
export const example2Rules: SplitRule[] = [
  { from: 'seller', to: 'owner', kind: 'content-share', basis: 'gross', rateBasisPoints: 8000, refundable: true },
  { from: 'owner', to: 'hub', kind: 'hub-fee', basis: 'gross', rateBasisPoints: 100, refundable: true },
  { from: 'owner', to: 'creator', kind: 'royalty', basis: 'left', rateBasisPoints: 7000, refundable: true },
];

export const item = (change: Partial<PaymentItem> = {}): PaymentItem => ({
  contentId: 'course-1',
  unitPriceMinor: 1000,
  quantity: 1,
  ownerId: 'A',
  creators: [],
  agreementId: 'standard',
  ...change,
});

export const order = (change: Partial<RequestPayment> = {}): RequestPayment => ({
  paymentId: paymentIdOf('A', 'order-1'),
  platformId: 'A',
  orderId: 'order-1',
  payer: { userId: 'u1' },
  items: [item()],
  amountMinor: 1000,
  currency: 'CNY',
  method: { provider: 'alipay' },
  collection: 'hub',
  captureMode: 'automatic',
  processorId: 'B',
  contentHash: 'content-1',
  now: at,
  expiresAt: '2026-01-31T10:00:00.000Z',
  ...change,
});

export const agreement = (rules: SplitRule[], agreementId = 'standard'): AgreementVersionRegistered => ({
  type: 'AgreementVersionRegistered',
  agreementId,
  version: 1,
  name: agreementId,
  validFrom: '2026-01-01T00:00:00.000Z',
  rules,
  registeredAt: '2026-01-01T00:00:00.000Z',
});

/** A context in which everything is allowed. */
export const context = (change: Partial<RequestContext> = {}): RequestContext => ({
  currencies: ['CNY', 'USD'],
  isSuspended: () => false,
  sellsIn: () => true,
  agreement: () => agreement(example1Rules),
  offers: () => true,
  hasLimits: () => false,
  ...change,
});

export const stateOf = (...history: PaymentEvent[]): PaymentState => history.reduce<PaymentState>(paymentFold.evolve, paymentFold.initial);

/** The events of an accepted request. */
export function requested(change: Partial<RequestPayment> = {}, contextChange: Partial<RequestContext> = {}): PaymentEvent[] {
  const decision = decideRequest(order(change), context(contextChange), undefined);
  if ('refused' in decision) throw new Error(`refused: ${decision.refused}`);
  return [...decision.events];
}
