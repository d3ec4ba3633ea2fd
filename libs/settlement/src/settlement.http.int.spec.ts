import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApplication, type Reply } from '../test/application.js';
import { example1, example2 } from '../test/facts.js';

let hub: Awaited<ReturnType<typeof openApplication>>;

beforeAll(async () => {
  hub = await openApplication();
  for (const name of ['A', 'B']) {
    const party = `platform:${name}`;
    await hub.happened(`participant-${party}`, {
      type: 'ParticipantRegistered',
      party,
      kind: 'platform',
      id: name,
      name,
      currencies: [],
      methods: [],
    });
    await hub.happened(`participant-${party}`, { type: 'BankAccountSet', party, bank: 'x', accountNumber: `acc-${name}`, holder: name });
  }
}, 180_000);

afterAll(() => hub.close());

const settlements = '/v1/settlement/settlements';
const windows = '/v1/settlement/windows';

describe('the finance API', () => {
  it('takes a window from open to settled, and tells everyone who is concerned', async () => {
    hub.bank.depositFromProvider('alipay', 10_000, 'USD');
    await hub.happened('payment-p1', example1('p1'));
    const last = await hub.happened('payment-p2', example2('p2'));
    const open = await hub.get(`${windows}/dnm_USD_000001?atLeast=${last}`);
    expect(open).toMatchObject({
      status: 200,
      body: {
        state: 'open',
        facts: 2,
        parties: [
          { party: 'creator:K', netMinor: 1_659 },
          { party: 'platform:A', netMinor: 1_500 },
          { party: 'platform:B', netMinor: 661 },
        ],
      },
    });

    const closed = await hub.post(`${windows}/dnm_USD_000001/close`);
    expect(closed.status).toBe(200);
    const asked = await hub.post(settlements, { windowIds: ['dnm_USD_000001'] }, { token: 'approver' });
    expect(asked.status).toBe(201);
    const { settlementId } = asked.body;
    await hub.heard(
      (message) => message.type === 'SettlementStatusChanged' && message.settlementId === settlementId && message.status === 'verified',
    );
    expect(await hub.post(`${settlements}/${settlementId}/approve`, undefined, { token: 'finance' })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await hub.post(`${settlements}/${settlementId}/approve`, undefined, { token: 'approver' })).toMatchObject({
      status: 403,
      body: { code: 'four_eyes' },
    });

    const redone = await hub.post(`${settlements}/${settlementId}/abort`, { reason: 'somebody else must ask' });
    const again = await hub.post(settlements, { windowIds: ['dnm_USD_000001'] });
    expect([redone.status, again.status]).toEqual([200, 201]);
    const second = again.body.settlementId;
    await hub.heard(
      (message) => message.type === 'SettlementStatusChanged' && message.settlementId === second && message.status === 'verified',
    );
    expect((await hub.post(`${settlements}/${second}/approve`, undefined, { token: 'approver' })).status).toBe(200);

    const told = await hub.heard((message) => message.type === 'PaymentSideSettled' && message.paymentId === 'p2');
    expect(told).toEqual([
      {
        type: 'PaymentSideSettled',
        paymentId: 'p2',
        settlementId: second,
        windowId: 'dnm_USD_000001',
        sides: [
          { party: 'platform:A', netMinor: 600 },
          { party: 'platform:B', netMinor: 711 },
          { party: 'creator:K', netMinor: 1_659 },
        ],
      },
    ]);
    const settled = await untilDone(`${settlements}/${second}`);
    expect(settled.body).toMatchObject({
      status: 'settled',
      windowIds: ['dnm_USD_000001'],
      requestedBy: 'operator:fin',
      approvedBy: 'operator:boss',
      obligations: [{ debtor: 'platform:A', creditor: 'platform:B', amountMinor: 2_400 }],
      payouts: [
        { party: 'platform:A', amountMinor: 1_500, status: 'confirmed' },
        { party: 'platform:B', amountMinor: 661, status: 'confirmed' },
      ],
      paymentsTold: { count: 2, done: true },
    });
    const payouts = await hub.heard((message) => message.type === 'PayoutStatusChanged' && message.status === 'confirmed');
    expect(payouts.map((message) => 'amountMinor' in message && message.amountMinor).sort()).toEqual([1_500, 661]);
  });

  it('shows a platform no settlement', async () => {
    const key = await hub.platformKey('A');
    expect((await hub.get(settlements, key)).body).toMatchObject({ code: 'forbidden' });
  });

  it('lists windows and settlements, page by page', async () => {
    const all = await hub.get(windows);
    expect(all.body.items).toMatchObject([
      { windowId: 'dnm_CNY_000001' },
      { windowId: 'dnm_USD_000002', state: 'open' },
      { windowId: 'dnm_USD_000001', state: 'settled' },
    ]);
    const first = await hub.get(`${windows}?limit=2`);
    const rest = await hub.get(`${windows}?limit=2&cursor=${first.body.next}`);
    expect([...(first.body.items ?? []), ...(rest.body.items ?? [])]).toEqual(all.body.items);
    expect((await hub.get(`${windows}?currency=USD&state=settled`)).body.items).toMatchObject([{ windowId: 'dnm_USD_000001' }]);
    const newest = await hub.get(`${settlements}?limit=1`);
    const oldest = await hub.get(`${settlements}?limit=1&cursor=${newest.body.next}`);
    expect([newest.body.items, oldest.body.items]).toMatchObject([
      [{ status: 'settled' }],
      [{ status: 'aborted', reason: 'somebody else must ask' }],
    ]);
    expect((await hub.get('/v1/settlement/models')).body.items).toMatchObject([
      { name: 'dnm', currency: 'CNY', version: 1, by: 'hub' },
      { name: 'dnm', currency: 'USD', version: 1, by: 'hub' },
    ]);
  });

  it('answers a repeated request as it answered the first', async () => {
    const first = await hub.post(`${windows}/dnm_CNY_000001/close`, undefined, { key: 'close-cny' });
    const second = await hub.post(`${windows}/dnm_CNY_000001/close`, undefined, { key: 'close-cny' });
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(await hub.post(`${windows}/dnm_CNY_000001/close`)).toMatchObject({ status: 409, body: { code: 'window_not_open' } });
  });

  it.each<[string, () => Promise<Reply>, number, { code: string; field?: string }]>([
    [
      'a close without an idempotency key',
      () => hub.postWithoutKey(`${windows}/dnm_USD_000002/close`),
      422,
      { code: 'invalid', field: 'Idempotency-Key' },
    ],
    ['a window that does not exist', () => hub.get(`${windows}/dnm_USD_000099`), 404, { code: 'not_found' }],
    ['closing one that does not exist', () => hub.post(`${windows}/nonsense/close`), 404, { code: 'not_found' }],
    ['a state that is none', () => hub.get(`${windows}?state=ajar`), 422, { code: 'invalid', field: 'state' }],
    ['a cursor that was made up', () => hub.get(`${settlements}?cursor=WyJ4Il0`), 422, { code: 'invalid', field: 'cursor' }],
    ['a settlement of nothing', () => hub.post(settlements, { windowIds: [] }), 422, { code: 'invalid', field: 'windowIds' }],
    [
      'a settlement with a field that nobody knows',
      () => hub.post(settlements, { windowIds: ['x'], fast: true }),
      422,
      { code: 'invalid', field: 'fast' },
    ],
    ['a settlement of an open window', () => hub.post(settlements, { windowIds: ['dnm_USD_000002'] }), 409, { code: 'window_not_closed' }],
    [
      'a settlement by an auditor',
      () => hub.post(settlements, { windowIds: ['dnm_CNY_000001'] }, { token: 'auditor' }),
      403,
      { code: 'forbidden' },
    ],
    ['a settlement that does not exist', () => hub.get(`${settlements}/stl_x`), 404, { code: 'not_found' }],
    ['its payouts', () => hub.get(`${settlements}/stl_x/payouts`), 404, { code: 'not_found' }],
    ['approving it', () => hub.post(`${settlements}/stl_x/approve`, undefined, { token: 'approver' }), 404, { code: 'not_found' }],
    ['aborting it', () => hub.post(`${settlements}/stl_x/abort`, { reason: 'why not' }), 404, { code: 'not_found' }],
    ['aborting without a reason', () => hub.post(`${settlements}/stl_x/abort`, {}), 422, { code: 'invalid', field: 'reason' }],
    ['a payout that does not exist, again', () => hub.post('/v1/settlement/payouts/x/retry'), 404, { code: 'not_found' }],
    ['a payout that does not exist, carried', () => hub.post('/v1/settlement/payouts/x/carry'), 404, { code: 'not_found' }],
  ])('refuses %s', async (_, ask, status, body) => {
    expect(await ask()).toMatchObject({ status, body });
  });
});

/** The settlement, once all its payments have been told. */
async function untilDone(url: string): Promise<Reply> {
  for (;;) {
    const reply = await hub.get(url);
    if ((reply.body as unknown as { paymentsTold: { done: boolean } }).paymentsTold.done) return reply;
    // The database is in this thread: without a rest, asking would keep everything else from going on.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
