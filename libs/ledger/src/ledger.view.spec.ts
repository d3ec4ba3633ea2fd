import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntriesPosted } from '@tongbao/contracts';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import fc from 'fast-check';
import { Bookkeeper, captured, example1, placeHold, postEntry, registered, split, startMs, transfer } from '../test/builders.js';
import { histories } from '../test/histories.js';
import { openHub, type Hub } from '../test/hub.js';
import { HoldQueries } from './holds.queries.js';
import { journalStream } from './journal.fold.js';
import { LedgerQueries } from './ledger.queries.js';
import { ledgerProjection } from './ledger.view.js';
import { trialBalance } from './trial-balance.view.js';

let sql: SqlClient;
let hub: Hub;
let runner: ProjectionRunner;
let queries: LedgerQueries;

beforeAll(async () => {
  sql = await openPglite('memory');
});
afterAll(() => sql.close());

async function open(): Promise<void> {
  for (const { name } of await sql.query<{ name: string }>(
    `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name !~ '^(pg_|information_schema|public)'`,
  ))
    await sql.query(`DROP SCHEMA "${name}" CASCADE`);
  hub = await openHub();
  runner = await ProjectionRunner.start(sql, hub.feed, ledgerProjection);
  queries = new LedgerQueries(sql);
}
async function close(): Promise<void> {
  await runner.stop();
  await hub.close();
}

/** The journal of a keeper, folded by the projection. */
async function project(journal: readonly EntriesPosted[]): Promise<void> {
  let position = 0n;
  for (const [revision, event] of journal.entries()) {
    ({ position } = await hub.store.append(journalStream(), revision === 0 ? 'no_stream' : revision - 1, [event], {
      commandId: `journal ${revision}`,
    }));
  }
  expect(await runner.reached(position, 10_000)).toBe(true);
}

const parties = ['platform:A', 'platform:B', 'creator:K'];
const start = () => new Bookkeeper().facts(...parties.map(registered));
const postedOf = async (account: string, asOf?: Parameters<LedgerQueries['balance']>[2]) =>
  (await queries.balance(account, 'CNY', asOf))?.postedMinor;

describe('the projection of the books', () => {
  beforeEach(open);
  afterEach(close);

  it('shows what the books hold, over any history', async () => {
    const [history] = fc.sample(histories(400), { numRuns: 1 });
    const keeper = start();
    history?.forEach((happening, index) => {
      if ('minutes' in happening) keeper.nowMs += happening.minutes * 60_000;
      else if ('fact' in happening) keeper.write([{ fact: happening.fact, position: 100 + index }]);
      else if (happening.command.command !== 'ReverseEntry') keeper.command(happening.command);
    });
    await project(keeper.journal);
    for (const { currency, account, balance } of keeper.books.balances()) {
      const shown = (await queries.account(account))?.balances.find((each) => each.currency === currency);
      expect({ account, shown: [shown?.postedMinor ?? 0, shown?.heldMinor ?? 0, shown?.netMinor ?? 0] }).toEqual({
        account,
        shown: [balance.posted, balance.held, balance.net].map(Number),
      });
      if (keeper.books.status(account) !== 'unknown' && shown) expect(shown.status).toBe(keeper.books.status(account));
    }
    const { currencies, checks } = await trialBalance(sql, new Date(keeper.nowMs));
    for (const { currency, sumMinor, clientMoneyMinor, cashMinor } of currencies) {
      const book = keeper.books.currency(currency);
      expect([sumMinor, clientMoneyMinor, cashMinor]).toEqual([0n, book.clientMoney, book.cash].map(Number));
    }
    expect(checks.filter(({ check, passed }) => !passed && check !== 'client_money_covered')).toEqual([]);
  });

  it('is built again as it is', async () => {
    const keeper = start().facts(captured(example1));
    keeper.command(placeHold('h', 'platform:A', 100));
    await project(keeper.journal);
    expect(await runner.rebuild()).toMatchObject({ equal: true, differences: [] });
  });

  it('knows balances as of a revision and of a time', async () => {
    const keeper = start();
    for (const minute of [1, 2, 3]) {
      keeper.nowMs = startMs + minute * 60_000;
      keeper.facts(captured([split('provider:alipay', 'platform:A', 100)]));
    }
    keeper.command(placeHold('h', 'platform:A', 50));
    await project(keeper.journal);
    const at = (minute: number) => ({ time: new Date(startMs + minute * 60_000).toISOString() });
    expect(await Promise.all([0, 1, 2.5, 9].map((minute) => postedOf('platform:A', at(minute))))).toEqual([0, 100, 200, 300]);
    expect(await Promise.all([0, 1, 3].map((revision) => postedOf('platform:A', { revision })))).toEqual([0, 100, 300]);
    expect(await queries.balance('platform:A', 'CNY', undefined)).toMatchObject({
      postedMinor: 300,
      heldMinor: 50,
      availableMinor: 250,
      revision: 4,
    });
    expect(await queries.balance('platform:nobody', 'CNY', undefined)).toBeUndefined();
    expect(await queries.balance('platform:B', 'CNY', undefined)).toMatchObject({ postedMinor: 0 });
  });

  it('lists accounts by prefix', async () => {
    await project(start().facts(captured(example1)).journal);
    const first = await queries.accounts('platform:', 1, undefined);
    expect(first.items).toMatchObject([{ account: 'platform:A', status: 'open', postedMinor: 900, netMinor: 900 }]);
    expect((await queries.accounts('platform:', 5, ['platform:A', 'CNY'])).items).toMatchObject([
      { account: 'platform:B', postedMinor: -50 },
    ]);
    expect((await queries.accounts('p_', 5, undefined)).items).toEqual([]);
  });

  it('follows a hold', async () => {
    const keeper = start().facts(captured(example1));
    keeper.command(placeHold('h', 'platform:A', 100));
    keeper.command({ command: 'CommitHold', commandId: 'c', holdId: 'h', transfers: [transfer('platform:A', 'platform:B', 60)] });
    await project(keeper.journal);
    expect(await new HoldQueries(sql).hold('h')).toMatchObject({
      status: 'committed',
      entry: 1,
      reservations: [{ account: 'platform:A', amountMinor: 100 }],
    });
    expect((await queries.account('platform:A'))?.balances).toMatchObject([{ postedMinor: 840, heldMinor: 0 }]);
  });
});

describe('the trial balance', () => {
  beforeEach(open);
  afterEach(close);

  it('explains transit and suspense line by line, with age', async () => {
    const keeper = start().facts(captured(example1));
    const late = {
      paymentId: 'pay_9',
      platformId: 'A',
      orderId: 'o',
      attempt: 1,
      provider: 'alipay',
      providerRef: 'x',
      amountMinor: 30,
      currency: 'CNY',
    };
    keeper.facts({ type: 'LateCaptureFound', ...late }, { type: 'LateCaptureFound', ...late, paymentId: 'pay_8' });
    keeper.nowMs += 60_000;
    keeper.facts({ type: 'LateCaptureRefunded', ...late, paymentId: 'pay_8' });
    keeper.facts({
      type: 'PayoutInstructed',
      payoutId: 'po_1',
      settlementId: 's',
      party: 'platform:A',
      direction: 'payout',
      amountMinor: 900,
      currency: 'CNY',
      bank: 'icbc',
      attempt: 1,
      accountNumber: '6',
      holder: 'A',
    });
    await project(keeper.journal);
    const { openLines, openLineCount, checks, balances } = await trialBalance(sql, new Date(keeper.nowMs + 60_000));
    expect(openLines).toMatchObject([
      { account: 'hub:suspense', ref: 'pay_9', amountMinor: 30, kind: 'LateCaptureFound', ageSeconds: 120 },
      { account: 'transit:po_1', ref: 'po_1', amountMinor: 900, kind: 'PayoutInstructed', ageSeconds: 60 },
    ]);
    expect(openLineCount).toBe(2);
    expect(checks.every(({ passed }) => passed)).toBe(true);
    expect(balances.map(({ account }) => account)).toEqual([
      'hub:fees',
      'hub:suspense',
      'platform:A',
      'platform:B',
      'provider:alipay',
      'transit:*',
    ]);
  });

  it('takes a line out of suspense when a correction of its entry explains it', async () => {
    const keeper = start();
    keeper.facts({
      type: 'BankLineRecorded',
      bank: 'icbc',
      lineId: 'l1',
      sequence: 1,
      amountMinor: 70,
      currency: 'CNY',
      reference: '',
      match: { kind: 'unmatched', reason: '' },
      bookedAt: '',
    });
    keeper.command(postEntry('c1', [transfer('hub:suspense', 'platform:A', 40)], 0));
    await project(keeper.journal);
    expect((await trialBalance(sql, new Date())).openLines).toMatchObject([{ ref: 'l1', amountMinor: 30, entry: 0 }]);
  });

  it('says by how much the money of clients is not covered', async () => {
    await project(start().facts(captured([split('hub:losses', 'platform:A', 25)])).journal);
    expect((await trialBalance(sql, new Date())).checks).toContainEqual({
      check: 'client_money_covered',
      currency: 'CNY',
      passed: false,
      differenceMinor: 25,
    });
  });
});
