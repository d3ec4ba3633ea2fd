import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStore, type DomainEvent } from '@tongbao/event-store';
import { eventually } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

interface Party {
  party: string;
  netMinor: number;
  payableMinor: number;
  carriedInMinor: number;
  carriedOutMinor: number;
  action: string;
}

describe('a settlement', () => {
  let world: World;
  let store: EventStore;
  beforeAll(async () => {
    world = await World.begin();
    store = EventStore.connect(world.hub.eventStoreUrl);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await world.end();
  });

  const read = async (settlementId: string) => (await world.operator('finance').get(`/v1/settlement/settlements/${settlementId}`)).body;
  const becomes = (settlementId: string, status: string) =>
    eventually(
      () => read(settlementId),
      (found) => found.status === status,
      30_000,
    );
  const closeAndAsk = async (windowId: string): Promise<string> => {
    const finance = world.operator('finance');
    expectStatus(await finance.post(`/v1/settlement/windows/${windowId}/close`), 200);
    return expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: [windowId] }), 201).body.settlementId;
  };
  const payOutProviders = async (currency: string) => {
    for (const provider of ['alipay', 'wechatpay', 'stripe'])
      expectStatus(await world.operator('ops').post(`/v1/sandbox/providers/${provider}/pay-out`, { currency }), 200);
  };

  it('pays everybody out, collects from who owes, tells every payment, and leaves nothing over', async () => {
    const paid: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      const { body } = expectStatus(
        await world.platform('A').post('/v1/payments', orderOf('A', 1000, { processorId: 'B' }), { waitSeconds: 10 }),
        201,
      );
      paid.push(body.paymentId);
    }
    await world.balancesBecome('CNY', { 'platform:A': 4500, 'platform:B': -250, 'hub:fees': 750 });
    const settlementId = await closeAndAsk('dnm_CNY_000001');
    const verified = await becomes(settlementId, 'verified');
    expect(Object.fromEntries((verified.parties as Party[]).map(({ party, payableMinor }) => [party, payableMinor]))).toEqual({
      'platform:A': 4500,
      'platform:B': -250,
    });

    expect(expectStatus(await world.operator('finance').post(`/v1/settlement/settlements/${settlementId}/approve`), 403).body.code).toBe(
      'forbidden',
    );
    expectStatus(await world.operator('approver').post(`/v1/settlement/settlements/${settlementId}/approve`), 200);
    await eventually(
      () => read(settlementId),
      ({ payouts }) => payouts.some(({ status }: { status: string }) => status === 'awaiting_funds'),
      30_000,
    );
    await payOutProviders('CNY');
    await becomes(settlementId, 'settled');
    await world.balancesBecome('CNY', { 'platform:A': 0, 'platform:B': 0, 'provider:alipay': 0, 'hub:fees': 750, 'bank:sandbox': -750 });
    expect(
      expectStatus(await world.operator('finance').post(`/v1/settlement/settlements/${settlementId}/abort`, { reason: 'too late' }), 409)
        .body.code,
    ).toBe('settlement_past_abort');
    for (const paymentId of paid) {
      const payment = await eventually(
        async () => (await world.platform('A').get(`/v1/payments/${paymentId}`)).body,
        ({ settlements }) => settlements.length > 0,
        30_000,
      );
      expect(payment.settlements).toEqual([{ settlementId, windowId: 'dnm_CNY_000001' }]);
    }
  }, 90_000);

  it('puts a late refund into the window in which it happens, and carries what is not paid', async () => {
    const { body } = expectStatus(
      await world.platform('A').post('/v1/payments', orderOf('A', 1000, { processorId: 'B' }), { waitSeconds: 10 }),
      201,
    );
    const first = await closeAndAsk('dnm_CNY_000002');
    await becomes(first, 'verified');
    expectStatus(
      await world.platform('A').post(`/v1/payments/${body.paymentId}/refunds`, { amountMinor: 400, currency: 'CNY' }, { waitSeconds: 10 }),
      200,
    );
    const finance = world.operator('finance');
    expectStatus(await finance.post('/v1/settlement/windows/dnm_CNY_000003/close'), 200);
    expect(expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_CNY_000003'] }), 409).body.code).toBe(
      'previous_window_unsettled',
    );
    expectStatus(await finance.post(`/v1/settlement/settlements/${first}/abort`, { reason: 'take both together' }), 200);
    await becomes(first, 'aborted');
    const asked = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_CNY_000002', 'dnm_CNY_000003'] }), 201);
    const both = await becomes(asked.body.settlementId, 'verified');
    expect(Object.fromEntries((both.parties as Party[]).map(({ party, netMinor }) => [party, netMinor]))).toEqual({
      'platform:A': 540,
      'platform:B': -30,
    });
    expectStatus(await world.operator('approver').post(`/v1/settlement/settlements/${asked.body.settlementId}/approve`), 200);
    await payOutProviders('CNY');
    await becomes(asked.body.settlementId, 'settled');
    await world.balancesBecome('CNY', { 'platform:A': 0, 'platform:B': 0, 'hub:fees': 840 });
  }, 90_000);

  it('of an empty window settles as zero', async () => {
    const settlementId = await closeAndAsk('dnm_USD_000001');
    await becomes(settlementId, 'verified');
    expectStatus(await world.operator('approver').post(`/v1/settlement/settlements/${settlementId}/approve`), 200);
    expect((await becomes(settlementId, 'settled')).parties).toEqual([]);
  }, 60_000);

  it('is refused for a window that is open, and a closed window is not closed again', async () => {
    const finance = world.operator('finance');
    expect(expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_USD_000002'] }), 409).body.code).toBe(
      'window_not_closed',
    );
    expect(expectStatus(await finance.post('/v1/settlement/windows/dnm_USD_000001/close'), 409).body.code).toBe('window_not_open');
  });

  it('shows a statement whose lines lead from the opening to the closing position', async () => {
    const { body } = await eventually(
      async () => expectStatus(await world.platform('A').get('/v1/finance/statements?party=platform:A&currency=CNY'), 200),
      ({ body: { closingMinor } }) => closingMinor === 0,
    );
    const moved = (body.lines as { amountMinor: number }[]).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    expect(body.openingMinor + moved).toBe(0);
    expectStatus(await world.platform('A').get('/v1/finance/statements?party=platform:B&currency=CNY'), 403);
    const csv = await world.platform('A').get('/v1/finance/statements?party=platform:A&currency=CNY&format=csv');
    expect(csv.body).toContain('payout');
  });

  it('is rebuilt from the streams to the same rows', async () => {
    const ops = world.operator('ops');
    for (const name of ['payment', 'ledger', 'settlement', 'notification']) {
      expectStatus(await ops.post(`/v1/projections/${name}/rebuild`), 202);
      const { job } = await eventually(
        async () => (await ops.get(`/v1/projections/${name}`)).body,
        (found) => found.job.state !== 'running',
        60_000,
      );
      expect(job).toMatchObject({ state: 'done', report: { equal: true, differences: [] } });
    }
  }, 120_000);

  it('has its events in the streams that are the source of truth', async () => {
    const events = await store.read<DomainEvent>('window-dnm_CNY_000001');
    expect(events.map(({ event }) => event.type)).toEqual(['WindowOpened', 'WindowClosed', 'WindowClaimed', 'WindowSettled']);
  });
});
