import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@tongbao/contracts';
import { load } from '@tongbao/event-store';
import { openApplication, type Application, type Reply } from '../test/application.js';
import { body } from '../test/intake.js';
import { paymentFold, refundableMinor } from './payment.js';

let hub: Application;
let orders = 0;

beforeAll(async () => {
  hub = await openApplication();
}, 180_000);
afterAll(() => hub.close());

/** A payment of 10.00 that is captured. */
async function paid(): Promise<string> {
  orders += 1;
  const { body: asked } = await hub.ask('A', 'POST', '/v1/payments', body({ orderId: `disputed-${orders}` }));
  const paymentId = String(asked['paymentId']);
  for (;;) {
    const { body: now } = await hub.ask('A', 'GET', `/v1/payments/${paymentId}`);
    if (now['status'] === 'captured') return paymentId;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const disputes = (paymentId: string) => `/v1/payments/${paymentId}/disputes`;
const open = (paymentId: string, change: object = {}, who = 'finance'): Promise<Reply> =>
  hub.ask(who, 'POST', disputes(paymentId), { amountMinor: 400, currency: 'CNY', reason: 'not_received', ...change });
const close = (paymentId: string, disputeId: string, content: object, who = 'finance'): Promise<Reply> =>
  hub.ask(who, 'POST', `${disputes(paymentId)}/${disputeId}/close`, content);

describe('a dispute', () => {
  it('is opened and closed by an operator, shown on the payment, and told to its platform', async () => {
    const paymentId = await paid();
    const opened = await open(paymentId, { disputeId: 'du_1' });
    expect(opened).toMatchObject({
      status: 201,
      body: { status: 'captured', disputes: [{ disputeId: 'du_1', amountMinor: 400, status: 'open', lostMinor: 0 }] },
    });
    const head = await hub.store.head();
    const list = async () => (await hub.ask('finance', 'GET', `/v1/payments?disputed=true&atLeast=${head}`)).body['items'];
    expect(await list()).toMatchObject([{ paymentId, disputedMinor: 400, lostMinor: 0 }]);

    expect(await close(paymentId, 'du_1', { outcome: 'part', lostMinor: 100, feeMinor: 15 })).toMatchObject({
      status: 200,
      body: { disputes: [{ status: 'part', lostMinor: 100 }] },
    });
    const closedAt = await hub.store.head();
    const { body: after } = await hub.ask('finance', 'GET', `/v1/payments?atLeast=${closedAt}`);
    expect(after['items']).toContainEqual(expect.objectContaining({ paymentId, disputedMinor: 0, lostMinor: 100 }));
    expect((await hub.ask('finance', 'GET', '/v1/payments?disputed=true')).body['items']).toEqual([]);
    expect(
      (await hub.told('A')).filter(({ key, type }) => key === paymentId && type?.includes('Dispute')).map(({ data }) => data),
    ).toMatchObject([
      { type: 'DisputeOpened', disputeId: 'du_1', amountMinor: 400, reason: 'not_received' },
      { type: 'DisputeClosed', disputeId: 'du_1', outcome: 'part', lostMinor: 100 },
    ]);
  });

  it('is named by its command where nobody names it', async () => {
    const paymentId = await paid();
    expect((await open(paymentId)).body['disputes']).toMatchObject([{ disputeId: expect.stringMatching(/^dsp_[0-9a-f]{24}$/) }]);
  });

  it.each<[string, (paymentId: string) => Promise<Reply>, number, object]>([
    ['by its platform', (id) => open(id, {}, 'A'), 403, { code: 'forbidden' }],
    ['by an auditor', (id) => open(id, {}, 'auditor'), 403, { code: 'forbidden' }],
    ['of a payment that there is not', () => open('pay_x'), 404, { code: 'not_found' }],
    ['without a reason', (id) => open(id, { reason: undefined }), 422, { code: 'invalid', field: 'reason' }],
    ['of more than was captured', (id) => open(id, { amountMinor: 1_001 }), 409, { code: 'exceeds_captured' }],
    ['in another currency', (id) => open(id, { currency: 'USD' }), 422, { code: 'currency_mismatch' }],
    ['and its end, where it was not opened', (id) => close(id, 'du_2', { outcome: 'won' }), 404, { code: 'not_found' }],
    [
      'and its end, with an outcome that is none',
      (id) => close(id, 'du_2', { outcome: 'drawn' }),
      422,
      { code: 'invalid', field: 'outcome' },
    ],
    ['and its end, by an auditor', (id) => close(id, 'du_2', { outcome: 'won' }, 'auditor'), 403, { code: 'forbidden' }],
  ])('is refused %s', async (_, ask, status, answer) => expect(await ask(await paid())).toMatchObject({ status, body: answer }));

  it('and refunds, however many arrive at once, never pass what was captured', async () => {
    const paymentId = await paid();
    const asked = Array.from({ length: 24 }, (_, index) =>
      index % 2 === 0
        ? open(paymentId, { disputeId: `du_c${index}`, amountMinor: 90 })
        : hub.ask('A', 'POST', `/v1/payments/${paymentId}/refunds`, { amountMinor: 90, currency: 'CNY' }),
    );
    const replies = await Promise.all(asked);
    const taken = replies.filter(({ status }) => status < 300);
    expect(taken).toHaveLength(11);
    for (const { status, body: refusal } of replies) if (status >= 300) expect(refusal).toMatchObject({ code: 'exceeds_captured' });
    const { state } = await load(hub.store, `payment-${paymentId}`, paymentFold);
    expect(refundableMinor(state!)).toBe(10);
    const events = await hub.store.read<PaymentEvent>(`payment-${paymentId}`);
    const claims = events.filter(({ event }) => event.type === 'DisputeOpened' || event.type === 'RefundRequested');
    expect(claims).toHaveLength(11);
  });
});
