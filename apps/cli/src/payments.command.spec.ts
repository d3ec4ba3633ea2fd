import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { storyText, type Story } from './payments.command.js';

const event = (revision: number, of: PaymentEvent, actor: string): StoredEvent<PaymentEvent> => ({
  ...{ event: of, stream: 'payment-pay_1', revision, position: BigInt(revision + 1), id: `e${revision}`, metadata: { actor } },
  createdAt: new Date('2026-01-01T00:00:00.000Z'),
});

const story: Story = {
  payment: {
    ...{
      paymentId: 'pay_1',
      platformId: 'A',
      orderId: 'order-1',
      status: 'captured',
      amountMinor: 1_000,
      refundedMinor: 400,
      currency: 'CNY',
    },
    attempts: [
      { attempt: 1, provider: 'alipay', status: 'declined', code: 'card_declined' },
      { attempt: 2, provider: 'stripe', status: 'captured' },
    ],
    refunds: [{ refundId: 'r1', amountMinor: 400, status: 'refunded' }],
    split: [{ from: 'provider:stripe', to: 'platform:A', amountMinor: 1_000, kind: 'purchase', refundable: true }],
    settlements: [],
  },
  events: [event(2, { type: 'AttemptDeclined', attempt: 1, code: 'card_declined' }, 'hub')],
  entries: [
    {
      ...{ number: 7, kind: 'PaymentCaptured', ref: 'pay_1', postedAt: '2026-01-01T00:00:01.000Z' },
      transfers: [{ from: 'provider:stripe', to: 'platform:A', amountMinor: 1_000, currency: 'CNY', kind: 'purchase' }],
    },
  ],
  deliveries: [
    {
      ...{ deliveryId: 'msg_1', endpointId: 'ep_1', type: 'payment.captured', state: 'delivered', attempts: 1, lastStatus: 204 },
      createdAt: '2026-01-01T00:00:02.000Z',
    },
  ],
};

describe("a payment's story", () => {
  const lines = storyText(story).split('\n');
  const lineWith = (words: string) =>
    lines
      .find((line) => line.includes(words))
      ?.trim()
      .split(/\s{2,}/);

  it('begins with what the payment is', () => expect(lines[0]).toBe('pay_1  A/order-1  captured  10.00 CNY, 4.00 refunded'));

  it.each([
    ['events', 'AttemptDeclined', ['2026-01-01T00:00:00.000Z', '2', 'AttemptDeclined', 'hub', 'attempt 1, code card_declined']],
    ['attempts', 'alipay', ['1', 'alipay', 'declined', 'card_declined']],
    ['refunds', 'r1', ['r1', '4.00', 'refunded']],
    ['entries', '00:00:01', ['7', '2026-01-01T00:00:01.000Z', 'provider:stripe', 'platform:A', '10.00', 'purchase']],
    ['webhooks', 'msg_1', ['msg_1', 'payment.captured', 'delivered', '1', '204']],
  ])('tells its %s', (_, words, expected) => expect(lineWith(words)).toEqual(expected));

  it('leaves out what there is nothing of', () => expect(lines).not.toContain('Settled in'));
});
