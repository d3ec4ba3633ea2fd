import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { openApplication } from '../test/application.js';
import { captured, transfer } from '../test/facts.js';

let hub: Awaited<ReturnType<typeof openApplication>>;

beforeAll(async () => {
  hub = await openApplication();
  for (const id of ['A', 'B']) {
    const party = `platform:${id}`;
    await hub.happened(`participant-${party}`, {
      type: 'ParticipantRegistered',
      party,
      kind: 'platform',
      id,
      name: id,
      currencies: [],
      methods: [],
    });
    await hub.happened(`participant-${party}`, { type: 'BankAccountSet', party, bank: 'x', accountNumber: `acc-${id}`, holder: id });
  }
}, 180_000);

afterAll(() => hub.close());

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const body = (change: object = {}) => ({
  from: 'CNY',
  to: 'USD',
  rate: '0.138889',
  expiresAt: inHours(4),
  source: 'offer 4711',
  ...change,
});
const quotes = '/v1/fx/quotes';
const answered = async (url: string, atLeast = '') => (await hub.get(`${url}${url.includes('?') ? '&' : '?'}atLeast=${atLeast}`)).body;

describe('quotes over HTTP', () => {
  it('are recorded by finance, listed, replaced, withdrawn', async () => {
    const first = await hub.post(quotes, body(), { key: 'one' });
    expect(first).toMatchObject({ status: 201, body: { quoteId: expect.stringMatching(/^fxq_CNY_USD_/) } });
    expect(await hub.post(quotes, body({ expiresAt: inHours(5) }), { key: 'one' })).toMatchObject({
      body: { code: 'idempotency_key_reused' },
    });
    const second = await hub.post(quotes, body({ rate: '0.14' }));
    expect((await answered(`${quotes}?from=CNY&to=USD`, second.body.position)).items).toMatchObject([
      { from: 'CNY', to: 'USD', rate: '0.14', by: 'operator:fin' },
      { rate: '0.138889', source: 'offer 4711' },
    ]);
    expect((await hub.get(`${quotes}?counting=true`)).body.items).toMatchObject([{ rate: '0.14' }]);
    const quoteId: unknown = second.body['quoteId'];
    const withdrawn = await hub.post(`${quotes}/${String(quoteId)}/withdraw`, { reason: 'a slip' }, { token: 'approver' });
    expect(withdrawn.status).toBe(200);
    expect((await answered(`${quotes}?counting=true`, withdrawn.body.position)).items).toEqual([]);
    expect((await hub.get(`${quotes}?limit=1`)).body.items).toMatchObject([{ withdrawn: { by: 'operator:boss', reason: 'a slip' } }]);
  });

  it.each<[string, object, number, string, string]>([
    ['one currency', { to: 'CNY' }, 422, 'invalid', 'to'],
    ['no currency of the hub', { to: 'JPY' }, 422, 'currency_unsupported', 'to'],
    ['a rate of 0', { rate: '0.000' }, 422, 'invalid', 'rate'],
    ['a number for a rate', { rate: 0.138889 }, 422, 'invalid', 'rate'],
    ['expired', { expiresAt: inHours(-1) }, 422, 'invalid', 'expiresAt'],
    ['for ever', { expiresAt: inHours(24 * 8) }, 422, 'invalid', 'expiresAt'],
  ])('are refused: %s', async (_, change, status, code, field) =>
    expect(await hub.post(quotes, body(change))).toMatchObject({ status, body: { code, field } }),
  );

  it('are refused where the rate is turned round', async () => {
    expect((await hub.post(quotes, body({ from: 'USD', to: 'CNY', rate: '7.2' }))).status).toBe(201);
    expect(await hub.post(quotes, body({ rate: '7.2' }))).toMatchObject({ status: 409, body: { code: 'rate_implausible', field: 'rate' } });
  });

  it('are the affair of finance', async () => {
    expect((await hub.post(quotes, body(), { token: 'auditor' })).status).toBe(403);
    expect((await hub.get(quotes, await hub.platformKey('A'))).status).toBe(403);
    expect((await hub.post(`${quotes}/fxq_CNY_USD_none/withdraw`, { reason: 'x' })).body.code).toBe('not_found');
    expect((await hub.post(`${quotes}/none/withdraw`, { reason: 'x' })).body.code).toBe('not_found');
  });
});

describe('a party that is to be paid in another currency', () => {
  const models = (party: string) => `/v1/settlement/parties/${party}/models`;
  const terms = { currency: 'CNY', model: 'dnm', payIn: 'USD' };

  it('is proposed by one and counts once another one has approved just that', async () => {
    expect((await hub.put(models('platform:A'), { ...terms, payIn: 'JPY' })).body.code).toBe('currency_unsupported');
    expect(await hub.put(models('platform:A'), terms)).toMatchObject({ status: 200, body: terms });
    expect((await hub.post(`${models('platform:A')}/approve`, { currency: 'CNY', model: 'dnm' }, { token: 'approver' })).body.code).toBe(
      'state_conflict',
    );
    const set = await hub.post(`${models('platform:A')}/approve`, terms, { token: 'approver' });
    expect(set.status).toBe(200);
    expect((await answered(models('platform:A'), set.body.position)).items).toEqual([{ party: 'platform:A', ...terms }]);
    // In its own currency it is paid as it is.
    expect((await hub.put(models('platform:B'), { ...terms, payIn: 'CNY' })).body).not.toHaveProperty('payIn');
  });

  it('waits for a quote, which is its rate once it is there, without anybody asking', async () => {
    hub.bank.depositFromProvider('alipay', 1_000_000, 'USD');
    hub.bank.depositFromProvider('alipay', 1_000_000, 'CNY');
    const earned = captured('pay_fx', [transfer('provider:alipay', 'platform:A', 72_000, 'purchase')], 'CNY');
    await hub.happened('payment-pay_fx', earned);
    await hub.post('/v1/settlement/windows/dnm_CNY_000001/close');
    const asked = await hub.post('/v1/settlement/settlements', { windowIds: ['dnm_CNY_000001'] });
    const settlementId = String(asked.body.settlementId);
    await hub.heard((message) => message.type === 'SettlementStatusChanged' && message.status === 'verified');
    // Before its rates are looked at, nobody knows what is approved.
    await eventually(
      () => hub.get(`/v1/fx/exchanges?settlementId=${settlementId}`),
      ({ body: found }) => (found.items as { status: string }[])[0]?.status === 'awaiting_rate',
    );
    expect((await hub.post(`/v1/settlement/settlements/${settlementId}/approve`, {}, { token: 'approver' })).status).toBe(200);
    await hub.heard((message) => message.type === 'SettlementStatusChanged' && message.status === 'paying');
    const quoted = await hub.post(quotes, body());
    expect(quoted.status).toBe(201);
    await hub.heard((message) => message.type === 'PayoutStatusChanged' && message.status === 'confirmed' && message.currency === 'USD');
    const settled = await hub.get(`/v1/fx/exchanges?settlementId=${settlementId}`);
    expect(settled.body.items).toMatchObject([
      {
        party: 'platform:A',
        status: 'exchanged',
        sold: { amountMinor: 72_000 },
        bought: { amountMinor: 10_000, currency: 'USD' },
        rate: '0.138889',
      },
    ]);
    const carry = `/v1/fx/exchanges/${settlementId}/platform:A/carry`;
    expect((await hub.post(carry)).body.code).toBe('state_conflict');
    expect((await hub.post('/v1/fx/exchanges/stl_none/platform:B/carry')).body.code).toBe('not_found');
    expect((await hub.get('/v1/fx/exchanges?status=awaiting_rate')).body.items).toEqual([]);
  });
});
