import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentMessage } from '@tongbao/contracts';
import { openApplication } from './application.js';
import { eventually } from './hub.js';
import { Receiver, verified } from './receiver.js';

let hub: Awaited<ReturnType<typeof openApplication>>;
const receivers: Receiver[] = [];

beforeAll(async () => {
  hub = await openApplication();
});

afterAll(async () => {
  await hub.close();
  await Promise.all(receivers.map((receiver) => receiver.close()));
});

async function receiver(...answer: Parameters<typeof Receiver.open>): Promise<Receiver> {
  const opened = await Receiver.open(...answer);
  receivers.push(opened);
  return opened;
}

const expired = (paymentId: string, platformId: string): PaymentMessage => ({
  type: 'PaymentExpired',
  paymentId,
  platformId,
  orderId: `order of ${paymentId}`,
});

interface Delivery {
  deliveryId: string;
  state: string;
  subject: string;
}

const deliveries = async (who: string, query: string): Promise<Delivery[]> =>
  (await hub.ask(who, 'GET', `/deliveries?${query}`)).body['items'] as Delivery[];

describe('endpoints', () => {
  it('are registered once for an idempotency key, and tell their secret then', async () => {
    const body = { url: 'http://127.0.0.1:9/hook', eventTypes: ['payment.captured'] };
    const first = await hub.ask('A', 'POST', '/endpoints', body, 'once');
    expect(first).toMatchObject({
      status: 201,
      body: { platformId: 'A', status: 'enabled', secret: expect.stringMatching(/^whsec_/), eventTypes: ['payment.captured'] },
    });
    expect((await hub.ask('A', 'POST', '/endpoints', body, 'once')).body).toMatchObject({
      endpointId: first.body['endpointId'],
      secret: first.body['secret'],
    });
    const { endpointId, position } = first.body;
    const shown = await hub.ask('A', 'GET', `/endpoints/${String(endpointId)}`);
    expect(shown.body).toMatchObject({ endpointId, url: body.url });
    const listed = await hub.ask('A', 'GET', `/endpoints?atLeast=${String(position)}`);
    expect(JSON.stringify([shown.body, listed.body])).not.toContain('whsec_');
    expect(listed.body['items']).toMatchObject([{ endpointId }]);
  });

  it('of another platform do not exist', async () => {
    const { body } = await hub.ask('A', 'POST', '/endpoints', { url: 'http://127.0.0.1:9/hook' });
    const path = `/endpoints/${String(body['endpointId'])}`;
    expect((await hub.ask('B', 'GET', path)).body).toMatchObject({ code: 'not_found' });
    expect((await hub.ask('B', 'POST', `${path}/disable`)).body).toMatchObject({ code: 'not_found' });
    expect((await hub.ask('B', 'DELETE', path)).body).toMatchObject({ code: 'not_found' });
    expect((await hub.ask('B', 'GET', '/endpoints?platform=A')).body).toMatchObject({ code: 'forbidden' });
    expect((await hub.ask('operator', 'POST', `${path}/disable`)).body).toMatchObject({ status: 'disabled' });
    expect((await hub.ask('A', 'POST', `${path}/redeliver`, { from: '2026-01-01T00:00:00Z' })).body).toMatchObject({
      code: 'state_conflict',
    });
    expect((await hub.ask('A', 'POST', `${path}/enable`)).body).toMatchObject({ status: 'enabled' });
    expect((await hub.ask('A', 'DELETE', path)).status).toBe(204);
    expect((await hub.ask('A', 'GET', path)).status).toBe(404);
  });

  it.each<[string, object | undefined, string, string]>([
    ['no body', undefined, 'invalid', ''],
    ['no URL', {}, 'invalid', 'url'],
    ['a URL that goes nowhere public', { url: 'http://169.254.169.254/latest' }, 'invalid', 'url'],
    ['an unknown type', { url: 'http://127.0.0.1:9/', eventTypes: ['payment.lost'] }, 'invalid', 'eventTypes'],
    ['an unknown field', { url: 'http://127.0.0.1:9/', secret: 'mine' }, 'invalid', 'secret'],
  ])('with %s are refused', async (_, body, code, field) => {
    expect((await hub.ask('A', 'POST', '/endpoints', body)).body).toMatchObject({ code, ...(field && { field }) });
  });

  it('are refused to somebody unknown', async () => expect((await hub.ask('nobody', 'GET', '/endpoints')).status).toBe(401));
});

describe('news from the bus', () => {
  it('are delivered, signed with both secrets during a rotation, and shown in the log of their platform alone', async () => {
    const platform = await receiver();
    const { body } = await hub.ask('A', 'POST', '/endpoints', { url: platform.url });
    const endpointId = String(body['endpointId']);
    const rotated = await hub.ask('A', 'POST', `/endpoints/${endpointId}/rotate-secret`);
    await hub.happened(expired('pay_1', 'A'));
    const [webhook] = await platform.until(1);
    for (const secret of [body['secret'], rotated.body['secret']])
      expect(verified(String(secret), webhook!)).toMatchObject({ type: 'payment.expired', data: { paymentId: 'pay_1' } });

    const [delivery] = await eventually(async () => {
      const found = await deliveries('A', `endpoint=${endpointId}&state=delivered`);
      return found.length > 0 && found;
    });
    const path = `/deliveries/${String(delivery?.deliveryId)}`;
    expect((await hub.ask('A', 'GET', path)).body).toMatchObject({
      subject: 'pay_1',
      payload: webhook?.body,
      history: [{ attempt: 1, outcome: 'delivered', status: 204 }],
    });
    expect(await deliveries('B', `endpoint=${endpointId}`)).toEqual([]);
    expect((await hub.ask('B', 'GET', path)).status).toBe(404);
    expect((await hub.ask('B', 'POST', `${path}/redeliver`)).status).toBe(404);

    expect((await hub.ask('A', 'POST', `${path}/redeliver`)).status).toBe(202);
    expect((await platform.until(2)).map(({ id }) => id)).toEqual([delivery?.deliveryId, delivery?.deliveryId]);
    await hub.ask('A', 'DELETE', `/endpoints/${endpointId}`);
  });

  it('that are dead are found and recovered', async () => {
    const platform = await receiver(() => ({ status: 500 }));
    const { body } = await hub.ask('A', 'POST', '/endpoints', { url: platform.url });
    const endpointId = String(body['endpointId']);
    await hub.happened(expired('pay_2', 'A'));
    await eventually(async () => (await deliveries('A', `endpoint=${endpointId}&state=dead&subject=pay_2`)).length === 1);
    platform.answerWith(() => ({ status: 200 }));
    const recovered = await hub.ask('A', 'POST', `/endpoints/${endpointId}/redeliver`, { from: '2026-01-01T00:00:00Z' });
    expect(recovered).toMatchObject({ status: 202, body: { queued: 2 } });
    await eventually(async () => (await deliveries('A', `endpoint=${endpointId}&state=delivered`)).length === 2);
    await hub.ask('A', 'DELETE', `/endpoints/${endpointId}`);
  });
});

describe('server-sent events', () => {
  const told = (events: { data: { data: Record<string, unknown> } }[]) =>
    events.map(({ data }) => data.data['paymentId'] ?? data.data['settlementId']);

  it('resume by Last-Event-ID without gap or repetition, a platform seeing only its own', async () => {
    for (const paymentId of ['pay_s1', 'pay_s2', 'pay_s3']) await hub.happened(expired(paymentId, 'A'));
    await hub.happened(expired('pay_b', 'B'));
    await hub.happened(
      {
        type: 'SettlementStatusChanged',
        settlementId: 's1',
        currency: 'CNY',
        status: 'settled',
        parties: ['platform:A', 'platform:B'],
      } as { type: string },
      'settlement',
    );
    expect(told(await hub.events('B', 2, '?lastEventId=start')).sort()).toEqual(['pay_b', 's1']);

    const all = await hub.events('A', 6, '?lastEventId=start');
    expect(new Set(told(all))).toEqual(new Set(['pay_1', 'pay_2', 'pay_s1', 'pay_s2', 'pay_s3', 's1']));
    for (const [index, { id }] of all.slice(0, -1).entries()) {
      const rest = await hub.events('A', all.length - index - 1, '', id);
      expect(rest).toEqual(all.slice(index + 1));
    }
  });

  it('go on with what is new', async () => {
    const [last] = (await hub.events('A', 6, '?lastEventId=start')).slice(-1);
    const reading = hub.events('A', 20, '', last?.id);
    const paymentIds = Array.from({ length: 20 }, (_, index) => `pay_live_${index}`);
    for (const paymentId of paymentIds) await hub.happened(expired(paymentId, 'A'));
    expect(told(await reading)).toEqual(paymentIds);
  });

  it('of one platform are for operators too', async () =>
    expect(told(await hub.events('operator', 2, '?platform=B&lastEventId=start')).sort()).toEqual(['pay_b', 's1']));

  it.each(['x', '1', '999999.0'])('do not begin at an id that is none: %s', async (id) => {
    const { status, body } = await hub.ask('A', 'GET', `/events?lastEventId=${id}`);
    expect([status, body['code']]).toEqual([422, 'invalid']);
  });
});
