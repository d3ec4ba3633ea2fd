import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApplication, World, type Application } from './application.js';
import { billsOf, openBreaks, plantedAs, reconciled } from './bills.js';
import type { ErrorPlan } from '../src/chosen-errors.js';

let world: World;
let app: Application;

beforeAll(async () => {
  world = await World.begin();
  app = await openApplication(world);
}, 180_000);

afterAll(async () => {
  await app.close();
  await world.end();
});

const plans: Record<string, ErrorPlan[]> = {
  alipay: [
    { error: 'missing', count: 2 },
    { error: 'extra', count: 1 },
    { error: 'amount', count: 2 },
    { error: 'fee', count: 1 },
    { error: 'duplicate', count: 1 },
  ],
  wechatpay: [
    { error: 'missing', count: 1 },
    { error: 'missing', count: 1, bill: 'fund' },
    { error: 'extra', count: 1 },
    { error: 'amount', count: 1 },
    { error: 'fee', count: 1, bill: 'fund' },
    { error: 'fee', count: 1 },
    { error: 'duplicate', count: 1, bill: 'trade' },
    { error: 'status', count: 2 },
  ],
  stripe: [
    { error: 'missing', count: 1 },
    { error: 'extra', count: 2 },
    { error: 'amount', count: 1 },
    { error: 'fee', count: 2 },
    { error: 'duplicate', count: 1 },
  ],
};

/** A day by the clock of each provider. */
const mornings: Record<string, string> = {
  alipay: '2026-03-01T16:00:00Z',
  wechatpay: '2026-03-03T16:00:00Z',
  stripe: '2026-03-06T00:00:00Z',
};
const days: Record<string, string> = { alipay: '2026-03-02', wechatpay: '2026-03-04', stripe: '2026-03-06' };
const providers = Object.keys(plans);

let number = 0;
async function sellADay(provider: string): Promise<void> {
  const currency = provider === 'stripe' ? 'USD' : 'CNY';
  const start = Date.parse(mornings[provider]!);
  for (let index = 0; index < 60; index += 1) {
    const at = new Date(start + index * 23 * 60_000 + 321).toISOString();
    const amountMinor = 1_000 + index * 7;
    const sale = { provider, amountMinor, currency, at, ...(index % 2 === 0 && { expectedFeeMinor: 7 }) };
    const paymentId = await world.sold((number += 1), sale);
    // Everything that is not at the provider is passed over: other providers, wallets, platforms' own accounts.
    await world.sold((number += 1), { ...sale, provider: 'wallet' });
    await world.sold((number += 1), { ...sale, isExternal: true });
    if (index % 5 === 0) await world.gaveBack(paymentId, { ...sale, amountMinor: 300, at: new Date(Date.parse(at) + 1_000).toISOString() });
  }
}

describe.each(providers)('bills of %s that are made from the events', (provider) => {
  const day = days[provider]!;
  const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

  it('and have chosen errors: each is found and named, and nothing else is', async () => {
    await sellADay(provider);
    const made = await billsOf(world, { provider, day, errors: plans[provider]! });
    expect(made.movements).toBe(72);
    const { body } = await reconciled(app, provider, day, made.contents);
    expect(body).toMatchObject({ state: 'completed', carried: 0 });
    expect(await openBreaks(app, `status=open&provider=${provider}`)).toEqual(plantedAs(made));
    expect(made.planted.length).toBeGreaterThanOrEqual(7);
  });

  it('and are right agree with them to the last unit', async () => {
    const before = await openBreaks(app, `status=open&provider=${provider}`);
    mornings[provider] = new Date(Date.parse(mornings[provider]!) + 86_400_000).toISOString();
    await sellADay(provider);
    const made = await billsOf(world, { provider, day: next });
    const { body } = await reconciled(app, provider, next, made.contents);
    expect(body).toMatchObject({ state: 'completed', matched: 72, breaks: { found: 0 } });
    for (const { total, breaks, tolerated } of body.report.differences) {
      // What was missing the day before is still looked for; it is all that the totals differ by, but for fees that nobody expects.
      expect(total.amountMinor).toBe(breaks.amountMinor + tolerated.amountMinor);
    }
    expect(await openBreaks(app, `status=open&provider=${provider}`)).toEqual(before);
  });
});
