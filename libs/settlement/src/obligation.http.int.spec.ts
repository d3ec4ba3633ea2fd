import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestSigner } from '@tongbao/client';
import { openApplication, type Reply } from '../test/application.js';
import { example2, example3, transfer, captured } from '../test/facts.js';
import { modelFor } from '../test/model-for.js';

let hub: Awaited<ReturnType<typeof openApplication>>;
let settlementId: string;
const keys = new Map<string, RequestSigner>();
const obligations = '/v1/settlement/obligations';
const settlements = '/v1/settlement/settlements';

beforeAll(async () => {
  const reserve = { basisPoints: 1_000, releaseAfterDays: 30 };
  hub = await openApplication(undefined, [modelFor('EUR', { interchange: 'bilateral', collection: 'liquidity', reserve })]);
  for (const name of ['A', 'B', 'C']) {
    const party = `platform:${name}`;
    const named = { party, kind: 'platform', id: name, name } as const;
    await hub.happened(`participant-${party}`, { type: 'ParticipantRegistered', ...named, currencies: [], methods: [] });
    await hub.happened(`participant-${party}`, { type: 'BankAccountSet', party, bank: 'x', accountNumber: `acc-${name}`, holder: name });
    keys.set(name, await hub.platformKey(name));
  }
  hub.bank.depositFromProvider('alipay', 100_000, 'EUR');
  await hub.happened('payment-p1', { ...example2('p1'), currency: 'EUR' });
  await hub.happened('payment-p2', { ...example3('p2'), currency: 'EUR' });
  await hub.happened('payment-p3', captured('p3', [transfer('platform:C', 'hub:fees', 300)], 'EUR'));
  await hub.post('/v1/settlement/windows/dnm_EUR_000001/close');
  ({ settlementId = '' } = (await hub.post(settlements, { windowIds: ['dnm_EUR_000001'] })).body);
  await hub.heard((message) => message.type === 'ObligationStatusChanged');
}, 180_000);

afterAll(() => hub.close());

const one = () => `${settlementId}_platform.B_platform.A`;
const say = (what: 'report' | 'confirm' | 'reject', body: object, token: string | RequestSigner = 'finance') =>
  hub.post(`${obligations}/${one()}/${what}`, body, { token });
const keyOf = (name: string) => keys.get(name)!;
const paid = { outcome: 'paid' };

/** The settlement, once it is as meant. */
async function untilIt(isMeant: (body: Record<string, unknown>) => boolean): Promise<Reply> {
  for (;;) {
    const reply = await hub.get(`${settlements}/${settlementId}`);
    if (isMeant(reply.body)) return reply;
    // The database is in this thread: without a rest, asking would keep everything else from going on.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('what platforms pay each other directly', () => {
  it('is due, with all parts of the payables, and told to the two alone', async () => {
    const told = await hub.heard((message) => message.type === 'ObligationStatusChanged');
    expect(told).toMatchObject([{ obligationId: one(), debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600, status: 'due' }]);
    const { body } = await untilIt(({ draws }) => JSON.stringify(draws).includes('drawn'));
    expect(body).toMatchObject({
      status: 'paying',
      modelVersion: 1,
      movedMinor: 2_655 + 2_980 + 300,
      direct: [{ obligationId: one(), amountMinor: 1_600, status: 'due' }],
      parties: [
        { party: 'creator:K', netMinor: 1_659, withheldMinor: 166, payableMinor: 1_493, action: 'carry' },
        { party: 'platform:A', netMinor: 4_550, directMinor: 1_600, withheldMinor: 295, payableMinor: 2_655 },
        { party: 'platform:B', netMinor: 1_711, directMinor: -1_600, withheldMinor: 331, payableMinor: 2_980 },
        { party: 'platform:C', netMinor: -300, action: 'collect', collectBy: 'liquidity' },
      ],
      draws: [{ party: 'platform:C', amountMinor: 300, status: 'drawn' }],
    });
    for (const name of ['A', 'B']) expect((await hub.get(obligations, keyOf(name))).body.items).toMatchObject([{ obligationId: one() }]);
    expect((await hub.get(obligations, keyOf('C'))).body.items).toEqual([]);
    expect((await hub.get(`${obligations}?status=paid`)).body.items).toEqual([]);
    expect((await hub.get(`${obligations}?currency=EUR&party=platform:B&settlementId=${settlementId}`)).body.items).toHaveLength(1);
  });

  it.each<[string, () => Promise<Reply>, number, object]>([
    ['one that there is not', () => hub.get(`${obligations}/x`), 404, { code: 'not_found' }],
    ['one of others', () => hub.get(`${obligations}/${one()}`, keyOf('C')), 404, { code: 'not_found' }],
    ['those of others', () => hub.get(`${obligations}?party=platform:B`, keyOf('A')), 403, { code: 'forbidden', field: 'party' }],
    ['a status that is none', () => hub.get(`${obligations}?status=late`), 422, { code: 'invalid', field: 'status' }],
    ['a report by an approver', () => say('report', { ...paid, note: 'x' }, 'auditor'), 403, { code: 'forbidden' }],
    ['a report by its debtor', () => say('report', { ...paid, note: 'x' }, keyOf('B')), 403, { code: 'forbidden' }],
    ['a report without evidence', () => say('report', paid), 422, { code: 'invalid', field: 'note' }],
    ['a confirmation of what nobody reported', () => say('confirm', paid, 'approver'), 409, { code: 'state_conflict' }],
    ['a confirmation by finance alone', () => say('confirm', paid), 403, { code: 'forbidden' }],
    ['a rejection of what nobody reported', () => say('reject', { note: 'x' }, 'approver'), 409, { code: 'state_conflict' }],
  ])('refuses %s', async (_, ask, status, body) => expect(await ask()).toMatchObject({ status, body }));

  it('is reported by one, rejected, reported again, and confirmed by the creditor’s own signature', async () => {
    const reported = await say('report', { ...paid, note: 'advice 17' });
    expect(reported).toMatchObject({ status: 200, body: { obligationId: one() } });
    const { position } = reported.body;
    expect((await hub.get(`${obligations}/${one()}?atLeast=${position}`)).body).toMatchObject({
      ...{ status: 'reported', outcome: 'paid', reportedBy: 'operator:fin', note: 'advice 17' },
    });
    expect((await say('reject', { note: 'another transfer' }, 'approver')).status).toBe(200);
    expect((await say('report', { ...paid, note: 'advice 18' }, 'approver')).status).toBe(200);
    expect(await say('confirm', paid, 'approver')).toMatchObject({ status: 403, body: { code: 'four_eyes' } });
    expect(await say('confirm', paid, keyOf('B'))).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await say('confirm', { outcome: 'carried' }, keyOf('A'))).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await say('confirm', paid, keyOf('C'))).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await say('confirm', paid, keyOf('A'))).status).toBe(200);
    const settled = await untilIt(({ paymentsTold }) => JSON.stringify(paymentsTold).includes('"done":true'));
    expect(settled.body).toMatchObject({
      ...{ status: 'settled', paymentsTold: { count: 3, percent: 100 }, direct: [{ status: 'paid' }] },
    });
  });
});

describe('a settlement', () => {
  it('is approved with the amount that was seen, and with no other', async () => {
    await hub.happened('payment-p4', captured('p4', [transfer('provider:alipay', 'platform:A', 700)]));
    await hub.post('/v1/settlement/windows/dnm_USD_000001/close');
    const { body } = await hub.post(settlements, { windowIds: ['dnm_USD_000001'] });
    const id = body.settlementId;
    await hub.heard(
      (message) => message.type === 'SettlementStatusChanged' && message.settlementId === id && message.status === 'verified',
    );
    const approve = (movedMinor: number) => hub.post(`${settlements}/${id}/approve`, { movedMinor }, { token: 'approver' });
    expect(await approve(699)).toMatchObject({ status: 409, body: { code: 'amount_differs' } });
    expect((await approve(700)).status).toBe(200);
  });

  it.each<[string, () => Promise<Reply>, number, object]>([
    ['the differences of none', () => hub.get(`${settlements}/stl_x/differences`), 404, { code: 'not_found' }],
    ['a cursor that was made up', () => hub.get(`${settlements}/${settlementId}/differences?cursor=WyJ4Il0`), 422, { field: 'cursor' }],
    ['to compare none again', () => hub.post(`${settlements}/stl_x/recompare`), 404, { code: 'not_found' }],
    ['to compare again what agrees', () => hub.post(`${settlements}/${settlementId}/recompare`), 409, { code: 'state_conflict' }],
    ['to compare again for an auditor', () => hub.post(`${settlements}/x/recompare`, undefined, { token: 'auditor' }), 403, {}],
  ])('refuses %s', async (_, ask, status, body) => expect(await ask()).toMatchObject({ status, body }));

  it('has no differences where the ledger posted what happened', async () =>
    expect(await hub.get(`${settlements}/${settlementId}/differences`)).toMatchObject({ status: 200, body: { items: [] } }));
});
