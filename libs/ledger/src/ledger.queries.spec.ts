import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntriesPosted } from '@tongbao/contracts';
import fc from 'fast-check';
import { captured, split, startMs, type Bookkeeper } from '../test/builders.js';
import { histories } from '../test/histories.js';
import { keeperOfParties, live, openDatabase, walk, type Projected } from '../test/projected.js';
import { accountTree, type TreeItem, type TreeTotal } from './account-tree.view.js';
import type { AsOf } from './as-of.js';
import { balanceHistory } from './balance-history.view.js';
import { Books } from './books.js';
import { LedgerQueries } from './ledger.queries.js';
import { trialBalance, trialBalanceAsOf } from './trial-balance.view.js';
import type { BucketUnit } from './time-buckets.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let projected: Projected;
let queries: LedgerQueries;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  projected = await database.begin();
  queries = new LedgerQueries(database.sql);
});
afterEach(() => projected.close());

/** A keeper who has lived through a random history, projected. The seed is told when something fails. */
async function lived(length: number, seed = Math.floor(Math.random() * 2 ** 31)): Promise<{ keeper: Bookkeeper; seed: number }> {
  const history = fc.sample(histories(length), { numRuns: 4, seed }).flat();
  const keeper = keeperOfParties();
  live(keeper, history);
  await projected.project(keeper.journal);
  return { keeper, seed };
}

/** The books as each revision left them. */
function* folds(journal: readonly EntriesPosted[]): Generator<{ revision: number; event: EntriesPosted; books: Books }> {
  const books = new Books();
  for (const [revision, event] of journal.entries()) {
    books.apply(event, revision);
    yield { revision, event, books };
  }
}

const balancesOf = (books: Books) =>
  [...books.balances()].map(({ currency, account, balance }) => ({
    account,
    currency,
    posted: Number(balance.posted),
    held: Number(balance.held),
  }));

describe('a balance as of a moment', () => {
  it('is the fold of the journal up to it, at any revision and any time', async () => {
    const { keeper, seed } = await lived(100);
    const accounts = balancesOf(keeper.books);
    for (const { revision, event, books } of folds(keeper.journal)) {
      if (revision % 7 !== 0) continue;
      const isLastOfItsTime = keeper.journal[revision + 1]?.postedAt !== event.postedAt;
      const moments: AsOf[] = [{ revision }, ...(isLastOfItsTime ? [{ time: event.postedAt }] : [])];
      const expected = new Map(balancesOf(books).map((each) => [`${each.account} ${each.currency}`, each]));
      for (const asOf of moments)
        for (const { account, currency } of accounts) {
          const shown = await queries.balance(account, currency, asOf);
          const { posted, held } = expected.get(`${account} ${currency}`) ?? { posted: 0, held: 0 };
          expect({ seed, asOf, account, ...shown }).toMatchObject({
            postedMinor: posted,
            heldMinor: held,
            availableMinor: posted - held,
          });
        }
    }
  });

  it('goes by a time that never falls, where the clock of another writer was behind', async () => {
    const keeper = keeperOfParties();
    const sale = () => keeper.facts(captured([split('provider:alipay', 'platform:A', 100)]));
    keeper.nowMs = startMs + 60_000;
    sale();
    keeper.nowMs = startMs + 30_000;
    sale();
    await projected.project(keeper.journal);
    const at = (second: number) => ({ time: new Date(startMs + second * 1_000).toISOString() });
    const posted = async (second: number) => (await queries.balance('platform:A', 'CNY', at(second)))?.postedMinor;
    expect(await Promise.all([29, 30, 59, 60].map(posted))).toEqual([0, 0, 0, 200]);
  });
});

const sumOf = (rows: readonly { account: string; currency: string; posted: number; held: number }[], prefix: string): TreeTotal[] => {
  const own = rows.filter(({ account }) => account.startsWith(prefix));
  return [...new Set(own.map(({ currency }) => currency))].sort().map((currency) => {
    const some = own.filter((each) => each.currency === currency);
    const sum = (amountOf: (row: (typeof some)[number]) => number) => some.reduce((total, row) => total + amountOf(row), 0);
    const [posted, held] = [sum((row) => row.posted), sum((row) => row.held)];
    return {
      currency,
      accounts: some.length,
      postedMinor: posted,
      heldMinor: held,
      availableMinor: posted - held,
      creditMinor: sum((row) => Math.max(0, row.posted)),
      debitMinor: sum((row) => Math.max(0, -row.posted)),
    };
  });
};

/** Only accounts that some event has touched are in the projection. */
const touchedBy = (journal: readonly EntriesPosted[], books: Books) => {
  const touched = new Set<string>();
  for (const { entries, holds, limits, settled = [] } of journal) {
    for (const { from, to, currency } of entries.flatMap(({ transfers }) => transfers))
      touched.add(`${from} ${currency}`).add(`${to} ${currency}`);
    for (const hold of holds)
      if (hold.change === 'placed') for (const { account } of hold.reservations) touched.add(`${account} ${hold.currency}`);
    for (const { account, currency } of limits) touched.add(`${account} ${currency}`);
    for (const { party, currency } of settled) touched.add(`${party} ${currency}`);
  }
  return [...touched].map((key) => {
    const [account = '', currency = ''] = key.split(' ');
    const { posted, held } = books.balance(account, currency);
    return { account, currency, posted: Number(posted), held: Number(held) };
  });
};

describe('the tree of accounts', () => {
  const tree = (prefix: string, asOf?: AsOf, limit = 3) => ({
    first: () => accountTree(database.sql, { prefix, asOf, limit, after: undefined }),
    all: () => walk<TreeItem>((after) => accountTree(database.sql, { prefix, asOf, limit, after })),
  });
  const added = (items: readonly TreeItem[]): object => {
    const byCurrency = new Map<string, number[]>();
    for (const { currency, ...item } of items) {
      const sums = byCurrency.get(currency) ?? [0, 0, 0, 0, 0, 0];
      const { accounts, postedMinor, heldMinor, availableMinor, creditMinor, debitMinor } = item;
      const amounts = [accounts, postedMinor, heldMinor, availableMinor, creditMinor, debitMinor];
      byCurrency.set(
        currency,
        sums.map((sum, index) => sum + (amounts[index] ?? 0)),
      );
    }
    return Object.fromEntries([...byCurrency].sort());
  };
  const asAdded = (totals: readonly TreeTotal[]): object => added(totals.map((total) => ({ name: '', ...total })));

  it('adds up at every level, now and as any revision left it: totals, pages, books', async () => {
    const { keeper, seed } = await lived(100);
    const deeper = [
      'liquidity:platform:A',
      'liquidity:platform:A-1',
      'liquidity:creator:K',
      'platform:A:fees',
      'user:v:wallet',
      'user:v:bonus',
    ];
    for (const [index, to] of deeper.entries())
      keeper.facts(captured([split('provider:alipay', to, 10 + index)], { currency: index % 2 ? 'USD' : 'CNY' }));
    await projected.project(keeper.journal);
    const last = keeper.journal.length - 1;
    for (const { revision, books } of folds(keeper.journal)) {
      if (revision % 61 !== 0 && revision !== last) continue;
      const rows = touchedBy(keeper.journal.slice(0, revision + 1), books);
      for (const prefix of ['', 'platform:', 'user:', 'user:v:', 'liquidity:', 'liquidity:platform:', 'hub:', 'provider:'])
        for (const asOf of revision === last ? [{ revision }, undefined] : [{ revision }]) {
          const about = { seed, prefix, asOf };
          const { totals } = await tree(`${prefix}*`, asOf).first();
          expect({ about, totals }).toEqual({ about, totals: sumOf(rows, prefix) });
          expect({ about, added: added(await tree(`${prefix}*`, asOf).all()) }).toEqual({ about, added: asAdded(totals) });
        }
    }
  });

  it('counts an account from the first that was said of it, be it a limit', async () => {
    const keeper = keeperOfParties();
    keeper.facts({ type: 'LimitsSet', party: 'platform:B', currency: 'CNY', minimumBalanceMinor: 0 });
    keeper.facts(captured([split('provider:alipay', 'platform:A', 5)]));
    await projected.project(keeper.journal);
    const counted = async (revision: number) => {
      const { totals, items } = await tree('platform:*', { revision }).first();
      return [totals.map(({ accounts }) => accounts), items.map(({ name }) => name)];
    };
    expect(await counted(0)).toEqual([[], []]);
    expect(await counted(1)).toEqual([[1], ['platform:B']]);
    expect(await counted(2)).toEqual([[2], ['platform:A', 'platform:B']]);
  });

  it('goes down by one part of a name, page by page, each thing once', async () => {
    const keeper = keeperOfParties();
    const names = ['user:a:wallet', 'user:a:bonus', 'user:a-1:wallet', 'user:b:wallet', 'user:b', 'user:c:d:e'];
    for (const name of names) keeper.facts(captured([split('provider:alipay', name, 1)]));
    keeper.facts(captured([split('provider:alipay', 'user:a:wallet', 1)], { currency: 'USD' }));
    await projected.project(keeper.journal);
    const below = async (prefix: string, limit: number) =>
      (await tree(prefix, undefined, limit).all()).map(({ name, currency, accounts }) => `${name} ${currency} ${accounts}`);
    for (const limit of [1, 2, 3, 50]) {
      expect(await below('user', limit)).toEqual([
        'user:a-1:* CNY 1',
        'user:a:* CNY 2',
        'user:a:* USD 1',
        'user:b CNY 1',
        'user:b:* CNY 1',
        'user:c:* CNY 1',
      ]);
      expect(await below('user:a:*', limit)).toEqual(['user:a:bonus CNY 1', 'user:a:wallet CNY 1', 'user:a:wallet USD 1']);
      expect(await below('user:c:', limit)).toEqual(['user:c:d:* CNY 1']);
      expect(await below('*', limit)).toEqual(['provider:* CNY 1', 'provider:* USD 1', 'user:* CNY 6', 'user:* USD 1']);
    }
  });

  it.each([
    ['nobody:*', 'account_not_found'],
    ['platform:A', 'account_not_found'],
    ['a:*:b', 'invalid'],
    ['a b', 'invalid'],
  ])('%s is refused with %s rather than answered with nothing', async (prefix, code) => {
    await lived(5);
    await expect(tree(prefix).first()).rejects.toMatchObject({ code });
  });

  it('knows nothing of a revision that is to come', async () => {
    await lived(5);
    await expect(tree('*', { revision: 999 }).first()).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('the trial balance as of a moment', () => {
  it('is what the books were, and at the newest revision what it is now', async () => {
    const { keeper, seed } = await lived(100);
    for (const { revision, books } of folds(keeper.journal)) {
      if (revision % 29 !== 0) continue;
      const { currencies, asOf } = await trialBalanceAsOf(database.sql, { revision });
      expect(asOf?.revision).toBe(revision);
      for (const { currency, sumMinor, clientMoneyMinor, cashMinor } of currencies) {
        const { clientMoney, cash } = books.currency(currency);
        expect([seed, revision, sumMinor, clientMoneyMinor, cashMinor]).toEqual([seed, revision, 0, Number(clientMoney), Number(cash)]);
      }
    }
    const now = await trialBalance(database.sql, new Date(keeper.nowMs));
    const then = await trialBalanceAsOf(database.sql, { revision: keeper.journal.length - 1 });
    expect(then.currencies).toEqual(now.currencies);
    expect(then.balances).toEqual(now.balances);
    expect(then.checks).toEqual(now.checks.filter(({ check }) => check === 'sums_to_zero' || check === 'client_money_covered'));
  });

  it('before the first event is empty', async () => {
    await lived(5);
    expect(await trialBalanceAsOf(database.sql, { time: '2020-01-01T00:00:00.000Z' })).toMatchObject({ currencies: [], balances: [] });
  });
});

describe('the history of a balance', () => {
  const history = (account: string, unit: BucketUnit, zone: string, fromMs: number, toMs: number) =>
    balanceHistory(database.sql, { account, currency: 'CNY', unit, zone, fromMs, toMs });

  it('is what the journal says of every point, without a gap', async () => {
    const { keeper, seed } = await lived(150);
    const changes = Array.from(folds(keeper.journal), ({ event, books }) => ({ event, posted: keeperBalance(books) }));
    const cases: [BucketUnit, string][] = [
      ['hour', 'UTC'],
      ['hour', 'Asia/Kolkata'],
      ['day', 'Asia/Kathmandu'],
      ['month', 'America/New_York'],
    ];
    for (const [unit, zone] of cases) {
      const { points } = await history('platform:A', unit, zone, startMs - 3_600_000, keeper.nowMs + 3_600_000);
      for (const [index, point] of points.entries()) {
        const about = { seed, unit, zone, start: point.start };
        const before = new Date(Date.parse(point.end) - 1).toISOString();
        expect({ about, closing: point.closingMinor, held: point.heldMinor }).toEqual({
          about,
          closing: (await queries.balance('platform:A', 'CNY', { time: before }))?.postedMinor,
          held: (await queries.balance('platform:A', 'CNY', { time: before }))?.heldMinor,
        });
        const previous = points[index - 1];
        if (previous) expect([point.start, point.openingMinor]).toEqual([previous.end, previous.closingMinor]);
        const within = changes.filter(({ event }) => event.postedAt >= point.start && event.postedAt < point.end);
        const moved = within
          .flatMap(({ event }) => event.entries)
          .flatMap(({ transfers }) => transfers)
          .filter(({ currency }) => currency === 'CNY');
        const turnover = (side: 'from' | 'to') =>
          moved.filter((transfer) => transfer[side] === 'platform:A').reduce((sum, { amountMinor }) => sum + amountMinor, 0);
        const levels = [point.openingMinor, ...within.map(({ posted }) => posted)];
        expect({ about, ...point }).toMatchObject({
          about,
          creditMinor: turnover('to'),
          debitMinor: turnover('from'),
          lowMinor: Math.min(...levels),
          highMinor: Math.max(...levels),
          closingMinor: point.openingMinor + point.creditMinor - point.debitMinor,
        });
      }
    }
  });

  it('has a point for every day, also where nothing happened', async () => {
    const keeper = keeperOfParties();
    const day = 86_400_000;
    for (const [after, amount] of [[0, 100] as const, [3, 50] as const]) {
      keeper.nowMs = startMs + after * day + 3_600_000;
      keeper.facts(captured([split('provider:alipay', 'platform:A', amount)]));
    }
    await projected.project(keeper.journal);
    const { points } = await history('platform:A', 'day', 'UTC', startMs - day, startMs + 5 * day);
    expect(points.map(({ openingMinor, closingMinor, creditMinor }) => [openingMinor, closingMinor, creditMinor])).toEqual([
      [0, 0, 0],
      [0, 100, 100],
      [100, 100, 0],
      [100, 100, 0],
      [100, 150, 50],
      [150, 150, 0],
    ]);
  });

  it('goes up and down within a point, whose last moment is the one before its end', async () => {
    const keeper = keeperOfParties();
    const hour = 3_600_000;
    const sell = (amount: number) => keeper.facts(captured([split('provider:alipay', 'platform:A', amount)]));
    const pay = (amount: number) => keeper.facts(captured([split('platform:A', 'hub:fees', amount)]));
    sell(100);
    keeper.nowMs = startMs + 60_000;
    pay(130);
    sell(50);
    keeper.nowMs = startMs + 50 * 60_000;
    sell(60);
    pay(10);
    keeper.nowMs = startMs + hour;
    pay(80);
    await projected.project(keeper.journal);
    const { points } = await history('platform:A', 'hour', 'UTC', startMs, startMs + 2 * hour);
    expect(points).toMatchObject([
      { openingMinor: 0, lowMinor: -30, highMinor: 100, closingMinor: 70, creditMinor: 210, debitMinor: 140 },
      { openingMinor: 70, lowMinor: -10, highMinor: 70, closingMinor: -10, creditMinor: 0, debitMinor: 80 },
    ]);
  });

  it.each([
    ['more points than may be', 'hour', 'UTC', 745],
    ['a zone that is none', 'day', 'Mars/Olympus', 24],
    ['a zone of odd minutes', 'day', '+05:17', 24],
  ] as const)('refuses %s', async (_, unit, zone, hours) => {
    await expect(history('platform:A', unit, zone, startMs, startMs + hours * 3_600_000)).rejects.toMatchObject({ code: 'invalid' });
  });
});

const keeperBalance = (books: Books): number => Number(books.balance('platform:A', 'CNY').posted);
