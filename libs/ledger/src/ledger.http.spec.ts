import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captured, example1, registered, split } from '../test/builders.js';
import { openApplication } from '../test/application.js';

let ledger: Awaited<ReturnType<typeof openApplication>>;
let platform: Awaited<ReturnType<(typeof ledger)['platform']>>;
beforeAll(async () => {
  ledger = await openApplication();
  await ledger.happened(
    registered('platform:A'),
    registered('platform:B'),
    captured(example1),
    captured([split('provider:alipay', 'platform:A', 70)], { paymentId: 'pay_2', currency: 'USD' }),
    captured([split('provider:alipay', 'liquidity:platform:A', 5)], { paymentId: 'pay_3' }),
  );
  platform = await ledger.platform('A');
});
afterAll(() => ledger.close());

const a = encodeURIComponent('platform:A');
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const reflected = { position: expect.stringMatching(/^\d+$/), journalRevision: expect.any(Number) };

describe('every answer', () => {
  it.each([
    '/accounts',
    `/accounts/${a}`,
    `/accounts/${a}/balance?currency=CNY`,
    `/accounts/${a}/entries`,
    `/accounts/${a}/holds`,
    `/accounts/${a}/history?currency=CNY`,
    '/entries?ref=pay_1',
    '/entries/0',
    '/tree',
    '/trial-balance',
    '/trial-balance?asOf=0',
  ])('names the position and the revision that it reflects: %s', async (url) =>
    expect(await ledger.get(url)).toMatchObject({ status: 200, body: reflected }),
  );

  it('waits for a position or a revision of the journal to read what was written', async () => {
    const hold = { currency: 'CNY', reservations: [{ account: 'platform:A', amountMinor: 1 }], ref: 'deposit', expiresAt: inAnHour() };
    for (const holdId of ['h1', 'h2', 'h3']) {
      const { body } = await ledger.post('/holds', { ...hold, holdId });
      expect((await ledger.get(`/holds/${holdId}?atLeast=${body.position}`)).body).toMatchObject({ holdId, status: 'placed' });
    }
    const revision = Number((await ledger.get('/holds/h3')).body.journalRevision);
    await ledger.post('/holds/h3/void');
    const { body } = await ledger.get(`/holds/h3?atLeastRevision=${revision + 1}`);
    expect(body).toMatchObject({ status: 'voided' });
    expect(body.journalRevision).toBeGreaterThan(revision);
  });
});

describe('reports', () => {
  it('show the tree of accounts, level by level', async () => {
    const { body } = await ledger.get('/tree');
    expect(body).toMatchObject({
      prefix: '*',
      totals: [
        { currency: 'CNY', postedMinor: 0 },
        { currency: 'USD', postedMinor: 0 },
      ],
    });
    expect((await ledger.get('/tree?prefix=platform:*')).body).toMatchObject({
      prefix: 'platform:*',
      totals: [
        { currency: 'CNY', accounts: 2, postedMinor: 850, creditMinor: 900, debitMinor: 50 },
        { currency: 'USD', accounts: 1, postedMinor: 70 },
      ],
      items: [{ name: 'platform:A', currency: 'CNY', postedMinor: 900 }, { name: 'platform:A', currency: 'USD' }, { name: 'platform:B' }],
    });
    expect((await ledger.get('/tree?prefix=liquidity:*')).body.items).toMatchObject([{ name: 'liquidity:platform:*', postedMinor: 5 }]);
    expect((await ledger.get('/tree?prefix=platform:*&asOf=2020-01-01T00:00:00Z')).body).toMatchObject({ totals: [], items: [] });
  });

  it('show the trial balance as of a revision', async () => {
    const now = (await ledger.get('/trial-balance')).body;
    const then = (await ledger.get(`/trial-balance?asOf=${now.journalRevision}`)).body;
    expect(then).toMatchObject({ currencies: now.currencies, balances: now.balances, asOf: { revision: now.journalRevision } });
    expect(now.currencies).toMatchObject([{ currency: 'CNY', sumMinor: 0 }, { currency: 'USD' }]);
  });

  it('show a chart of a balance in a time zone', async () => {
    const { body } = await ledger.get(`/accounts/${a}/history?currency=CNY&unit=hour&zone=Asia/Kolkata`);
    const points = body.points ?? [];
    expect([48, 49]).toContain(points.length);
    expect(points.at(-1)).toMatchObject({ closingMinor: 900 });
    expect(points[0]).toMatchObject({ openingMinor: 0, start: expect.stringMatching(/:30:00/) });
  });

  it('show the holds of an account that are placed', async () => {
    const holdId = 'listed';
    const reservations = [{ account: 'user:u:wallet', amountMinor: 40 }];
    await ledger.happened({
      type: 'TopUpCaptured',
      topUpId: 't',
      userId: 'u',
      provider: 'alipay',
      providerRef: 'x',
      amountMinor: 100,
      currency: 'CNY',
    });
    const { body } = await ledger.post('/holds', { holdId, currency: 'CNY', reservations, ref: 'r', expiresAt: inAnHour() });
    const placed = await ledger.get(`/accounts/user%3Au%3Awallet/holds?status=placed&atLeast=${body.position}`);
    expect(placed.body.items).toMatchObject([{ holdId, amountMinor: 40, status: 'placed', purpose: 'operator' }]);
    expect((await ledger.get('/accounts/user%3Au%3Awallet/holds?status=ended')).body.items).toEqual([]);
  });
});

describe('a query', () => {
  it.each([
    ['/tree?prefix=nobody:*', 404, 'account_not_found', undefined],
    ['/tree?prefix=a:*:b', 422, 'invalid', 'prefix'],
    ['/tree?asOf=99999', 422, 'invalid', 'asOf'],
    ['/tree?limit=501', 422, 'invalid', 'limit'],
    ['/trial-balance?asOf=99999', 422, 'invalid', 'asOf'],
    ['/trial-balance?asOf=now', 422, 'invalid', 'asOf'],
    ['/accounts/platform%3Anobody/entries', 404, 'account_not_found', undefined],
    ['/accounts/platform%3Anobody/holds', 404, 'account_not_found', undefined],
    ['/accounts/platform%3Anobody/history?currency=CNY', 404, 'account_not_found', undefined],
    [`/accounts/${a}/entries?order=best`, 422, 'invalid', 'order'],
    [`/accounts/${a}/entries?currency=XXQ`, 422, 'invalid', 'currency'],
    [`/accounts/${a}/entries?from=2026-01-01`, 422, 'invalid', 'from'],
    [`/accounts/${a}/entries?to=2026-01-01T00:00:00`, 422, 'invalid', 'to'],
    [`/accounts/${a}/entries?cursor=WyJ4IiwieSJd`, 422, 'invalid', 'cursor'],
    [`/accounts/${a}/holds?status=open`, 422, 'invalid', 'status'],
    [`/accounts/${a}/holds?cursor=WyJ4IiwieSJd`, 422, 'invalid', 'cursor'],
    [`/accounts/${a}/history`, 422, 'invalid', 'currency'],
    [`/accounts/${a}/history?currency=CNY&unit=week`, 422, 'invalid', 'unit'],
    [`/accounts/${a}/history?currency=CNY&zone=Mars`, 422, 'invalid', 'zone'],
    [`/accounts/${a}/history?currency=CNY&from=1999-01-01T00:00:00Z`, 422, 'invalid', 'from'],
    [`/accounts/${a}/history?currency=CNY&from=2099-01-01T00:00:00Z`, 422, 'invalid', 'from'],
    [`/accounts/${a}/history?currency=CNY&unit=hour&from=2020-01-01T00:00:00Z`, 422, 'invalid', 'from'],
    ['/accounts?atLeastRevision=x', 422, 'invalid', 'atLeastRevision'],
    ['/accounts?atLeastRevision=99999', 422, 'invalid', 'atLeastRevision'],
  ])('%s is refused with %s %s', async (url, status, code, field) => {
    const reply = await ledger.get(url);
    expect([reply.status, reply.body.code, reply.body.field]).toEqual([status, code, field]);
  });
});

describe('a platform', () => {
  it('sees its own accounts: what they are, balances, history, entries', async () => {
    expect((await platform.get(`/accounts/${a}`)).body).toMatchObject({ account: 'platform:A', balances: [{ currency: 'CNY' }, {}] });
    expect((await platform.get(`/accounts/${a}/balance?currency=USD`)).body).toMatchObject({ postedMinor: 70 });
    expect((await platform.get(`/accounts/${a}/history?currency=CNY`)).status).toBe(200);
    expect((await platform.get('/accounts/liquidity%3Aplatform%3AA/balance?currency=CNY')).body).toMatchObject({ postedMinor: 5 });
  });

  it('sees of an entry what concerns it, without what operators noted', async () => {
    const note = 'between us';
    const transfers = ['platform:A', 'platform:B'].map((to) => ({
      from: 'hub:fees',
      to,
      amountMinor: 1,
      currency: 'CNY',
      kind: 'correction',
    }));
    const { body } = await ledger.post('/entries', { ref: 'pay_1', transfers, corrects: 0, note });
    const { items } = (await platform.get(`/accounts/${a}/entries?currency=CNY&atLeast=${body.position}`)).body;
    expect(items).toMatchObject([
      { kind: 'PostEntry', corrects: 0, transfers: [{ to: 'platform:A' }] },
      {
        kind: 'PaymentCaptured',
        changes: [{ currency: 'CNY', amountMinor: 900 }],
        transfers: [{ to: 'platform:A' }, { from: 'platform:A' }],
      },
    ]);
    expect(JSON.stringify(items)).not.toContain('platform:B');
    expect(JSON.stringify(items)).not.toContain(note);
  });

  it.each([
    '/accounts/platform%3AB',
    '/accounts/platform%3AB/balance?currency=CNY',
    '/accounts/platform%3AB/entries',
    '/accounts/platform%3AB/history?currency=CNY',
    '/accounts/liquidity%3Aplatform%3AB/balance?currency=CNY',
    '/accounts/hub%3Afees/balance?currency=CNY',
    '/accounts/platform%3Anobody',
    `/accounts/${a}/holds`,
    '/accounts',
    '/entries?ref=pay_1',
    '/entries/0',
    '/holds/h1',
    '/tree',
    '/trial-balance',
  ])('may not see %s', async (url) => expect(await platform.get(url)).toMatchObject({ status: 403, body: { code: 'forbidden' } }));
});
