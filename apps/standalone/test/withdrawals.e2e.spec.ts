import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStore, type DomainEvent } from '@tongbao/event-store';
import { eventually } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

/** What the books have, by account, after each entry: kept here by adding up transfers, with no code of the ledger's. */
interface Posted extends DomainEvent {
  entries: { kind: string; transfers: { from: string; to: string; amountMinor: number; currency: string }[] }[];
}

const clients = /^(platform|creator|user|liquidity|transit|reserve|dispute):/;
const cash = /^(provider|bank):/;

describe('withdrawals, with the real books', () => {
  let world: World;
  let store: EventStore;
  beforeAll(async () => {
    world = await World.begin({ WITHDRAWAL_AUTOMATIC_APPROVAL_MINOR: '100000' });
    store = EventStore.connect(world.hub.eventStoreUrl);
    await order(10_000);
    const topUp = { amountMinor: 5_000, currency: 'CNY', method: { provider: 'alipay' } };
    expectStatus(await world.platform('A').post('/v1/wallets/u1/top-ups', topUp), 201);
    await world.balancesBecome('CNY', { 'user:u1:wallet': 5_000, 'hub:fees': 1_500 });
    expectStatus(await world.operator('ops').post('/v1/sandbox/providers/alipay/pay-out', { currency: 'CNY' }), 200);
    await world.balancesBecome('CNY', { 'bank:sandbox': -15_000, 'provider:alipay': 0 });
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await world.end();
  });

  const order = async (amountMinor: number) =>
    expectStatus(await world.platform('A').post('/v1/payments', orderOf('A', amountMinor, { processorId: 'B' }), { waitSeconds: 10 }), 201);
  const destination = { accountNumber: '6222-out', holder: 'Somebody' };
  const ofFees = async (amountMinor: number): Promise<string> => {
    const body = { from: 'fees', amountMinor, currency: 'CNY', destination };
    const { withdrawalId } = expectStatus(await world.operator('finance').post('/v1/withdrawals', body), 201).body;
    expectStatus(await world.operator('approver').post(`/v1/withdrawals/${withdrawalId}/approve`), 200);
    return withdrawalId;
  };
  const ofWallet = async (amountMinor: number): Promise<string> =>
    expectStatus(
      await world.platform('A').post('/v1/withdrawals', { from: 'wallet', userId: 'u1', amountMinor, currency: 'CNY', destination }),
      201,
    ).body.withdrawalId;
  const becomes = async (withdrawalId: string, status: string) =>
    (
      await eventually(
        () => world.operator('auditor').get(`/v1/withdrawals/${withdrawalId}`),
        ({ body }) => body.status === status,
        30_000,
      )
    ).body;

  it('of a wallet take what is in it, and no more', async () => {
    await becomes(await ofWallet(2_000), 'confirmed');
    await world.balancesBecome('CNY', { 'user:u1:wallet': 3_000, 'bank:sandbox': -13_000 });
    expect(await becomes(await ofWallet(3_001), 'refused')).toMatchObject({ code: 'insufficient_funds' });
  });

  it('of fees leave what covers the money of clients', async () => {
    // B owes 5.00 that nobody has collected: of the fees of 15.00 only 10.00 are there.
    expect(await becomes(await ofFees(1_001), 'refused')).toMatchObject({ code: 'client_money_not_covered' });
    await becomes(await ofFees(1_000), 'confirmed');
    await world.balancesBecome('CNY', { 'hub:fees': 500, 'bank:sandbox': -12_000 });
    expect(await becomes(await ofFees(1), 'refused')).toMatchObject({ code: 'client_money_not_covered' });
  });

  it('that are cancelled give back what was held', async () => {
    expectStatus(await world.operator('ops').post('/v1/settlement/banks/sandbox/pause', { reason: 'for this test' }), 200);
    const withdrawalId = await ofWallet(3_000);
    await becomes(withdrawalId, 'held');
    expectStatus(await world.platform('A').post(`/v1/withdrawals/${withdrawalId}/cancel`, { reason: 'changed our mind' }), 200);
    await becomes(withdrawalId, 'cancelled');
    expectStatus(await world.operator('finance').post('/v1/settlement/banks/sandbox/resume'), 200);
    await becomes(await ofWallet(3_000), 'confirmed');
    await world.balancesBecome('CNY', { 'user:u1:wallet': 0, 'bank:sandbox': -9_000 });
  });

  it('never leave clients uncovered, whatever entry was the last', async () => {
    const balances = new Map<string, number>();
    const add = (account: string, amount: number) => balances.set(account, (balances.get(account) ?? 0) + amount);
    const sum = (pattern: RegExp, of: (balance: number) => number) =>
      [...balances].filter(([account]) => pattern.test(account)).reduce((all, [, balance]) => all + of(balance), 0);
    let instructions = 0;
    for (const { event } of await store.read<Posted>('journal-main')) {
      for (const { kind, transfers } of event.entries) {
        for (const { from, to, amountMinor } of transfers) {
          add(from, -amountMinor);
          add(to, amountMinor);
        }
        if (kind !== 'WithdrawalInstructed') continue;
        instructions += 1;
        const owed = sum(clients, (balance) => Math.max(0, balance));
        expect(owed).toBeLessThanOrEqual(-sum(cash, (balance) => balance));
      }
    }
    expect(instructions).toBe(3);
  });
});
