import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JournalEntry } from '@tongbao/contracts';
import fc from 'fast-check';
import { captured, example1, placeHold, postEntry, registered, split, startMs, transfer, type Bookkeeper } from '../test/builders.js';
import { histories } from '../test/histories.js';
import { keeperOfParties, live, openDatabase, walk, type Projected } from '../test/projected.js';
import type { Order } from './account-events.js';
import { EntryQueries, type AccountEntry, type EntryFilter } from './entries.queries.js';
import { HoldQueries, type AccountHold } from './holds.queries.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let projected: Projected;
let keeper: Bookkeeper;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  projected = await database.begin();
  keeper = keeperOfParties();
});
afterEach(() => projected.close());

/** Lets something random happen, and projects it. */
async function happen(length: number, seed: number): Promise<void> {
  live(keeper, fc.sample(histories(length), { numRuns: 2, seed }).flat());
  await projected.project(keeper.journal);
}
const anySeed = () => Math.floor(Math.random() * 2 ** 31);

/** All entries of the journal, by their numbers. */
const booked = (): (JournalEntry & { number: number; postedAt: string })[] =>
  keeper.journal.flatMap(({ firstEntry, entries, postedAt }) =>
    entries.map((entry, index) => ({ ...entry, number: firstEntry + index, postedAt })),
  );

function matching(account: string, { kind, currency, counterparty, from, to }: EntryFilter): number[] {
  return booked()
    .filter((entry) => kind === undefined || entry.kind === kind)
    .filter(({ postedAt }) => (from === undefined || postedAt >= from) && (to === undefined || postedAt < to))
    .filter(({ transfers }) =>
      transfers.some(
        (each) =>
          (currency === undefined || each.currency === currency) &&
          [[each.from, each.to] as const, [each.to, each.from] as const].some(
            ([own, other]) => own === account && (counterparty === undefined || other === counterparty),
          ),
      ),
    )
    .map(({ number }) => number);
}

const time = (minutes: number): string => new Date(startMs + minutes * 60_000).toISOString();
const filters: EntryFilter[] = [
  {},
  { kind: 'PostEntry' },
  { kind: 'PaymentCaptured', currency: 'USD' },
  { currency: 'USD' },
  { counterparty: 'hub:fees' },
  { counterparty: 'platform:B', currency: 'CNY', kind: 'CommitHold' },
  { from: time(20), to: time(90) },
  { kind: 'PaymentCaptured', counterparty: 'provider:alipay', from: time(30) },
  { counterparty: 'platform:nobody' },
];

describe('the entries of an account', () => {
  it.each(['newest', 'oldest'] as const)('are each there once, %s first, whatever is asked for and is written meanwhile', async (order) => {
    const seed = anySeed();
    await happen(120, seed);
    for (const [index, filter] of filters.entries())
      for (const lookAt of [1, 7, 5_000]) {
        const queries = new EntryQueries(database.sql, lookAt);
        const before = matching('platform:A', filter);
        let pages = 0;
        const page = (after: string[] | undefined) => queries.ofAccount('platform:A', filter, { order, limit: 1 + index, after });
        const seen = await walk<AccountEntry>(page, async () => {
          pages += 1;
          if (pages % 25 === 1) await happen(3, seed + pages);
        });
        const numbers = seen.map(({ number }) => number);
        const about = { seed, filter, lookAt };
        const expected = order === 'newest' ? [...before].reverse() : matching('platform:A', filter);
        // From the oldest on, what is written meanwhile comes at the end, as far as it was there when the end was reached.
        expect({ about, numbers }).toEqual({ about, numbers: order === 'newest' ? expected : expected.slice(0, numbers.length) });
        expect(numbers.length).toBeGreaterThanOrEqual(before.length);
      }
  });

  it('are all there where an event has more rows than are read at once', async () => {
    const sale = (number: number, currency: string) =>
      captured([split('provider:alipay', 'platform:A', 1 + number)], { paymentId: `pay_${number}`, currency });
    // Three currencies an event: what is read at once ends within one.
    for (let event = 0; event < 100; event += 1)
      keeper.facts(...['CNY', 'EUR', 'USD'].map((currency, index) => sale(3 * event + index, currency)));
    await projected.project(keeper.journal);
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    for (const limit of [7, 299, 500]) {
      const page = (order: Order) => (after: string[] | undefined) =>
        new EntryQueries(database.sql).ofAccount('platform:A', {}, { order, limit, after });
      expect((await walk<AccountEntry>(page('oldest'))).map(({ number }) => number)).toEqual(numbers);
      expect((await walk<AccountEntry>(page('newest'))).map(({ number }) => number)).toEqual([...numbers].reverse());
    }
  });

  it('say what each did to the account', async () => {
    keeper.facts(captured(example1), captured(example1, { currency: 'USD' }));
    await projected.project(keeper.journal);
    const { items } = await new EntryQueries(database.sql).ofAccount('platform:A', {}, { order: 'oldest', limit: 5, after: undefined });
    expect(items.map(({ changes }) => changes)).toEqual([[{ currency: 'CNY', amountMinor: 900 }], [{ currency: 'USD', amountMinor: 900 }]]);
  });

  it.each([[['x', '1']], [['1']], [[]], [['1', '-1']]])('refuse the cursor %j, which is none of theirs', async (after) => {
    await expect(new EntryQueries(database.sql).ofAccount('platform:A', {}, { order: 'newest', limit: 5, after })).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});

describe('the entries about something', () => {
  const about = (ref: string, filter: EntryFilter, order: Order) =>
    walk((after) => new EntryQueries(database.sql).about(ref, filter, { order, limit: 2, after }));

  it('come in the order of the books or from the newest on, filtered', async () => {
    const seed = anySeed();
    await happen(100, seed);
    const expected = (kept: (entry: JournalEntry) => boolean) =>
      booked()
        .filter((entry) => entry.ref === 'pay_1' && kept(entry))
        .map(({ number }) => number);
    const shown = async (filter: EntryFilter, order: Order) => (await about('pay_1', filter, order)).map(({ number }) => number);
    expect([seed, await shown({}, 'oldest')]).toEqual([seed, expected(() => true)]);
    expect([seed, await shown({}, 'newest')]).toEqual([seed, expected(() => true).reverse()]);
    expect([seed, await shown({ currency: 'USD', kind: 'PaymentCaptured' }, 'oldest')]).toEqual([
      seed,
      expected(({ kind, transfers }) => kind === 'PaymentCaptured' && transfers.some(({ currency }) => currency === 'USD')),
    ]);
  });

  it('name what they correct, and what corrects them', async () => {
    keeper.facts(captured(example1));
    keeper.command({ ...postEntry('c', [transfer('hub:fees', 'platform:A', 10)], 0), note: 'too much' });
    await projected.project(keeper.journal);
    const queries = new EntryQueries(database.sql);
    expect(await about('pay_1', {}, 'oldest')).toMatchObject([
      { number: 0, kind: 'PaymentCaptured', sourcePosition: '4', correctedBy: [1] },
    ]);
    expect(await queries.entry(0)).toMatchObject({ correctedBy: [1], corrections: [{ number: 1, corrects: 0, note: 'too much' }] });
    expect(await queries.entry(1)).toMatchObject({ kind: 'PostEntry', corrects: 0 });
    expect(await queries.entry(2)).toBeUndefined();
  });
});

describe('the holds of an account', () => {
  const holds = (status: 'placed' | 'ended' | undefined, order: Order, between?: () => Promise<void>) =>
    walk<AccountHold>((after) => new HoldQueries(database.sql).ofAccount('platform:A', { status, order, limit: 3, after }), between);

  it('are each there once, placed and ended, while more are placed', async () => {
    keeper.facts(captured([split('provider:alipay', 'platform:A', 10_000)]), registered('platform:C'));
    for (let number = 0; number < 20; number += 1) keeper.command(placeHold(`h${number}`, 'platform:A', 10));
    keeper.command(placeHold('other', 'platform:B', 0));
    const twice = { account: 'platform:A', amountMinor: 3 };
    keeper.command(placeHold('twice', 'platform:A', 3, { reservations: [twice, twice] }));
    for (let number = 0; number < 20; number += 3)
      keeper.command({ command: 'VoidHold', commandId: `void ${number}`, holdId: `h${number}` });
    await projected.project(keeper.journal);
    const ids = Array.from({ length: 20 }, (_, number) => `h${number}`);
    const isEnded = (_: string, number: number) => number % 3 === 0;
    let more = 0;
    const placeMore = async () => {
      more += 1;
      keeper.command(placeHold(`more${more}`, 'platform:A', 1));
      await projected.project(keeper.journal);
    };
    const newest = await holds('placed', 'newest', placeMore);
    expect(newest.map(({ holdId }) => holdId)).toEqual(['twice', ...ids.filter((id, number) => !isEnded(id, number)).reverse()]);
    expect(newest[0]).toMatchObject({ amountMinor: 6, status: 'placed', ref: 'ref twice' });
    const ended = await holds('ended', 'oldest');
    expect(ended.map(({ holdId }) => holdId)).toEqual(ids.filter(isEnded));
    expect(ended[0]).toMatchObject({ status: 'voided', endedAt: expect.any(String), amountMinor: 10 });
    const all = (await holds(undefined, 'oldest')).map(({ holdId }) => holdId);
    expect(all).toEqual([...ids, 'twice', ...Array.from({ length: more }, (_, index) => `more${index + 1}`)]);
  });

  it('are what the account holds', async () => {
    const seed = anySeed();
    await happen(200, seed);
    const placed = await holds('placed', 'oldest');
    const byCurrency = (code: string) =>
      placed.filter(({ currency }) => currency === code).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    for (const code of ['CNY', 'USD'])
      expect([seed, code, byCurrency(code)]).toEqual([seed, code, Number(keeper.books.balance('platform:A', code).held)]);
  });
});
