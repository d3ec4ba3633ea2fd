import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { currencies, days, planOfTheWeek, rowsOfTheWeek, currencyOf, type Currency } from './real-week.js';
import { SecondComputation, type Net } from './second-computation.js';
import { examples, goodwillMinor, Week, type Settlement } from './week.js';

/** Log order of names is no order of importance: both computations are sorted by the same. */
const sorted = <Row extends Net>(rows: readonly Row[]): Row[] =>
  rows.toSorted((one, other) => (`${one.windowId} ${one.party}` < `${other.windowId} ${other.party}` ? -1 : 1));

const sumOf = <Each>(all: readonly Each[], of: (each: Each) => number): number => all.reduce((sum, each) => sum + of(each), 0);

describe('a week of real purchases, over six platforms, in two currencies, settled by three models', () => {
  const plan = planOfTheWeek();
  let week: Week;
  let settlements: Settlement[];
  let second: SecondComputation;
  beforeAll(async () => {
    week = await Week.begin();
    await week.playExamples();
    await week.chooseModels();
    for (const day of days.keys()) {
      await week.trade(plan, day);
      await week.endOfDay(day);
    }
    settlements = await week.allTold();
    second = await SecondComputation.of(week.world.hub.eventStoreUrl);
  }, 300_000);
  afterAll(async () => {
    await second.close();
    await week.end();
  });

  it('examples 1 to 3 hold exactly', () => expect(week.exampleBalances).toEqual(examples));

  it('has refunds, every outcome of a dispute, late facts, both ways of collection, and several windows of each model', () => {
    expect(plan.orders.length).toBeGreaterThan(1_500);
    expect(plan.refunds.length).toBeGreaterThan(100);
    expect(plan.refunds.some(({ day, order }) => day > order.day)).toBe(true);
    expect(plan.orders.some(({ takenMinor, amountMinor }) => takenMinor < amountMinor)).toBe(true);
    expect(settlements.filter(({ parties }) => parties.some(({ carriedOutMinor }) => carriedOutMinor !== 0)).length).toBe(2 * 3);
    const windows = Object.groupBy(
      settlements.flatMap(({ windowIds }) => windowIds),
      (windowId) => windowId.replace(/_\d+$/, ''),
    );
    expect(Object.fromEntries(Object.entries(windows).map(([model, its = []]) => [model, its.length]))).toEqual(
      Object.fromEntries(
        currencies.flatMap((currency) =>
          [`dnm_${currency}`, `artists_${currency}`, `pairs_${currency}`].map((of, index) => [of, [4, 3, 2][index]]),
        ),
      ),
    );
  });

  it('every party, window and currency: the windows, the ledger beside them, and a second computation say the same', async () => {
    const windows = await week.windowNets(settlements.flatMap(({ windowIds }) => windowIds));
    const nets = sorted(await second.nets());
    expect(nets.length).toBeGreaterThan(80);
    expect(sorted(windows.map(({ windowId, party, net, sides }) => ({ windowId, party, net, sides })))).toEqual(nets);
    const beside = windows.map(({ windowId, party, ledgerNet, ledgerSides }) => ({ windowId, party, net: ledgerNet, sides: ledgerSides }));
    expect(sorted(beside)).toEqual(nets);
    expect(sorted(await second.ledgerNets())).toEqual(nets);
  });

  it('each settlement is the sum of its windows, party by party', async () => {
    const settlementOf = new Map(
      settlements.flatMap(({ settlementId, windowIds }) => windowIds.map((windowId) => [windowId, settlementId])),
    );
    const expected = new Map<string, bigint>();
    for (const { windowId, party, net } of await second.nets()) {
      const key = `${settlementOf.get(windowId)} ${party}`;
      expected.set(key, (expected.get(key) ?? 0n) + BigInt(net));
    }
    const found = settlements.flatMap(({ settlementId, parties }) =>
      parties.filter(({ sides }) => sides > 0).map(({ party, netMinor }) => [`${settlementId} ${party}`, BigInt(netMinor)] as const),
    );
    expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()));
  });

  it('each side of each payment was settled once, and its payment was told', async () => {
    const told = await second.toldNets();
    expect(told.length).toBeGreaterThan(80);
    expect(sorted(told)).toEqual(sorted(await second.paymentNets()));
  });

  it.each(currencies)(
    'all settlements in %s come to the totals of the data, less what went back and what the hub has',
    async (currency) => {
      const ofData = rowsOfTheWeek().filter((row) => currencyOf(row) === currency);
      expect((await second.captured('week-'))[currency]).toBe(String(sumOf(ofData, ({ amountMinor }) => amountMinor)));

      const taken = sumOf(ofOrders(currency), ({ takenMinor }) => takenMinor);
      const refunded = sumOf(
        plan.refunds.filter(({ order }) => order.currency === currency && order.takenMinor > 0),
        ({ amountMinor }) => amountMinor,
      );
      const disputed = sumOf(
        plan.disputes.filter(({ order }) => order.currency === currency),
        ({ amountMinor, closing }) =>
          closing === undefined
            ? amountMinor
            : closing.outcome === 'won'
              ? 0
              : (closing.lostMinor ?? amountMinor) + (closing.feeMinor ?? 0),
      );
      const inExamples = currency === 'CNY' ? 600 : 8_000;
      const { 'hub:fees': fees = 0, 'hub:losses': losses = 0 } = await week.world.balances(currency, 'hub:fees', 'hub:losses');
      expect(losses).toBe(currency === 'CNY' ? -goodwillMinor : 0);
      const nets = sumOf(
        settlements.filter((each) => each.currency === currency),
        ({ parties }) => sumOf(parties, ({ netMinor }) => netMinor),
      );
      expect(nets).toBe(inExamples + taken - refunded - disputed - fees - losses);
    },
  );

  it.each(currencies)('what each party was paid in %s, and what it has still, is the sum of its nets', async (currency) => {
    const own = settlements.filter((each) => each.currency === currency);
    const parties = [...new Set(own.flatMap((each) => each.parties.map(({ party }) => party)))];
    const found = parties.map((party) => {
      const rows = own.flatMap((each) => each.parties.filter((row) => row.party === party));
      const payouts = own.flatMap((each) => each.payouts.filter((payout) => payout.party === party && payout.status === 'confirmed'));
      const moved = sumOf(payouts, ({ direction, amountMinor }) => (direction === 'payout' ? amountMinor : -amountMinor));
      const left = sumOf(rows, ({ carriedOutMinor, carriedInMinor }) => carriedOutMinor - carriedInMinor);
      return {
        party,
        net: sumOf(rows, ({ netMinor }) => netMinor),
        moved: moved + sumOf(rows, ({ directMinor }) => directMinor ?? 0) + left,
        left,
      };
    });
    expect(found.map(({ party, moved }) => [party, moved])).toEqual(found.map(({ party, net }) => [party, net]));
    const balances = await eventually(
      () => week.world.balances(currency, ...parties),
      (those) => found.every(({ party, left }) => those[party] === left),
    );
    expect(balances).toEqual(Object.fromEntries(found.map(({ party, left }) => [party, left])));
  });

  const ofOrders = (currency: Currency) => plan.orders.filter((order) => order.currency === currency);
});
