import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

describe('a provider', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.begin({ PROVIDER_TIMEOUT_MS: '500' });
  }, 60_000);
  afterAll(() => world.end());

  let number = 0;
  /** Each case has a currency account of its own to look at: a user pays platform C alone. */
  const pay = async (token: string, change: Record<string, unknown> = {}) => {
    number += 1;
    return world
      .platform('C')
      .post('/v1/payments', orderOf('C', 1000 + number, { method: { provider: 'alipay', token }, ...change }), { waitSeconds: 10 });
  };
  const reload = async (paymentId: string) => (await world.platform('C').get(`/v1/payments/${paymentId}`)).body;
  const becomes = (paymentId: string, status: string, timeoutMs = 30_000) =>
    eventually(
      () => reload(paymentId),
      (payment) => payment.status === status,
      timeoutMs,
    );
  const entriesOf = async (paymentId: string) =>
    (await world.operator('auditor').get(`/v1/ledger/entries?ref=${paymentId}`)).body.items as { kind: string }[];
  const postsBecome = (paymentId: string, ...kinds: string[]) =>
    eventually(
      async () => (await entriesOf(paymentId)).map(({ kind }) => kind).sort(),
      (found) => JSON.stringify(found) === JSON.stringify([...kinds].sort()),
    );

  it('that approves captures', async () => expect((await pay('approve')).body.status).toBe('captured'));
  it('that declines leaves another method to try, three in all', async () => {
    const { body } = await pay('decline:insufficient_credit');
    expect(body).toMatchObject({ status: 'requested', attempts: [{ status: 'declined', code: 'insufficient_credit' }] });
    const second = expectStatus(
      await world
        .platform('C')
        .post(`/v1/payments/${body.paymentId}/attempts`, { method: { provider: 'stripe', token: 'decline' } }, { waitSeconds: 10 }),
      201,
    );
    expect(second.body.status).toBe('requested');
    const third = await world
      .platform('C')
      .post(`/v1/payments/${body.paymentId}/attempts`, { method: { provider: 'wechatpay' } }, { waitSeconds: 10 });
    expect(third.body).toMatchObject({ status: 'captured', attempts: [{}, {}, { provider: 'wechatpay', status: 'captured' }] });
    await postsBecome(body.paymentId, 'PaymentCaptured');
  });
  it('that sends the payer to a page captures when the payer has paid there', async () => {
    const { body } = await pay('action');
    expect(body).toMatchObject({ status: 'pending', attempts: [{ status: 'action_required', action: { kind: 'redirect' } }] });
    expectStatus(await world.anonymous.get(body.attempts[0].action.value), 200);
    await becomes(body.paymentId, 'captured');
  });
  it('that is slow captures in the end', async () => expect((await pay('slow:100')).body.status).toBe('captured'));
  it('that takes the money and never answers is asked what it did: one charge', async () => {
    const { body } = await pay('timeout');
    expect(body.status === 'unknown' || body.status === 'captured').toBe(true);
    await becomes(body.paymentId, 'captured');
    await postsBecome(body.paymentId, 'PaymentCaptured');
  }, 60_000);
  it('that could not be reached is called again with the same key', async () => {
    const { body } = await pay('unreachable');
    await becomes(body.paymentId, 'captured');
  }, 60_000);
  it('that calls back twice captures once', async () => {
    const { body } = await pay('twice');
    await postsBecome(body.paymentId, 'PaymentCaptured');
    expect((await reload(body.paymentId)).attempts).toHaveLength(1);
  });
  it('that takes money after it declined gives it back', async () => {
    const { body } = await pay('late');
    await postsBecome(body.paymentId, 'LateCaptureFound', 'LateCaptureRefunded');
    await world.balancesBecome('CNY', { 'hub:suspense': 0 });
  });
  it('that takes another amount is a conflict, which an operator resolves', async () => {
    const { body } = await pay('other-amount:500');
    expect(body.status).toBe('conflicted');
    await postsBecome(body.paymentId, 'CaptureConflicted');
    const finance = world.operator('finance');
    const resolved = await finance.post(
      `/v1/payments/${body.paymentId}/conflict`,
      { resolution: 'refunded', note: 'wrong amount' },
      { waitSeconds: 10 },
    );
    expect(expectStatus(resolved, 200).body.status).toBe('declined');
    await postsBecome(body.paymentId, 'CaptureConflicted', 'LateCaptureRefunded');
    await world.balancesBecome('CNY', { 'hub:suspense': 0 });
  });
  it('whose notification is not signed is not believed', async () =>
    expect(expectStatus(await world.anonymous.post('/v1/providers/alipay/notifications', { key: 'x' }), 401).body.code).toBe(
      'unauthenticated',
    ));

  it('authorizes first where the order asks for it', async () => {
    const { body } = await pay('approve', { captureMode: 'manual' });
    expect(body.status).toBe('authorized');
    const captured = await world.platform('C').post(`/v1/payments/${body.paymentId}/capture`, {}, { waitSeconds: 10 });
    expect(captured.body.status).toBe('captured');
  });
  it('closes what is cancelled', async () => {
    const { body } = await pay('action');
    const cancelled = await world
      .platform('C')
      .post(`/v1/payments/${body.paymentId}/cancel`, { reason: 'changed mind' }, { waitSeconds: 10 });
    expect(cancelled.body.status).toBe('cancelled');
    expect(
      expectStatus(await world.platform('C').post(`/v1/payments/${body.paymentId}/refunds`, { amountMinor: 1, currency: 'CNY' }), 409).body
        .code,
    ).toBe('payment_not_captured');
  });
  it('closes what has expired', async () => {
    const { body } = await pay('action', { expiresAt: new Date(Date.now() + 1_500).toISOString() });
    await becomes(body.paymentId, 'expired');
  }, 60_000);
});

describe('a wallet', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.begin();
  }, 60_000);
  afterAll(() => world.end());

  it('is topped up through a provider, pays, and gets its refund', async () => {
    const topUp = await world
      .platform('A')
      .post('/v1/wallets/rich/top-ups', { amountMinor: 5000, currency: 'CNY', method: { provider: 'wechatpay' } });
    expect(expectStatus(topUp, 201).body.status).toBe('captured');
    await world.balancesBecome('CNY', { 'user:rich:wallet': 5000, 'provider:wechatpay': -5000 });
    const order = orderOf('A', 3000, { payer: { userId: 'rich' }, method: { provider: 'wallet' }, processorId: 'B' });
    const { body } = await world.platform('A').post('/v1/payments', order, { waitSeconds: 10 });
    expect(body.status).toBe('captured');
    await world.balancesBecome('CNY', { 'user:rich:wallet': 2000, 'platform:A': 2700, 'platform:B': -150, 'hub:fees': 450 });
    const refund = await world
      .platform('A')
      .post(`/v1/payments/${body.paymentId}/refunds`, { amountMinor: 3000, currency: 'CNY' }, { waitSeconds: 10 });
    expect(refund.body.status).toBe('refunded');
    await world.balancesBecome('CNY', { 'user:rich:wallet': 5000, 'platform:A': 0, 'platform:B': 0, 'hub:fees': 0 });
  });

  it('holds what is asked for at once: of six payments of 1,000 from 5,000 exactly one is declined', async () => {
    expectStatus(
      await world.platform('A').post('/v1/wallets/busy/top-ups', { amountMinor: 5000, currency: 'CNY', method: { provider: 'wechatpay' } }),
      201,
    );
    await world.balancesBecome('CNY', { 'user:busy:wallet': 5000 });
    const order = () => orderOf('A', 1000, { payer: { userId: 'busy' }, method: { provider: 'wallet' } });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => world.platform('A').post('/v1/payments', order(), { waitSeconds: 10 })),
    );
    expect(answers.map(({ body }) => body.status).sort()).toEqual(['captured', 'captured', 'captured', 'captured', 'captured', 'declined']);
    await world.balancesBecome('CNY', { 'user:busy:wallet': 0 });
  });
});
