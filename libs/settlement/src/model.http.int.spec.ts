import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { china2026 } from '../test/china-2026.js';
import { openApplication, type Reply } from '../test/application.js';
import { captured, transfer } from '../test/facts.js';

let hub: Awaited<ReturnType<typeof openApplication>>;

beforeAll(async () => {
  hub = await openApplication();
  for (const party of ['platform:A', 'creator:K']) {
    const [kind, id] = party.split(':') as ['platform' | 'creator', string];
    const registered = { type: 'ParticipantRegistered' as const, party, kind, id, name: id, currencies: [], methods: [] };
    await hub.happened(`participant-${party}`, registered);
  }
}, 180_000);

afterAll(() => hub.close());

const models = '/v1/settlement/models';
const partyModels = (party: string) => `/v1/settlement/parties/${party}/models`;
const terms = {
  granularity: 'net',
  interchange: 'multilateral',
  delay: 'deferred',
  minimumPayoutMinor: 100,
  collection: 'carry',
  automaticApprovalUpToMinor: 0,
};
const now = { ...terms, delay: 'immediate', automaticApprovalUpToMinor: 1_000_000 };

/** Approves, and answers once the projection has it. */
async function approved(url: string, body: object): Promise<string> {
  const reply = await hub.post(url, body, { token: 'approver' });
  expect(reply.status).toBe(200);
  return reply.body.position ?? '';
}

describe('models over HTTP', () => {
  it('are proposed by one and count once another one has approved them', async () => {
    const proposed = await hub.put(`${models}/now/USD`, now);
    expect(proposed).toMatchObject({ status: 200, body: { name: 'now', currency: 'USD', version: 1 } });
    const waiting = await hub.get(`${models}/now/USD?atLeast=${proposed.body.position}`);
    expect(waiting.body).toMatchObject({ proposed: { version: 1, delay: 'immediate', by: 'operator:fin' }, versions: [] });
    expect(waiting.body).not.toHaveProperty('version');

    const position = await approved(`${models}/now/USD/approve`, { version: 1 });
    const { body } = await hub.get(`${models}/now/USD?atLeast=${position}`);
    expect(body).toMatchObject({
      ...{ name: 'now', currency: 'USD', version: 1, ...now, by: 'operator:fin', approvedBy: 'operator:boss' },
      versions: [{ version: 1, position }],
    });
    expect(body).not.toHaveProperty('proposed');
    expect((await hub.get(`${models}?currency=USD`)).body.items).toMatchObject([{ name: 'dnm' }, { name: 'now' }]);
  });

  it('take a party on, whose windows then close and settle by themselves', async () => {
    expect((await hub.put(partyModels('platform:A'), { currency: 'USD', model: 'now' })).status).toBe(200);
    const set = await approved(`${partyModels('platform:A')}/approve`, { currency: 'USD', model: 'now' });
    expect((await hub.get(`${partyModels('platform:A')}?atLeast=${set}`)).body.items).toEqual([
      { party: 'platform:A', currency: 'USD', model: 'dnm', next: { model: 'now', afterWindow: 'dnm_USD_000001' } },
    ]);
    const { body } = await hub.post('/v1/settlement/windows/dnm_USD_000001/close');
    const assigned = await hub.get(`/v1/settlement/parties?currency=USD&atLeast=${body.position}`);
    expect(assigned.body.items).toEqual([{ party: 'platform:A', currency: 'USD', model: 'now' }]);

    await hub.happened(
      'payment-p1',
      captured('p1', [transfer('provider:alipay', 'platform:A', 700), transfer('platform:A', 'creator:K', 200)]),
    );
    const isToldOf = (windowId: string) => hub.heard((message) => message.type === 'PaymentSideSettled' && message.windowId === windowId);
    expect(await isToldOf('now_USD_000001')).toMatchObject([{ paymentId: 'p1', sides: [{ party: 'platform:A', netMinor: 500 }] }]);
    const { items } = (await hub.get('/v1/settlement/windows?model=now')).body;
    expect(items).toMatchObject([
      { windowId: 'now_USD_000002', state: 'open' },
      { windowId: 'now_USD_000001', closedBy: 'immediate', facts: 1 },
    ]);
    expect((await hub.get('/v1/settlement/settlements?limit=1')).body.items).toMatchObject([{ model: 'now', requestedBy: 'immediate' }]);
    const dnm = await hub.get('/v1/settlement/windows/dnm_USD_000002');
    expect(dnm.body).toMatchObject({ state: 'open', parties: [{ party: 'creator:K', netMinor: 200 }] });
  });

  it('have calendars', async () => {
    const set = await hub.put('/v1/settlement/calendars/cn', china2026);
    expect(set).toMatchObject({ status: 200, body: { name: 'cn', version: 1 } });
    const { body } = await hub.get(`/v1/settlement/calendars/cn?atLeast=${set.body.position}`);
    expect(body).toMatchObject({ name: 'cn', version: 1, ...china2026, by: 'operator:fin' });
    expect((await hub.get('/v1/settlement/calendars')).body.items).toMatchObject([{ name: 'cn' }]);
    const schedule = { cron: '0 23 * * *', timeZone: 'Asia/Shanghai', calendar: 'cn' };
    expect((await hub.put(`${models}/daily/CNY`, { ...terms, schedule, settleAfterDays: 1 })).status).toBe(200);
  });

  it('list windows of one number model by model', async () => {
    const all = (await hub.get('/v1/settlement/windows')).body.items ?? [];
    const pages: object[] = [];
    for (let cursor = ''; ;) {
      const { body } = await hub.get(`/v1/settlement/windows?limit=1${cursor}`);
      pages.push(...(body.items ?? []));
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(pages).toEqual(all);
  });

  const schedule = { cron: '0 23 * * *', timeZone: 'Asia/Shanghai' };
  it.each<[string, () => Promise<Reply>, number, { code: string; field?: string }]>([
    ['a model by an auditor', () => hub.put(`${models}/x/USD`, terms, 'auditor'), 403, { code: 'forbidden' }],
    ['a model without terms', () => hub.put(`${models}/x/USD`, {}), 422, { code: 'invalid', field: 'granularity' }],
    ['a model in no currency', () => hub.put(`${models}/x/XXQ`, terms), 422, { code: 'invalid', field: 'currency' }],
    ['a name with a capital letter', () => hub.put(`${models}/Now/USD`, terms), 422, { code: 'invalid', field: 'name' }],
    [
      'a pattern that cannot be read',
      () => hub.put(`${models}/x/USD`, { ...terms, schedule: { ...schedule, cron: '0 25 * * *' } }),
      422,
      { code: 'invalid', field: 'schedule.cron' },
    ],
    [
      'an immediate model with a schedule',
      () => hub.put(`${models}/x/USD`, { ...now, schedule }),
      422,
      { code: 'invalid', field: 'schedule' },
    ],
    [
      'a reserve of more than all',
      () => hub.put(`${models}/x/USD`, { ...terms, reserve: { basisPoints: 10_001, releaseAfterDays: 1 } }),
      422,
      { code: 'invalid', field: 'reserve.basisPoints' },
    ],
    [
      'a calendar that there is not',
      () => hub.put(`${models}/x/USD`, { ...terms, schedule: { ...schedule, calendar: 'de' } }),
      404,
      { code: 'not_found', field: 'schedule.calendar' },
    ],
    ['a model that does not exist', () => hub.get(`${models}/x/USD`), 404, { code: 'not_found' }],
    [
      'approving what nobody has proposed',
      () => hub.post(`${models}/now/USD/approve`, { version: 9 }, { token: 'approver' }),
      404,
      { code: 'not_found' },
    ],
    [
      'approving another version than is proposed',
      () => hub.post(`${models}/daily/CNY/approve`, { version: 9 }, { token: 'approver' }),
      409,
      { code: 'state_conflict', field: 'version' },
    ],
    ['approving by finance', () => hub.post(`${models}/daily/CNY/approve`, { version: 1 }), 403, { code: 'forbidden' }],
    [
      'approving what one has proposed oneself',
      async () => {
        await hub.put(`${models}/own/USD`, terms, 'approver');
        return hub.post(`${models}/own/USD/approve`, { version: 1 }, { token: 'approver' });
      },
      403,
      { code: 'four_eyes' },
    ],
    [
      'a model for a party that is none',
      () => hub.put(partyModels('hub:fees'), { currency: 'USD', model: 'now' }),
      422,
      { code: 'invalid', field: 'party' },
    ],
    [
      'a model for a party that nobody knows',
      () => hub.put(partyModels('platform:Z'), { currency: 'USD', model: 'now' }),
      404,
      { code: 'not_found' },
    ],
    [
      'a model for a party that the currency does not have',
      () => hub.put(partyModels('platform:A'), { currency: 'CNY', model: 'now' }),
      404,
      { code: 'not_found', field: 'model' },
    ],
    [
      'a model for a party that is only proposed',
      () => hub.put(partyModels('platform:A'), { currency: 'CNY', model: 'daily' }),
      404,
      { code: 'not_found', field: 'model' },
    ],
    [
      'approving a party’s model that nobody has proposed',
      () => hub.post(`${partyModels('creator:K')}/approve`, { currency: 'USD', model: 'now' }, { token: 'approver' }),
      404,
      { code: 'not_found' },
    ],
    [
      'a calendar without a day of business',
      () => hub.put('/v1/settlement/calendars/x', { ...china2026, weekend: [1, 2, 3, 4, 5, 6, 7] }),
      422,
      { code: 'invalid', field: 'weekend' },
    ],
    [
      'a calendar with a day that there is not',
      () => hub.put('/v1/settlement/calendars/x', { ...china2026, holidays: ['2026-02-30'] }),
      422,
      { code: 'invalid', field: 'holidays' },
    ],
    ['a calendar that does not exist', () => hub.get('/v1/settlement/calendars/x'), 404, { code: 'not_found' }],
    ['assigned parties of no currency', () => hub.get('/v1/settlement/parties'), 422, { code: 'invalid', field: 'currency' }],
  ])('refuse %s', async (_, ask, status, body) => {
    expect(await ask()).toMatchObject({ status, body });
  });
});
