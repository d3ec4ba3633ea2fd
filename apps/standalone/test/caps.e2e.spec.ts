import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxBank } from '@tongbao/sandbox';
import { auditStore, eventually } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

interface News {
  type: string;
  data: Record<string, unknown>;
}

const cap = 1_000;
const prefunded = 1_000;
const path = '/v1/ledger/accounts/platform:P/cap?currency=CNY';

describe('a platform with a net debit cap and prefunded money', () => {
  let world: World;
  let server: Server;
  const news: News[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        // The hub's own message, as docs/api says.
        news.push(JSON.parse(body) as News);
        response.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    world = await World.begin({ WITHDRAWAL_AUTOMATIC_APPROVAL_MINOR: '100000' });
    await world.addPlatform('P');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
    expectStatus(await world.platform('P').post('/v1/endpoints', { url, eventTypes: ['cap.use'] }), 201);
    expectStatus(await world.operator('finance').put('/v1/platforms/P/limits', { currency: 'CNY', netDebitCapMinor: cap }), 200);
  }, 60_000);
  afterAll(async () => {
    await world.end();
    server.closeAllConnections();
    server.close();
  });

  const use = async () => (await world.platform('P').get(path)).body;
  const useBecomes = (limitMinor: number, usedMinor: number) =>
    eventually(use, (found) => found.limitMinor === limitMinor && found.usedMinor === usedMinor);
  const told = (percent: number) =>
    eventually(
      () => Promise.resolve(news.find(({ data }) => data['percent'] === percent)),
      (found) => found !== undefined,
    );
  /** A sells, P handles the payment for 5 %: a debit of P. */
  const sell = async (feeMinor: number) =>
    expectStatus(
      await world.platform('A').post('/v1/payments', orderOf('A', feeMinor * 20, { processorId: 'P' }), { waitSeconds: 10 }),
      201,
    ).body;
  const withdraw = async (amountMinor: number): Promise<string> =>
    expectStatus(await world.platform('P').post('/v1/withdrawals', { from: 'liquidity', amountMinor, currency: 'CNY' }), 201).body
      .withdrawalId;
  const withdrawalBecomes = (withdrawalId: string, status: string) =>
    eventually(
      async () => (await world.platform('P').get(`/v1/withdrawals/${withdrawalId}`)).body,
      (found) => found.status === status,
      30_000,
    );

  it('has so much more room as soon as its money is on the statement', async () => {
    await useBecomes(cap, 0);
    const bank = new SandboxBank({ file: join(world.hub.dataDir, 'sandbox-bank.db') });
    bank.bookIncoming({ amountMinor: prefunded, currency: 'CNY', accountNumber: '6222-P', reference: 'LIQ platform:P' });
    bank.close();
    await useBecomes(cap + prefunded, 0);
    expect(await use()).toMatchObject({ party: 'platform:P', capMinor: cap, liquidityMinor: prefunded, availableMinor: 2_000, percent: 0 });
    await world.balancesBecome('CNY', { 'liquidity:platform:P': prefunded, 'platform:P': 0, 'bank:sandbox': -prefunded });
  });

  it.each([
    [1_000, 1_000, 0, 50],
    [500, 1_500, 50, 75],
    [300, 1_800, 75, 90],
  ])('hears of it when a debit of %i takes its use to %i', async (feeMinor, usedMinor, previousPercent, percent) => {
    expect(await sell(feeMinor)).toMatchObject({ status: 'captured' });
    await useBecomes(2_000, usedMinor);
    const { type, data } = (await told(percent))!;
    expect({ type, data }).toEqual({
      type: 'cap.use',
      data: { party: 'platform:P', currency: 'CNY', percent, previousPercent, usedMinor, limitMinor: 2_000 },
    });
    const { items } = expectStatus(await world.operator('finance').get('/v1/ledger/caps?currency=CNY'), 200).body;
    expect(items).toMatchObject([{ party: 'platform:P', usedMinor, percent }]);
  });

  it('has no payment committed that would take it past its cap, and has those that do not', async () => {
    const refused = await sell(201);
    expect(refused).toMatchObject({ status: 'declined', code: 'cap_exceeded' });
    // Refused before anybody was charged: no provider was asked.
    expect(refused.attempts.filter(({ status }: { status: string }) => status !== 'declined')).toEqual([]);
    await world.balancesBecome('CNY', { 'provider:alipay': -36_000, 'platform:P': -1_800 });
    expect(await sell(200)).toMatchObject({ status: 'captured' });
    await useBecomes(2_000, 2_000);
    expect(await sell(1)).toMatchObject({ status: 'declined', code: 'cap_exceeded' });
    expect(expectStatus(await world.platform('A').get(path), 403).body.code).toBe('forbidden');
  });

  it('gets none of its prefunded money back while its debts stand on it', async () => {
    expect(await withdrawalBecomes(await withdraw(1), 'refused')).toMatchObject({ code: 'cap_exceeded' });
    expect(await use()).toMatchObject({ usedMinor: 2_000, limitMinor: 2_000 });
  });

  it('has its room back when its debts are settled, and hears of that', async () => {
    const finance = world.operator('finance');
    expectStatus(await finance.post('/v1/settlement/windows/dnm_CNY_000001/close'), 200);
    const asked = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_CNY_000001'] }), 201);
    const settlement = `/v1/settlement/settlements/${asked.body.settlementId}`;
    const becomes = (status: string) =>
      eventually(
        async () => (await finance.get(settlement)).body,
        (found) => found.status === status,
        30_000,
      );
    const { parties } = await becomes('verified');
    expect(parties).toMatchObject([{ party: 'platform:A' }, { party: 'platform:P', payableMinor: -2_000, action: 'collect' }]);
    expectStatus(await world.operator('approver').post(`${settlement}/approve`), 200);
    expectStatus(await world.operator('ops').post('/v1/sandbox/providers/alipay/pay-out', { currency: 'CNY' }), 200);
    await becomes('settled');
    await useBecomes(2_000, 0);
    expect((await told(0))!.data).toMatchObject({ previousPercent: 90, usedMinor: 0, limitMinor: 2_000 });
    await world.balancesBecome('CNY', { 'platform:P': 0, 'platform:A': 0, 'liquidity:platform:P': prefunded });
    expect(await sell(1)).toMatchObject({ status: 'captured' });
  });

  it('takes prefunded money out in two steps: reserved, then given back', async () => {
    const ops = world.operator('ops');
    expectStatus(await ops.post('/v1/settlement/banks/sandbox/pause', { reason: 'for this test' }), 200);
    const withdrawalId = await withdraw(400);
    await withdrawalBecomes(withdrawalId, 'held');
    // No room any more from when it is reserved, though it has not left.
    await useBecomes(1_600, 1);
    await world.balancesBecome('CNY', { 'liquidity:platform:P': prefunded });
    expectStatus(await world.platform('P').post(`/v1/withdrawals/${withdrawalId}/cancel`, { reason: 'changed our mind' }), 200);
    await withdrawalBecomes(withdrawalId, 'cancelled');
    await useBecomes(2_000, 1);
  });

  it('takes prefunded money out in two steps: reserved, then paid', async () => {
    const withdrawalId = await withdraw(400);
    await withdrawalBecomes(withdrawalId, 'held');
    expectStatus(await world.operator('finance').post('/v1/settlement/banks/sandbox/resume'), 200);
    await withdrawalBecomes(withdrawalId, 'confirmed');
    await useBecomes(1_600, 1);
    await world.balancesBecome('CNY', { 'liquidity:platform:P': 600 });
    // At the bank lies what it has prefunded, and what the hub has earned of what was paid out and collected.
    await world.balancesBecome('CNY', { 'bank:sandbox': -(600 + 6_000) });
  });

  it('leaves books of which somebody who asks no service finds everything to hold', async () => {
    const audit = () => auditStore(world.hub.eventStoreUrl);
    const report = await eventually(audit, ({ ok }) => ok, 30_000).catch(audit);
    expect(report.problems).toEqual([]);
  });
});
