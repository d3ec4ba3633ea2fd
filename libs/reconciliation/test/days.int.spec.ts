import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BreakEvent } from '@tongbao/contracts';
import { generateBill } from '@tongbao/provider-bills';
import { eventually } from '@tongbao/testing';
import { beliefsOf } from '../src/beliefs.js';
import { periodOf } from '../src/bill-day.js';
import { isFeeFact, type FeeEvent } from '../src/facts.js';
import { movementOf } from '../src/generated-movements.js';
import { builtInTerms, termsIn } from '../src/terms.js';
import { openApplication, World, type Application } from './application.js';
import { billsOf, openBreaks, reconciled, runEnded } from './bills.js';
import { keyOf, type Sale } from './facts.js';

let world: World;
let app: Application;
let number = 0;

beforeEach(async () => {
  world = await World.begin();
  app = await openApplication(world);
}, 60_000);

afterEach(async () => {
  await app.close();
  await world.end();
});

/** March 2 and 3 at Alipay and WeChat Pay: from 16:00 UTC of the day before. */
const sale = (change: Partial<Sale> = {}): Sale => ({
  provider: 'alipay',
  amountMinor: 1_000,
  currency: 'CNY',
  at: '2026-03-02T04:00:00.000Z',
  ...change,
});
const sold = (change: Partial<Sale> = {}): Promise<string> => world.sold((number += 1), sale(change));

const nextDay = '2026-03-03T04:00:00.000Z';
const breakIds = async (): Promise<string[]> => {
  await app.folded();
  const { body } = await app.get('/v1/reconciliation/breaks?limit=500');
  return body.items.map(({ breakId }: { breakId: string }) => breakId);
};
const story = async (breakId: string): Promise<string[]> =>
  (await world.store.read<BreakEvent>(`reconciliation-break_${breakId}`)).map(({ event }) => event.type);

const fees = async (): Promise<string[]> =>
  (await world.log<FeeEvent>('reconciliation')).filter(isFeeFact).map(({ event }) => `${event.type} ${event.lineId} ${event.amountMinor}`);

describe('a payment close to the cut of a day', () => {
  it('that the provider has on the next day is carried there, and matched', async () => {
    const late = await sold({ at: '2026-03-02T15:59:58.000Z' });
    await sold();
    const first = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [] });
    // The provider books it two seconds after its midnight.
    const without = await billWithout(first, 'alipay', '2026-03-02', keyOf(late));
    const one = await reconciled(app, 'alipay', '2026-03-02', without);
    expect(one.body).toMatchObject({ state: 'completed', matched: 1, carried: 1, breaks: { found: 0 } });

    await sold({ at: nextDay });
    const second = await billWith('alipay', '2026-03-03', [late], '2026-03-02T16:00:00.000Z');
    const two = await reconciled(app, 'alipay', '2026-03-03', second);
    expect(two.body).toMatchObject({ state: 'completed', matched: 2, carried: 0, breaks: { found: 0 } });
    expect(two.body.report.takenIn).toEqual({ carried: 1, open: 0 });
    expect(await openBreaks(app)).toEqual([]);
  });

  it('that no bill has is a break of the next day', async () => {
    const late = await sold({ at: '2026-03-02T15:59:58.000Z' });
    const first = await billsOf(world, { provider: 'alipay', day: '2026-03-02' });
    await reconciled(app, 'alipay', '2026-03-02', await billWithout(first, 'alipay', '2026-03-02', keyOf(late)));
    expect(await openBreaks(app)).toEqual([]);
    await sold({ at: nextDay });
    await reconciled(app, 'alipay', '2026-03-03', (await billsOf(world, { provider: 'alipay', day: '2026-03-03' })).contents);
    expect(await openBreaks(app)).toEqual([`missing_at_provider ${keyOf(late)} trade`]);
  });

  it('is matched though the bill of the next day comes first: that day is then compared again', async () => {
    await sold();
    const late = await sold({ at: '2026-03-02T15:59:58.000Z' });
    await sold({ at: nextDay });
    const first = await billsOf(world, { provider: 'alipay', day: '2026-03-02' });
    const second = await billWith('alipay', '2026-03-03', [late], '2026-03-02T16:00:00.000Z');
    // Nobody has looked at the day before: what was just before the cut is looked at here.
    expect((await reconciled(app, 'alipay', '2026-03-03', second)).body).toMatchObject({ matched: 2, breaks: { found: 0 } });
    const without = await billWithout(first, 'alipay', '2026-03-02', keyOf(late));
    expect((await reconciled(app, 'alipay', '2026-03-02', without)).body).toMatchObject({ matched: 1, carried: 1 });
    const again = await runEnded(app, 'alipay_2026-03-03_2');
    expect(again.body).toMatchObject({ state: 'completed', matched: 2, breaks: { found: 0 }, previousRunId: 'alipay_2026-03-02_1' });
    expect(await openBreaks(app)).toEqual([]);
  });
});

describe('a break', () => {
  it('is the same one however often its day is compared', async () => {
    await sold();
    const made = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'amount', count: 1 }] });
    await reconciled(app, 'alipay', '2026-03-02', made.contents);
    const before = await breakIds();
    const asked = await app.post('/v1/reconciliation/runs', { provider: 'alipay', day: '2026-03-02' });
    expect(asked).toMatchObject({ status: 201, body: { runId: 'alipay_2026-03-02_2' } });
    expect((await runEnded(app, 'alipay_2026-03-02_2')).body).toMatchObject({ breaks: { found: 0, known: 1 } });
    expect(await breakIds()).toEqual(before);
    expect(await story(before[0]!)).toEqual(['BreakFound']);
  });

  it('of money that we knew of a day later closes itself', async () => {
    await sold();
    // The provider took it on this day; our side had no answer from it until the next.
    const late = await world.sold((number += 1), sale({ at: nextDay }));
    const first = await reconciled(app, 'alipay', '2026-03-02', await billWith('alipay', '2026-03-02', [late], '2026-03-02T09:00:00.000Z'));
    expect(first.body).toMatchObject({ matched: 1, breaks: { found: 1 } });
    expect(await openBreaks(app)).toEqual([`missing_here ${keyOf(late)} events`]);
    const [breakId] = await breakIds();

    const made = await billsOf(world, { provider: 'alipay', day: '2026-03-03' });
    const second = await reconciled(app, 'alipay', '2026-03-03', await billWithout(made, 'alipay', '2026-03-03', keyOf(late)));
    expect(second.body).toMatchObject({ matched: 1, breaks: { found: 0, known: 0 } });
    expect(second.body.report).toMatchObject({ explained: 1, takenIn: { carried: 0, open: 1 } });
    expect(await openBreaks(app)).toEqual([]);
    expect((await app.get(`/v1/reconciliation/breaks/${breakId}`)).body).toMatchObject({
      status: 'explained',
      closing: { by: 'hub', runId: 'alipay_2026-03-03_1', day: '2026-03-03' },
    });

    // Both days may be compared again: it stays explained.
    await app.post('/v1/reconciliation/runs', { provider: 'alipay', day: '2026-03-02' });
    await runEnded(app, 'alipay_2026-03-02_2');
    await app.post('/v1/reconciliation/runs', { provider: 'alipay', day: '2026-03-03' });
    await runEnded(app, 'alipay_2026-03-03_2');
    expect(await openBreaks(app)).toEqual([]);
    expect(await story(breakId!)).toEqual(['BreakFound', 'BreakExplained']);
  });

  it('that a corrected bill has no more closes itself, and one that it changes says the new', async () => {
    const [one, two] = [await sold(), await sold({ at: '2026-03-02T05:00:00.000Z' })];
    const wrong = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'amount', count: 2 }] });
    await reconciled(app, 'alipay', '2026-03-02', wrong.contents);
    expect(await openBreaks(app)).toEqual([one, two].map((id) => `amount_differs ${keyOf(id)} trade`).sort());
    const better = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'missing', count: 1 }] });
    const { body } = await reconciled(app, 'alipay', '2026-03-02', better.contents, 2);
    expect(body).toMatchObject({ state: 'completed', breaks: { found: 1 }, report: { explained: 2 } });
    expect(await openBreaks(app)).toEqual(better.planted.map(({ key }) => `missing_at_provider ${key} trade`));
  });
});

describe('a provider with two bills', () => {
  it('is compared when it has both; or before, where somebody asks for that', async () => {
    await sold({ provider: 'wechatpay', expectedFeeMinor: 6 });
    const { contents } = await billsOf(world, {
      provider: 'wechatpay',
      day: '2026-03-02',
      errors: [{ error: 'missing', count: 1, bill: 'fund' }],
    });
    const { body: given } = await app.give({ provider: 'wechatpay', bill: 'trade', day: '2026-03-02' }, contents['trade']!);
    await eventually(
      () => app.get(`/v1/reconciliation/bills/${given.billId}`),
      ({ body }) => body.status === 'fit',
    );
    expect((await app.get('/v1/reconciliation/days/wechatpay/2026-03-02')).body).toMatchObject({
      runs: 0,
      bills: { trade: given.billId, fund: null },
    });
    await app.post('/v1/reconciliation/runs', { provider: 'wechatpay', day: '2026-03-02' });
    expect((await runEnded(app, 'wechatpay_2026-03-02_1')).body).toMatchObject({
      matched: 1,
      breaks: { found: 0 },
      bills: [{ bill: 'trade' }],
    });
    // Fees are those of the fund bill.
    expect(await fees()).toEqual([]);
    await app.give({ provider: 'wechatpay', bill: 'fund', day: '2026-03-02' }, contents['fund']!);
    expect((await runEnded(app, 'wechatpay_2026-03-02_2')).body).toMatchObject({ matched: 0, breaks: { found: 1 } });
    expect((await openBreaks(app))[0]).toMatch(/^missing_at_provider \S+ fund$/);
  });
});

describe('fees', () => {
  it('are posted once for each line, with its payment; a corrected bill posts what it changes', async () => {
    const [one, two] = [await sold({ expectedFeeMinor: 6 }), await sold({ at: '2026-03-02T05:00:00.000Z' })];
    await world.gaveBack(one, sale({ amountMinor: 500, at: '2026-03-02T06:00:00.000Z' }));
    const first = await billsOf(world, { provider: 'alipay', day: '2026-03-02' });
    const { body } = await reconciled(app, 'alipay', '2026-03-02', first.contents);
    const billed = [`ProviderFeeBilled payment:${keyOf(one)} 6`, `ProviderFeeBilled payment:${keyOf(two)} 6`];
    const returned = `ProviderFeeReturned refund:${keyOf(one).slice(0, 26)}r01 3`;
    expect((await fees()).sort()).toEqual([...billed, returned].sort());
    expect(body.report.fees).toEqual([{ currency: 'CNY', billed: 2, billedMinor: 12, returned: 1, returnedMinor: 3 }]);
    expect(
      (await world.log<FeeEvent>('reconciliation'))
        .filter(isFeeFact)
        .map(({ event }) => event.paymentId)
        .sort(),
    ).toEqual([one, one, two].sort());

    await app.post('/v1/reconciliation/runs', { provider: 'alipay', day: '2026-03-02' });
    await runEnded(app, 'alipay_2026-03-02_2');
    expect(await fees()).toHaveLength(3);

    const dearer = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'fee', count: 1 }] });
    await reconciled(app, 'alipay', '2026-03-02', dearer.contents, 3);
    expect((await fees()).slice(3)).toEqual([`ProviderFeeBilled payment:${keyOf(one)} 1`]);
    // The bill before it is right after all: given again, it is known, and does not take the place of the other.
    expect((await app.give({ provider: 'alipay', bill: 'trade', day: '2026-03-02' }, first.contents['trade']!)).body).toMatchObject({
      isKnown: true,
    });
  });
});

describe('a run that finds too much', () => {
  it('fails, leaves nothing behind, and another one may follow', async () => {
    const terms = (await app.get('/v1/reconciliation/terms')).body.items.find(
      ({ provider }: { provider: string }) => provider === 'alipay',
    );
    const rest = termsIn(terms);
    expect((await app.setTerms('alipay', { ...rest, maxBreaks: 2 })).status).toBe(200);
    for (let hour = 1; hour < 6; hour += 1) await sold({ at: `2026-03-02T0${hour}:00:00.000Z` });
    const wrong = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'missing', count: 3 }] });
    const { body } = await reconciled(app, 'alipay', '2026-03-02', wrong.contents);
    expect(body).toMatchObject({ state: 'failed', code: 'too_many_breaks' });
    expect([await openBreaks(app), await fees()]).toEqual([[], []]);
    const right = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'missing', count: 2 }] });
    expect((await reconciled(app, 'alipay', '2026-03-02', right.contents, 2)).body).toMatchObject({
      state: 'completed',
      breaks: { found: 2 },
    });
  });
});

describe('a difference within the terms', () => {
  it('is no break, and the report says by how much sides differ', async () => {
    const terms = termsIn((await app.get('/v1/reconciliation/terms')).body.items[0]);
    const currencies = [{ currency: 'CNY', amountToleranceMinor: 1, feeToleranceMinor: 0 }];
    await app.setTerms('alipay', { ...terms, currencies });
    await sold();
    const made = await billsOf(world, { provider: 'alipay', day: '2026-03-02', errors: [{ error: 'amount', count: 1 }] });
    const { body } = await reconciled(app, 'alipay', '2026-03-02', made.contents);
    expect(body).toMatchObject({ matched: 1, breaks: { found: 0 }, terms: { currencies } });
    expect(body.report.differences).toMatchObject([{ side: 'trade', total: { amountMinor: 1 }, tolerated: { amountMinor: 1 } }]);
  });
});

/** The day's bill without one movement. */
async function billWithout(
  made: Awaited<ReturnType<typeof billsOf>>,
  provider: string,
  day: string,
  key: string,
): Promise<Record<string, Buffer>> {
  const movements = (await movementsOf(provider, day)).filter((movement) => movement.key !== key);
  return { trade: await collected(generateBill(movements, { provider: 'alipay', bill: 'trade', period: made.period })) };
}

/** The day's bill with payments of other days, booked at a time. */
async function billWith(provider: string, day: string, payments: string[], at: string): Promise<Record<string, Buffer>> {
  const { period } = await billsOf(world, { provider, day });
  const others = payments.map((id) => ({ kind: 'payment' as const, key: keyOf(id), amountMinor: 1_000, feeMinor: 6, currency: 'CNY', at }));
  const movements = [...(await movementsOf(provider, day)).filter(({ key }) => !payments.some((id) => keyOf(id) === key)), ...others];
  return { trade: await collected(generateBill(movements, { provider: 'alipay', bill: 'trade', period })) };
}

async function movementsOf(provider: string, day: string) {
  const terms = builtInTerms(provider)!;
  const movements = [];
  const query = { provider, terms, period: periodOf(day, terms), after: 0n, through: await world.store.head() };
  for await (const belief of beliefsOf(world.store, query, new AbortController().signal)) movements.push(movementOf(belief, terms)!);
  return movements;
}

async function collected(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
