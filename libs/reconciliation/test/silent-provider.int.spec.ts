import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { openApplication, World, type Application } from './application.js';
import { billsOf, openBreaks, reconciled } from './bills.js';

let world: World;
let app: Application;

beforeAll(async () => {
  world = await World.begin();
  app = await openApplication(world, { payoutsEveryMs: 20 });
}, 60_000);

afterAll(async () => {
  await app.close();
  await world.end();
});

it('what a provider says it has paid out, and what it has paid without a word, are breaks once they are overdue, though nothing more is heard of it', async () => {
  await world.sold(1, { provider: 'stripe', currency: 'USD', amountMinor: 10_000, at: '2026-03-22T04:00:00.000Z' });
  const { contents } = await billsOf(world, { provider: 'stripe', day: '2026-03-22', currency: 'USD', payoutId: 'po_1' });
  await reconciled(app, 'stripe', '2026-03-22', contents);
  const match = { kind: 'provider_payout', provider: 'wechatpay' };
  await world.happened('reconciliation-bank_icbc', {
    ...{ type: 'BankLineRecorded', bank: 'icbc', lineId: 'l1', sequence: 1, amountMinor: 700, currency: 'CNY', reference: '', match },
    ...{ bookedAt: world.clock.now().toISOString() },
  });
  await app.folded();
  expect(await openBreaks(app, 'status=open')).toEqual([]);
  world.at('2026-04-02T00:00:00Z');
  const overdue = await eventually(
    () => openBreaks(app, 'status=open'),
    (found) => found.length === 2,
  );
  expect(overdue).toEqual(['missing_at_provider icbc:l1 fund', 'missing_here po_1 events']);
});
