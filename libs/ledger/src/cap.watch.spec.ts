import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { captured, registered, split } from '../test/builders.js';
import { openApplication } from '../test/application.js';

// What is not told of within this, never is.
jest.setTimeout(20_000);

const B = 'platform:B';
const b = encodeURIComponent(B);

let ledger: Awaited<ReturnType<typeof openApplication>>;
beforeAll(async () => {
  ledger = await openApplication();
  await ledger.happened(registered('platform:A'), registered(B));
}, 60_000);
afterAll(() => ledger.close());

const setCap = (netDebitCapMinor?: number) =>
  ledger.post(`/accounts/${b}/limits`, {
    currency: 'CNY',
    minimumBalanceMinor: -1_000_000,
    ...(netDebitCapMinor !== undefined && { netDebitCapMinor }),
  });
const move = (from: string, to: string, amountMinor: number) =>
  ledger.post('/entries', { ref: 'spec', transfers: [{ from, to, amountMinor, currency: 'CNY', kind: 'correction' }], note: 'spec' });
const cap = async (atLeast = '') => (await ledger.get(`/accounts/${b}/cap?currency=CNY${atLeast && `&atLeast=${atLeast}`}`)).body;
const told = async (count: number) => (await ledger.capNews(count)).map(({ percent, previousPercent }) => [previousPercent, percent]);

describe('the use of a net debit cap', () => {
  it('is shown to operators and its platform, and nobody else', async () => {
    expect((await ledger.get(`/accounts/${b}/cap?currency=CNY`)).body.code).toBe('not_found');
    const { body } = await setCap(1_000);
    expect(await cap(body.position)).toMatchObject({
      ...{
        party: B,
        currency: 'CNY',
        capMinor: 1_000,
        liquidityMinor: 0,
        limitMinor: 1_000,
        usedMinor: 0,
        availableMinor: 1_000,
        percent: 0,
      },
      position: expect.any(String),
    });
    expect((await (await ledger.platform('B')).get(`/accounts/${b}/cap?currency=CNY`)).body).toMatchObject({ capMinor: 1_000 });
    expect((await (await ledger.platform('C')).get(`/accounts/${b}/cap?currency=CNY`)).body.code).toBe('forbidden');
    expect((await ledger.get('/caps')).body.items).toMatchObject([{ party: B, percent: 0 }]);
    expect((await ledger.get('/caps?currency=USD')).body.items).toEqual([]);
  });

  it('is told of when it comes to a share and when it has fallen well below it, once each', async () => {
    expect((await move(B, 'hub:losses', 760)).status).toBe(201);
    expect(await told(1)).toEqual([[0, 75]]);
    expect((await move('hub:losses', B, 20)).status).toBe(201);
    await move(B, 'hub:losses', 20);
    await move(B, 'hub:losses', 150);
    expect(await told(2)).toEqual([
      [0, 75],
      [75, 90],
    ]);
    const { body } = await move('hub:losses', B, 700);
    expect((await told(3)).at(-1)).toEqual([90, 0]);
    expect(await cap(body.position)).toMatchObject({ usedMinor: 210, availableMinor: 790, percent: 21 });
  });

  it('falls at once when liquidity comes in, and rises when it is reserved to go out', async () => {
    await move(B, 'hub:losses', 790);
    expect((await told(4)).at(-1)).toEqual([0, 90]);
    const funded = await move('bank:icbc', `liquidity:${B}`, 1_000);
    expect((await told(5)).at(-1)).toEqual([90, 50]);
    expect(await cap(funded.body.position)).toMatchObject({ liquidityMinor: 1_000, limitMinor: 2_000, usedMinor: 1_000, percent: 50 });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const reservations = [{ account: `liquidity:${B}`, amountMinor: 900 }];
    expect((await ledger.post('/holds', { holdId: 'out', currency: 'CNY', reservations, ref: 'out', expiresAt })).status).toBe(201);
    expect((await told(6)).at(-1)).toEqual([50, 90]);
  });

  it('is over when the cap is taken away', async () => {
    await setCap();
    expect((await told(7)).at(-1)).toEqual([90, 0]);
    expect((await ledger.get('/caps')).body.items).toEqual([]);
  });
});

describe('a capture', () => {
  it('of a party without a cap is none of its affair', async () => {
    await ledger.happened(captured([split('provider:alipay', 'platform:A', 1_000)]));
    expect((await ledger.capNews(7)).length).toBe(7);
  });
});
