import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestSigner } from '@tongbao/client';
import { eventually } from '@tongbao/testing';
import { openApplication, type Reply } from '../test/application.js';

let hub: Awaited<ReturnType<typeof openApplication>>;
let platform: RequestSigner;

beforeAll(async () => {
  hub = await openApplication();
  const party = 'platform:A';
  await hub.happened(`participant-${party}`, {
    type: 'ParticipantRegistered',
    ...{ party, kind: 'platform', id: 'A', name: 'A', currencies: [], methods: [] },
  });
  platform = await hub.platformKey('A');
  await hub.happened(`participant-${party}`, { type: 'BankAccountSet', party, bank: 'x', accountNumber: 'acc-A', holder: 'A' });
  hub.bank.depositFromProvider('alipay', 100_000, 'USD');
  await eventually(
    () => hub.get('/v1/finance/banks'),
    ({ text }) => text.includes('"availableMinor":100000'),
  );
}, 180_000);

afterAll(() => hub.close());

const withdrawals = '/v1/withdrawals';
const banks = '/v1/settlement/banks';
const destination = { accountNumber: '6222-1', holder: 'U One' };
const ofWallet = { from: 'wallet', userId: 'u1', amountMinor: 900, currency: 'USD', destination };
const idOf = ({ body }: Reply): string => String((body as Record<string, unknown>)['withdrawalId']);
const statusOf = (withdrawalId: string, status: string) =>
  eventually(
    () => hub.get(`${withdrawals}/${withdrawalId}`),
    ({ text }) => text.includes(`"status":"${status}"`),
  );

describe('withdrawals', () => {
  it('are asked for by a platform, approved by an operator, and paid; the platform sees its own', async () => {
    const asked = await hub.post(withdrawals, ofWallet, { token: platform });
    expect(asked.status).toBe(201);
    const id = idOf(asked);
    await statusOf(id, 'held');
    expect((await hub.post(`${withdrawals}/${id}/approve`, undefined, { token: 'finance' })).status).toBe(403);
    expect((await hub.post(`${withdrawals}/${id}/approve`, undefined, { token: 'approver' })).status).toBe(200);
    await statusOf(id, 'confirmed');
    // The line is recorded a moment after what it confirms.
    const { body } = await eventually(
      () => hub.get(`${withdrawals}/${id}`),
      ({ text }) => text.includes('"kind":"payout"'),
    );
    expect(body).toMatchObject({ account: 'user:u1:wallet', requestedBy: 'platform:A', approvedBy: 'operator:boss', amountMinor: 900 });
    expect((body as unknown as { lines: object[] }).lines).toMatchObject([{ amountMinor: -900, match: { kind: 'payout', payoutId: id } }]);
    const other = await hub.platformKey('B');
    expect((await hub.get(`${withdrawals}/${id}`, platform)).status).toBe(200);
    expect((await hub.get(`${withdrawals}/${id}`, other)).status).toBe(404);
    expect((await hub.get(withdrawals, other)).body.items).toEqual([]);
    expect((await hub.get(`${withdrawals}?status=confirmed`, platform)).body.items).toHaveLength(1);
  });

  it('of its own liquidity go to the account of the party; others’ are not its own', async () => {
    const own = await hub.post(withdrawals, { from: 'liquidity', amountMinor: 5, currency: 'USD' }, { token: platform });
    expect((await hub.get(`${withdrawals}/${idOf(own)}`, platform, {})).body).toMatchObject({
      account: 'liquidity:platform:A',
      accountNumber: 'acc-A',
    });
    const cancelled = await eventually(
      () => hub.post(`${withdrawals}/${idOf(own)}/cancel`, { reason: 'changed our mind' }, { token: platform }),
      ({ status }) => status === 200,
    );
    expect(cancelled.status).toBe(200);
    await statusOf(idOf(own), 'cancelled');
  });

  it.each<[string, object, string | undefined, number, string]>([
    ['a sweep of fees by a platform', { ...ofWallet, from: 'fees' }, undefined, 403, 'forbidden'],
    [
      'liquidity of another platform',
      { from: 'liquidity', party: 'platform:B', amountMinor: 5, currency: 'USD' },
      undefined,
      403,
      'forbidden',
    ],
    ['a wallet of nobody', { ...ofWallet, userId: undefined }, undefined, 422, 'invalid'],
    ['nothing', { ...ofWallet, amountMinor: 0 }, undefined, 422, 'invalid'],
    ['a currency that is not settled', { ...ofWallet, currency: 'JPY' }, undefined, 422, 'currency_unsupported'],
    ['fees to nowhere', { from: 'fees', amountMinor: 5, currency: 'USD' }, 'finance', 422, 'invalid'],
    ['liquidity of nobody', { from: 'liquidity', amountMinor: 5, currency: 'USD' }, 'finance', 422, 'invalid'],
    ['a sweep by an auditor', { ...ofWallet, from: 'fees' }, 'auditor', 403, 'forbidden'],
  ])('refuse %s', async (_, body, token, status, code) => {
    const answer =
      token === undefined ? await hub.post(withdrawals, body, { token: platform }) : await hub.post(withdrawals, body, { token });
    expect(answer).toMatchObject({ status, body: { code } });
  });
});

describe('the bank', () => {
  it('is paused by whoever sees trouble, and resumed by finance; finance sees it', async () => {
    expect((await hub.post(`${banks}/sandbox/pause`, { reason: 'a fault' }, { token: 'finance' })).status).toBe(200);
    await eventually(
      () => hub.get('/v1/finance/banks'),
      ({ text }) => text.includes('"reason":"a fault"'),
    );
    const { body } = await hub.post(withdrawals, { ...ofWallet, from: 'fees', amountMinor: 7 });
    const id = String((body as Record<string, unknown>)['withdrawalId']);
    await hub.post(`${withdrawals}/${id}/approve`, undefined, { token: 'approver' });
    await statusOf(id, 'held');
    expect((await hub.post(`${banks}/other/pause`, { reason: 'x' })).status).toBe(404);
    expect((await hub.post(`${banks}/sandbox/resume`, undefined, { token: 'auditor' })).status).toBe(403);
    expect((await hub.post(`${banks}/sandbox/resume`)).status).toBe(200);
    await statusOf(id, 'confirmed');
  });

  it('shows its lines; one that waits is assigned by two people', async () => {
    hub.bank.bookIncoming({ amountMinor: 4_400, currency: 'USD', accountNumber: 'somebody', reference: 'for A' });
    const lines = await eventually(
      () => hub.get('/v1/finance/bank-lines?matched=false'),
      ({ body }) => body.items?.length === 1,
    );
    const [{ lineId }] = lines.body.items as [{ lineId: string }];
    const path = `/v1/finance/bank-lines/${lineId}`;
    const assign = async (note: string) => {
      const { status, body } = await hub.post(`${path}/assign`, { party: 'platform:A', note });
      expect(status).toBe(200);
      return { proposalId: body.proposalId };
    };
    const approve = async (body?: object) => (await hub.post(`${path}/approve`, body, { token: 'approver' })).status;
    const first = await assign('their letter of today');
    expect((await hub.post(`${path}/assign`, { party: 'platform:A', note: 'another letter of today' })).status).toBe(409);
    expect((await hub.post(`${path}/reject`, { reason: 'not theirs' })).status).toBe(200);
    expect(await approve(first)).toBe(404);
    const second = await assign('after all: their second letter');
    expect([await approve(), await approve(first), await approve(second)]).toEqual([422, 409, 200]);
    await eventually(
      () => hub.get('/v1/finance/bank-lines?matched=false'),
      ({ text }) => text.includes('"status":"assigned"'),
    );
  });
});

describe('a hub whose bank takes no files', () => {
  it.each<[string, () => Promise<Reply>, number]>([
    ['an upload', () => hub.upload('/v1/settlement/bank-files', '<x/>'), 404],
    ['a close', () => hub.post('/v1/settlement/payout-runs'), 404],
    ['a release', () => hub.post('/v1/settlement/payout-runs/1/release', undefined, { token: 'approver' }), 404],
    ['a run', () => hub.get('/v1/settlement/payout-runs/1'), 404],
    ['a payout that is not there', () => hub.get('/v1/settlement/payouts/x'), 404],
    [
      'a word about it',
      () => hub.post('/v1/settlement/payouts/x/declare-failed', { note: 'a letter of the bank' }, { token: 'approver' }),
      404,
    ],
    ['XML where JSON is meant', () => hub.upload(withdrawals, '<x/>'), 415],
  ])('answers %s', async (_, ask, status) => expect((await ask()).status).toBe(status));

  it('lists what there is', async () => {
    expect((await hub.get('/v1/settlement/payouts')).body.items).toEqual([]);
    expect((await hub.get('/v1/settlement/bank-files')).body).toMatchObject({ items: [], gaps: [] });
    expect((await hub.get('/v1/settlement/payout-runs')).body).toMatchObject({ items: [], waiting: { instructions: 0 } });
    expect((await hub.get('/v1/settlement/bank-files?status=x')).status).toBe(422);
    for (const path of ['/v1/settlement/payouts', withdrawals, '/v1/fx/exchanges'])
      expect((await hub.get(`${path}?status=payed`)).body).toMatchObject({ code: 'invalid', field: 'status' });
  });
});
