import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey, RequestSigner } from '@tongbao/client';
import { EventStore } from '@tongbao/event-store';
import { HubClient } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

describe('bad input', () => {
  let world: World;
  let store: EventStore;
  beforeAll(async () => {
    world = await World.begin({ BODY_LIMIT_BYTES: '4096' });
    store = EventStore.connect(world.hub.eventStoreUrl);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await world.end();
  });

  const good = () => orderOf('A', 1000);
  const text = (change: (json: string) => string) => change(JSON.stringify(good()));
  const problemOf = async (body: string, platform = 'A', headers = {}) =>
    world.platform(platform).send('POST', '/v1/payments', body, { headers });

  it.each<[string, () => string, number, string]>([
    ['no JSON', () => '{"platformId":', 400, 'malformed'],
    ['nothing', () => '', 422, 'invalid'],
    ['a list', () => '[]', 422, 'invalid'],
    ['a duplicate key with another value', () => text((json) => json.replace('{', '{"amountMinor":5,')), 400, 'malformed'],
    ['a duplicate key with the same value', () => text((json) => json.replace('{', '{"amountMinor":1000,')), 400, 'malformed'],
    ['nesting without end', () => '['.repeat(4_000), 400, 'malformed'],
    [
      'a number that a double would change',
      () => text((json) => json.replace('"amountMinor":1000', '"amountMinor":1000.0000000000000000001')),
      400,
      'malformed',
    ],
    ['an unsafe integer', () => text((json) => json.replace('"amountMinor":1000', '"amountMinor":9007199254740993')), 400, 'malformed'],
    [
      'an amount beyond the largest',
      () => text((json) => json.replace('"amountMinor":1000', '"amountMinor":9007199254740992')),
      422,
      'invalid',
    ],
    ['a negative amount', () => text((json) => json.replace('"amountMinor":1000', '"amountMinor":-1000')), 422, 'invalid'],
    ['a fractional amount', () => text((json) => json.replace('"amountMinor":1000', '"amountMinor":10.5')), 422, 'invalid'],
    ['an amount as text', () => text((json) => json.replace('"amountMinor":1000', '"amountMinor":"1000"')), 422, 'invalid'],
    ['an unknown currency', () => text((json) => json.replace('CNY', 'XYZ')), 422, 'invalid'],
    ['an unknown field', () => text((json) => json.replace('{', '{"amount":1000,')), 422, 'invalid'],
    ['a prototype as a field', () => text((json) => json.replace('{', '{"__proto__":{"amountMinor":1},')), 400, 'malformed'],
    ['an object where a list is meant', () => text((json) => json.replace(/"items":\[(.*?)\]/, '"items":$1')), 422, 'invalid'],
    ['an id with a slash', () => text((json) => json.replace('"u1"', '"../u1"')), 422, 'invalid'],
  ])('%s is answered with a problem document', async (_, body, status, code) => {
    const answer = await problemOf(body());
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status, code, title: expect.any(String), detail: expect.any(String) });
    expect(answer.status).toBe(status);
  });

  it('names the field that is wrong', async () => {
    const order = good();
    const answer = await world
      .platform('A')
      .post('/v1/payments', { ...order, items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 0, agreementId: 'example-1' }] });
    expect(answer.body).toMatchObject({ code: 'invalid', field: 'items[0].quantity' });
  });

  it('an oversized body is refused', async () =>
    expect(expectStatus(await problemOf(text((json) => json.replace('course-1', 'x'.repeat(5_000)))), 413).body.code).toBe(
      'payload_too_large',
    ));
  it('another content type is refused', async () =>
    expect(expectStatus(await problemOf(JSON.stringify(good()), 'A', { 'content-type': 'text/xml' }), 415).body.code).toBe(
      'unsupported_media_type',
    ));
  it('bytes that are no UTF-8 are refused', async () => {
    const bytes = Buffer.from(JSON.stringify(good()).replace('course-1', 'cours\u00e9'), 'latin1');
    expect(expectStatus(await world.platform('A').send('POST', '/v1/payments', new Uint8Array(bytes)), 400).body.code).toBe('malformed');
  });
  it('an unknown path is a problem document too', async () =>
    expect(expectStatus(await world.platform('A').get('/v1/nothing'), 404).body.code).toBe('not_found'));

  it('without a signature, or with a wrong one, nobody is let in', async () => {
    expect(expectStatus(await world.anonymous.post('/v1/payments', good()), 401).body.code).toBe('unauthenticated');
    const stranger = new HubClient(() => world.hub.url, new RequestSigner('A', generateKey()));
    expect(expectStatus(await stranger.post('/v1/payments', good()), 401).body).toMatchObject({
      code: 'unauthenticated',
      detail: expect.stringContaining('names no key'),
    });
    const other = new HubClient(() => world.hub.url, new RequestSigner('B', world.keyOf('A')));
    expect(expectStatus(await other.get('/v1/payments'), 401).body.code).toBe('unauthenticated');
  });
  it('a signed request that was altered on its way is not let in', async () => {
    const altered = { 'idempotency-key': 'another' };
    expect(expectStatus(await world.platform('A').post('/v1/payments', good(), { headers: altered }), 401).body.detail).toContain(
      'verification failed',
    );
    const digest = { 'content-digest': 'sha-256=:AAAA:' };
    expect(expectStatus(await world.platform('A').post('/v1/payments', good(), { headers: digest }), 401).body.code).toBe(
      'unauthenticated',
    );
  });
  it('an API key of an earlier release lets nobody in', async () => {
    const old = { authorization: `Bearer tbk_${'0'.repeat(12)}_${'0'.repeat(64)}` };
    expect(expectStatus(await world.anonymous.post('/v1/payments', good(), { headers: old }), 401).body.code).toBe('unauthenticated');
  });
  it('a platform cannot order for another, nor see its payments', async () => {
    expect(expectStatus(await world.platform('B').post('/v1/payments', good()), 403).body.code).toBe('forbidden');
    const { body } = expectStatus(await world.platform('A').post('/v1/payments', good(), { waitSeconds: 10 }), 201);
    expectStatus(await world.platform('B').get(`/v1/payments/${body.paymentId}`), 404);
    expect(expectStatus(await world.platform('B').get('/v1/payments?platform=A'), 403).body.code).toBe('forbidden');
  });
  it('operators and platforms keep to their own', async () => {
    expectStatus(
      await world.platform('A').post('/v1/platforms', { platformId: 'Z', name: 'Z', currencies: ['CNY'], methods: ['alipay'] }),
      403,
    );
    expectStatus(
      await world.operator('auditor').post('/v1/platforms', { platformId: 'Z', name: 'Z', currencies: ['CNY'], methods: ['alipay'] }),
      403,
    );
  });
  it('without an Idempotency-Key a command is refused', async () =>
    expect(expectStatus(await world.platform('A').post('/v1/payments', good(), { key: null }), 422).body).toMatchObject({
      code: 'invalid',
      field: 'Idempotency-Key',
    }));

  describe('every refusal of a request', () => {
    const refused = async (change: Record<string, unknown>, amountMinor = 1000) =>
      (await world.platform('A').post('/v1/payments', { ...orderOf('A', amountMinor), ...change })).body.code as string;

    it.each<[string, Record<string, unknown>]>([
      ['currency_unsupported', { currency: 'EUR' }],
      ['amount_mismatch', { amountMinor: 1001 }],
      ['agreement_missing', { items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 1, agreementId: 'none' }] }],
      ['method_unavailable', { method: { provider: 'paypal' } }],
      ['invalid', { processorId: 'nobody' }],
      ['invalid', { expiresAt: '2001-01-01T00:00:00Z' }],
    ])('%s', async (code, change) => expect(await refused(change)).toBe(code));

    it('platform_suspended', async () => {
      await world.addPlatform('S');
      expectStatus(await world.operator('ops').post('/v1/platforms/S/suspend', { reason: 'test' }), 200);
      expect(await refused({ processorId: 'S' })).toBe('platform_suspended');
      expectStatus(await world.operator('ops').post('/v1/platforms/S/reinstate'), 200);
      expectStatus(await world.platform('A').post('/v1/payments', orderOf('A', 1000, { processorId: 'S' }), { waitSeconds: 10 }), 201);
    });
    it('limit_exceeded', async () => {
      await world.addPlatform('V');
      const limits = [{ scope: 'user', windowSeconds: 3600, maxCount: 2, maxAmountMinor: 2500 }];
      expectStatus(await world.operator('ops').put('/v1/platforms/V/velocity-limits', { limits }), 200);
      expectStatus(await world.platform('V').post('/v1/payments', orderOf('V', 1000), { waitSeconds: 10 }), 201);
      expect(expectStatus(await world.platform('V').post('/v1/payments', orderOf('V', 1600)), 429).body.code).toBe('limit_exceeded');
      expectStatus(await world.platform('V').post('/v1/payments', orderOf('V', 1500), { waitSeconds: 10 }), 201);
      expect(expectStatus(await world.platform('V').post('/v1/payments', orderOf('V', 1)), 429).body.code).toBe('limit_exceeded');
    });
    it('order_conflict, and the outcome so far for the same content', async () => {
      const order = good();
      const first = expectStatus(await world.platform('A').post('/v1/payments', order, { waitSeconds: 10 }), 201);
      const again = expectStatus(await world.platform('A').post('/v1/payments', { ...order, method: { provider: 'stripe' } }), 200);
      expect(again.body).toMatchObject({ paymentId: first.body.paymentId, status: 'captured', attempts: [{ provider: 'alipay' }] });
      expect(expectStatus(await world.platform('A').post('/v1/payments', { ...order, payer: { userId: 'u2' } }), 409).body.code).toBe(
        'order_conflict',
      );
    });
    it('insufficient_funds, known when the ledger answers', async () => {
      const order = orderOf('A', 1000, { payer: { userId: 'poor' }, method: { provider: 'wallet' } });
      expect((await world.platform('A').post('/v1/payments', order, { waitSeconds: 10 })).body).toMatchObject({
        status: 'declined',
        code: 'insufficient_funds',
      });
    });
    it('cap_exceeded, known when the ledger answers', async () => {
      await world.addPlatform('P');
      expectStatus(await world.operator('finance').put('/v1/platforms/P/limits', { currency: 'CNY', netDebitCapMinor: 60 }), 200);
      const order = () => orderOf('A', 1000, { processorId: 'P' });
      expect((await world.platform('A').post('/v1/payments', order(), { waitSeconds: 10 })).body.status).toBe('captured');
      expect((await world.platform('A').post('/v1/payments', order(), { waitSeconds: 10 })).body).toMatchObject({
        status: 'declined',
        code: 'cap_exceeded',
      });
    });
  });

  it('an authenticated refusal is stored before it is answered, and repeated to whoever repeats the command', async () => {
    const key = randomUUID();
    const order = { ...good(), items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 1, agreementId: 'later' }] };
    const before = await store.head();
    expect(expectStatus(await world.platform('A').post('/v1/payments', order, { key }), 422).body.code).toBe('agreement_missing');
    const stored = [];
    for await (const { events } of store.follow(['command', 'payment'], before, AbortSignal.timeout(10_000))) {
      stored.push(...events);
      if (stored.length > 0) break;
    }
    expect(stored.map(({ event }) => event)).toMatchObject([{ type: 'CommandRefused', code: 'agreement_missing', platformId: 'A' }]);

    await world.addAgreement('later', [{ from: 'seller', to: 'hub', kind: 'fee', basis: 'gross', rateBasisPoints: 100, refundable: true }]);
    expect(expectStatus(await world.platform('A').post('/v1/payments', order, { key }), 422).body.code).toBe('agreement_missing');
    expect(expectStatus(await world.platform('A').post('/v1/payments', { ...order, amountMinor: 1 }, { key }), 422).body.code).toBe(
      'idempotency_key_reused',
    );
    expectStatus(await world.platform('A').post('/v1/payments', order, { waitSeconds: 10 }), 201);
  });
});
