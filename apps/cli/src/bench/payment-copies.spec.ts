import { describe, expect, it } from '@jest/globals';
import { copiesAsStreams, copyOf, templateOf } from './payment-copies.js';

const paymentId = 'pay_p4npzl4x2u6rk6oesyvcs3swowgg5u52';
const events = [
  { type: 'PaymentRequested', paymentId, orderId: 'template', platformId: 'bench-seller', amountMinor: 1_000 },
  { type: 'AttemptStarted', attempt: 1, providerKey: 'p4npzl4x2u6rk6oesyvcs3swow01' },
  { type: 'PaymentCaptured', paymentId, orderId: 'template', amountMinor: 1_000, providerRef: 'sandbox_p4npzl4x2u6rk6oesyvcs3swow01' },
];

describe('copies of a payment', () => {
  it('differ in what the id and the order go into, and in nothing else', () => {
    const copy = copyOf(templateOf(events), 5);
    expect(copy.paymentId).toBe('pay_aaaaaafx2u6rk6oesyvcs3swowgg5u52');
    expect(copy.events).toEqual([
      { ...events[0], paymentId: copy.paymentId, orderId: 'copy-5' },
      { ...events[1], providerKey: 'aaaaaafx2u6rk6oesyvcs3swow01' },
      { ...events[2], paymentId: copy.paymentId, orderId: 'copy-5', providerRef: 'sandbox_aaaaaafx2u6rk6oesyvcs3swow01' },
    ]);
  });

  it('have ids of the form that payments have, each its own', () => {
    const template = templateOf(events);
    const ids = Array.from({ length: 2_000 }, (_, number) => copyOf(template, number * 977).paymentId);
    expect(new Set(ids).size).toBe(2_000);
    for (const id of ids) expect(id).toMatch(/^pay_[a-z2-7]{32}$/);
  });

  it('are streams that a store without them takes as they are', () => {
    const template = templateOf(events);
    const streams = [...copiesAsStreams(template, { first: 4, count: 2 })];
    const { paymentId: fifth } = copyOf(template, 5);
    expect(streams.map(({ stream }) => stream)).toEqual([`payment-${copyOf(template, 4).paymentId}`, `payment-${fifth}`]);
    expect(streams[1]?.events.map(({ type, data }) => ({ type, ...(JSON.parse(data) as object) }))).toEqual(copyOf(template, 5).events);
    expect(streams[1]?.events.map(({ metadata }) => JSON.parse(metadata) as object)).toEqual(
      events.map(() => ({ $causationId: `copy ${fifth}`, $correlationId: fifth })),
    );
  });

  it('are made of whole payments only', () => {
    expect(() => templateOf(events.slice(0, 2))).toThrow('whole payment');
    expect(() => templateOf([])).toThrow('whole payment');
  });
});
