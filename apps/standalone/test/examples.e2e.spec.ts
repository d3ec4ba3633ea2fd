import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

describe('the worked examples, over the HTTP API', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.begin();
  }, 60_000);
  afterAll(() => world.end());

  it('example 1: A 9.00, B -0.50, hub 1.50; and 4.00 back: A 5.40, B -0.30, hub 0.90, provider -6.00', async () => {
    const order = orderOf('A', 1000, { processorId: 'B' });
    const { body } = expectStatus(await world.platform('A').post('/v1/payments', order, { waitSeconds: 10 }), 201);
    expect(body).toMatchObject({ status: 'captured', amountMinor: 1000, refundedMinor: 0 });
    await world.balancesBecome('CNY', { 'provider:alipay': -1000, 'platform:A': 900, 'platform:B': -50, 'hub:fees': 150 });

    const refund = await world
      .platform('A')
      .post(`/v1/payments/${body.paymentId}/refunds`, { amountMinor: 400, currency: 'CNY' }, { waitSeconds: 10 });
    expect(expectStatus(refund, 200).body).toMatchObject({ status: 'captured', refundedMinor: 400 });
    await world.balancesBecome('CNY', { 'provider:alipay': -600, 'platform:A': 540, 'platform:B': -30, 'hub:fees': 90 });
  });

  it('examples 2 and 3: A 45.50, B 17.11, K 16.59, hub 0.80; B owes A 16.00 net', async () => {
    const example2 = {
      platformId: 'A',
      items: [
        {
          contentId: 'course-2',
          unitPriceMinor: 3000,
          quantity: 1,
          ownerId: 'B',
          creators: [{ creatorId: 'K', share: 1 }],
          agreementId: 'example-2',
        },
      ],
    };
    const example3 = {
      platformId: 'B',
      items: [{ contentId: 'column-3', unitPriceMinor: 5000, quantity: 1, ownerId: 'A', agreementId: 'example-2' }],
    };
    const inDollars = { currency: 'USD', method: { provider: 'stripe' } };
    expectStatus(
      await world.platform('A').post('/v1/payments', orderOf('A', 3000, { ...inDollars, ...example2 }), { waitSeconds: 10 }),
      201,
    );
    await world.balancesBecome('USD', {
      'platform:A': 600,
      'platform:B': 711,
      'creator:K': 1659,
      'hub:fees': 30,
      'provider:stripe': -3000,
    });
    expectStatus(
      await world.platform('B').post('/v1/payments', orderOf('B', 5000, { ...inDollars, ...example3 }), { waitSeconds: 10 }),
      201,
    );
    await world.balancesBecome('USD', {
      'platform:A': 4550,
      'platform:B': 1711,
      'creator:K': 1659,
      'hub:fees': 80,
      'provider:stripe': -8000,
    });

    const finance = world.operator('finance');
    expectStatus(await finance.post('/v1/settlement/windows/dnm_USD_000001/close'), 200);
    const asked = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_USD_000001'] }), 201);
    const settlement = await eventually(
      async () => (await finance.get(`/v1/settlement/settlements/${asked.body.settlementId}`)).body,
      ({ status }) => status === 'verified',
    );
    const nets = Object.fromEntries(
      settlement.parties.map(({ party, netMinor }: { party: string; netMinor: number }) => [party, netMinor]),
    );
    expect(nets).toEqual({ 'platform:A': 4550, 'platform:B': 1711, 'creator:K': 1659 });
    expect(settlement.obligations).toEqual([{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1600 }]);
  });

  it('a preview says what an order would split into, and stores nothing', async () => {
    const { body } = expectStatus(await world.platform('A').post('/v1/agreements/preview', orderOf('A', 1000, { processorId: 'B' })), 200);
    expect(
      body.split.map(({ from, to, amountMinor }: { from: string; to: string; amountMinor: number }) => [from, to, amountMinor]),
    ).toEqual([
      ['provider:alipay', 'platform:A', 1000],
      ['platform:A', 'hub:fees', 100],
      ['platform:B', 'hub:fees', 50],
    ]);
  });
});
