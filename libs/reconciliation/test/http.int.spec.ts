import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankLineMatch } from '@tongbao/contracts';
import { eventually } from '@tongbao/testing';
import { gzipSync } from 'node:zlib';
import { termsIn } from '../src/terms.js';
import { openApplication, World, type Application, type Reply } from './application.js';
import { billsOf, openBreaks, reconciled, runEnded } from './bills.js';
import type { Sale } from './facts.js';

let world: World;
let app: Application;
let number = 0;

beforeAll(async () => {
  world = await World.begin();
  app = await openApplication(world, { maxBillBytes: 100_000 });
}, 60_000);

afterAll(async () => {
  await app.close();
  await world.end();
});

const sale = (change: Partial<Sale> = {}): Sale => ({
  provider: 'alipay',
  amountMinor: 1_000,
  currency: 'CNY',
  at: '2026-03-02T04:00:00.000Z',
  ...change,
});
const sold = (change: Partial<Sale> = {}): Promise<string> => world.sold((number += 1), sale(change));

const alipay = (day: string) => ({ provider: 'alipay', bill: 'trade', day });
const base = '/v1/reconciliation';

/** A bill, once it has been read. */
const read = (billId: string): Promise<Reply> =>
  eventually(
    () => app.get(`${base}/bills/${billId}`),
    ({ status, body }) => status === 200 && body.status !== 'received',
  );

describe('giving a bill', () => {
  it.each<[string, Record<string, string>, string]>([
    ['of a provider of whom nothing is known', { ...alipay('2026-03-02'), provider: 'sandbox' }, 'provider'],
    ['of a provider that has no name', { ...alipay('2026-03-02'), provider: '../x' }, 'provider'],
    ['of a kind that the provider has not', { ...alipay('2026-03-02'), bill: 'fund' }, 'bill'],
    ['of no kind', { ...alipay('2026-03-02'), bill: 'both' }, 'bill'],
    ['of no day', alipay('2026-02-30'), 'day'],
    [
      'of a payout of a provider that has none',
      { ...alipay('2026-03-02'), payout: 'po_1', payoutAmountMinor: '5', payoutCurrency: 'CNY' },
      'payout',
    ],
    ['of a payout of nothing', { provider: 'stripe', bill: 'fund', day: '2026-03-02', payout: 'po_1' }, 'payoutAmountMinor'],
  ])('%s is refused', async (_, query, field) => {
    expect(await app.give(query, Buffer.from('x'))).toMatchObject({ status: 422, body: { code: 'invalid', field } });
  });

  it('is for finance and ops, with a key', async () => {
    expect((await app.give(alipay('2026-03-02'), Buffer.from('x'), { token: 'auditor' })).status).toBe(403);
    expect(await app.give(alipay('2026-03-02'), Buffer.from('x'), { key: '' })).toMatchObject({
      status: 422,
      body: { field: 'Idempotency-Key' },
    });
  });

  it('that is larger than a bill may be is refused, and nothing is left of it', async () => {
    const reply = await app.give(alipay('2026-03-02'), Buffer.alloc(100_001));
    expect(reply).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    expect((await app.get(`${base}/bills`)).body.items).toEqual([]);
  });

  it('as JSON is refused; and so is a file where none is expected', async () => {
    expect((await app.post(`${base}/bills?provider=alipay&bill=trade&day=2026-03-02`, {})).status).toBe(415);
    const file = { 'content-type': 'application/octet-stream' };
    expect((await app.get(`${base}/bills`, 'finance', file)).status).toBe(200);
  });

  it('twice is the same bill, whoever gives it and under whatever key', async () => {
    const content = Buffer.from('{"code":"NO_STATEMENT_EXIST"}');
    const day = { provider: 'wechatpay', bill: 'trade', day: '2026-01-01' };
    const one = await app.give(day, content);
    const two = await app.give(day, content, { token: 'approver' });
    expect(two.body).toMatchObject({ billId: one.body.billId, isKnown: true });
    // The same answer of another day is another bill.
    expect((await app.give({ ...day, day: '2026-01-02' }, content)).body.billId).not.toBe(one.body.billId);
    expect((await read(one.body.billId)).body).toMatchObject({ status: 'fit', lines: 0, problemCount: 0, verified: false });
  });
});

describe('a bill that is wrong', () => {
  const good = async (day: string) => (await billsOf(world, { provider: 'alipay', day })).contents['trade']!;
  const wechat = (text: string) => Buffer.from(text);

  const cases: [string, Record<string, string>, () => Promise<Buffer> | Buffer, string][] = [
    ['is empty', alipay('2026-03-02'), () => Buffer.alloc(0), 'empty'],
    ['is no bill at all', alipay('2026-03-02'), () => Buffer.from('hello\nworld\n'), 'header_missing'],
    ['is cut off', alipay('2026-03-02'), async () => (await good('2026-03-02')).subarray(0, 400), 'truncated'],
    [
      'is damaged',
      { provider: 'wechatpay', bill: 'trade', day: '2026-03-02' },
      () => gzipSync('x'.repeat(5_000)).map((byte, index, all) => (index < all.length - 8 ? byte : 7)) as Buffer,
      'gzip_malformed',
    ],
    ['unpacks without end', { provider: 'wechatpay', bill: 'trade', day: '2026-03-02' }, () => gzipSync(Buffer.alloc(60_000_000)), 'bomb'],
    ['is of another day', alipay('2026-03-05'), () => good('2026-03-02'), 'period_differs'],
    ["is another provider's", { provider: 'wechatpay', bill: 'trade', day: '2026-03-02' }, () => good('2026-03-02'), 'wrong_container'],
    [
      'is the other bill',
      { provider: 'wechatpay', bill: 'fund', day: '2026-03-02' },
      async () => (await wechatOf('2026-03-02'))['trade']!,
      'wrong_bill',
    ],
    [
      'has most lines of another time',
      { provider: 'wechatpay', bill: 'trade', day: '2026-03-07' },
      async () => (await wechatOf('2026-03-02'))['trade']!,
      'outside_period',
    ],
    [
      'has a line that is malformed',
      { provider: 'stripe', bill: 'fund', day: '2026-03-02' },
      () =>
        wechat(
          'balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id\ntxn,soon,usd,1.00,0.00,1.00,charge,ch\n',
        ),
      'time_malformed',
    ],
  ];
  const wechatOf = async (day: string) => (await billsOf(world, { provider: 'wechatpay', day })).contents;

  beforeAll(async () => {
    await sold();
    for (const hour of [5, 6, 7]) await sold({ provider: 'wechatpay', at: `2026-03-02T0${hour}:00:00.000Z` });
  });

  it.each(cases)('because it %s says so, and is not used', async (_, query, file, code) => {
    const { status, body } = await app.give(query, await file());
    expect(status).toBe(201);
    const bill = await read(body.billId);
    expect(bill.body).toMatchObject({ status: 'unfit' });
    expect(bill.body.problems.map(({ code: found }: { code: string }) => found)).toContain(code);
  });

  it('keeps no other from being used', async () => {
    const { body } = await reconciled(
      app,
      'alipay',
      '2026-03-02',
      (await billsOf(world, { provider: 'alipay', day: '2026-03-02' })).contents,
    );
    expect(body).toMatchObject({ state: 'completed', matched: 1 });
    expect((await app.get(`${base}/bills?status=received`)).body.items).toEqual([]);
    expect((await app.get(`${base}/bills?status=unfit&provider=alipay&from=2026-03-02&to=2026-03-02`)).body.items).toHaveLength(3);
  });

  it('may be used all the same, when somebody else than who gave it wants that', async () => {
    await sold({ at: '2026-03-09T04:00:00.000Z' });
    const made = await billsOf(world, { provider: 'alipay', day: '2026-03-09' });
    const { body: given } = await app.give(alipay('2026-03-10'), made.contents['trade']!, { token: 'approver' });
    expect((await read(given.billId)).body.status).toBe('unfit');
    const accept = (token: string) => app.post(`${base}/bills/${given.billId}/accept`, { note: 'Alipay counts so' }, { token });
    expect((await accept('finance')).body).toMatchObject({ code: 'forbidden' });
    expect((await accept('approver')).body).toMatchObject({ code: 'four_eyes' });
    expect((await app.post(`${base}/bills/bill_none/accept`, { note: 'n' }, { token: 'approver' })).body).toMatchObject({
      code: 'not_found',
    });
    const { body: other } = await app.give(alipay('2026-03-11'), made.contents['trade']!);
    await read(other.billId);
    expect((await app.post(`${base}/bills/${other.billId}/accept`, { note: 'as it is' }, { token: 'approver' })).status).toBe(200);
    expect((await runEnded(app, 'alipay_2026-03-11_1')).body).toMatchObject({ state: 'completed', carried: 1 });
    expect((await app.get(`${base}/bills/${other.billId}`)).body).toMatchObject({
      status: 'accepted',
      acceptedBy: 'operator:boss',
      note: 'as it is',
    });
  });
});

describe('breaks', () => {
  const broken: string[] = [];

  beforeAll(async () => {
    for (let hour = 1; hour <= 8; hour += 1)
      await sold({ amountMinor: hour * 1_000, at: `2026-03-16T0${hour}:00:00.000Z`, expectedFeeMinor: 6 });
    const errors = [
      { error: 'missing' as const, count: 2 },
      { error: 'extra' as const, count: 1 },
      { error: 'amount' as const, count: 2 },
      { error: 'fee' as const, count: 1 },
    ];
    world.at('2026-03-20T00:00:00Z');
    await reconciled(app, 'alipay', '2026-03-16', (await billsOf(world, { provider: 'alipay', day: '2026-03-16', errors })).contents);
    await app.folded();
    const { body } = await app.get(`${base}/breaks?day=2026-03-16`);
    broken.push(...body.items.map(({ breakId }: { breakId: string }) => breakId));
  });

  const of = async (kind: string): Promise<Reply['body']> =>
    (await app.get(`${base}/breaks?day=2026-03-16&status=open&kind=${kind}`)).body.items[0];

  it('are listed page by page, with totals that are those of the rows', async () => {
    expect(broken).toHaveLength(6);
    const pages = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const { body } = await app.get(`${base}/breaks?day=2026-03-16&limit=4${cursor}`);
      pages.push(body.items);
      expect(body.totals.count).toBe(6);
      next = body.next;
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 2]);
    const items = pages.flat();
    const { totals } = (await app.get(`${base}/breaks?day=2026-03-16`)).body;
    for (const { kind, currency, age, count, differenceMinor } of totals.byKind) {
      const rows = items.filter((item) => item.kind === kind && item.currency === currency && item.age === age);
      expect([rows.length, rows.reduce((sum, row) => sum + row.differenceMinor, 0)]).toEqual([count, differenceMinor]);
    }
    expect(totals.byKind.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(6);
  });

  it('are filtered', async () => {
    const count = async (query: string) => (await app.get(`${base}/breaks?day=2026-03-16&${query}`)).body.items.length;
    expect(await count('kind=missing_at_provider')).toBe(2);
    expect(await count('provider=stripe')).toBe(0);
    expect(await count('currency=USD')).toBe(0);
    expect([await count('age=week'), await count('age=day'), await count('age=older')]).toEqual([6, 0, 0]);
    expect(await count('status=resolved')).toBe(0);
    expect((await app.get(`${base}/breaks?kind=wrong`)).body).toMatchObject({ code: 'invalid', field: 'kind' });
    expect((await app.get(`${base}/breaks?cursor=x`)).body).toMatchObject({ code: 'invalid', field: 'cursor' });
  });

  it('are a CSV, too', async () => {
    const reply = await app.get(`${base}/breaks?day=2026-03-16`, 'auditor', { accept: 'text/csv' });
    expect(reply.headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8' });
    const [head, ...rows] = reply.text.trim().split('\n');
    expect(head).toMatch(/^breakId,provider,day,kind,/);
    expect(rows.map((row) => row.split(',')[0])).toEqual(broken);
  });

  it('belong to somebody, and are talked about', async () => {
    const { breakId } = await of('missing_here');
    expect((await app.post(`${base}/breaks/${breakId}/assign`, { owner: 'jo' })).status).toBe(200);
    const key = 'said-once';
    const comment = () => app.post(`${base}/breaks/${breakId}/comments`, { text: 'asked Alipay' }, { key });
    const first = await comment();
    expect((await comment()).body).toEqual(first.body);
    const { body } = await app.get(`${base}/breaks/${breakId}?atLeast=${first.body.position}`);
    expect(body).toMatchObject({ owner: 'jo', comments: [{ text: 'asked Alipay', by: 'operator:fin' }], says: [{ side: 'trade' }] });
    expect((await app.get(`${base}/breaks?owner=jo`)).body.items).toHaveLength(1);
    expect((await app.get(`${base}/breaks?day=2026-03-16&owner=`)).body.items).toHaveLength(5);
    expect((await app.post(`${base}/breaks/brk_none/comments`, { text: 'x' })).body.code).toBe('not_found');
    expect((await app.get(`${base}/breaks/brk_none`)).body.code).toBe('not_found');
  });

  it('are settled with a note, by finance', async () => {
    const { breakId } = await of('fee_differs');
    const path = `${base}/breaks/${breakId}/resolve`;
    expect((await app.post(path, { note: 'a campaign' }, { token: 'auditor' })).status).toBe(403);
    expect((await app.post(path, {})).body).toMatchObject({ code: 'invalid', field: 'note' });
    const { body } = await app.post(path, { note: 'a campaign' }, { key: 'resolve-1' });
    expect((await app.post(path, { note: 'a campaign' }, { key: 'resolve-1' })).body).toEqual(body);
    expect((await app.post(path, { note: 'a campaign' })).body).toMatchObject({ code: 'state_conflict' });
    expect((await app.get(`${base}/breaks/${breakId}?atLeast=${body.position}`)).body).toMatchObject({
      status: 'resolved',
      closing: { by: 'operator:fin', note: 'a campaign' },
    });
  });

  it('are corrected by an entry that another person approves', async () => {
    const { breakId } = await of('missing_at_provider');
    const path = `${base}/breaks/${breakId}/correction`;
    const body = (to: string, amountMinor: number) => ({
      ...{ currency: 'CNY', note: 'never arrived', transfers: [{ from: 'hub:losses', to, amountMinor }] },
    });
    expect((await app.post(path, body('platform:A', 10))).body).toMatchObject({ code: 'account_not_allowed' });
    expect((await app.post(path, body('provider:alipay', 9_999_999))).body).toMatchObject({ code: 'exceeds_difference' });
    expect((await app.post(path, body('provider:alipay ', 10))).body).toMatchObject({ code: 'invalid', field: 'transfers[0].to' });
    const first = await app.post(path, body('provider:alipay', 10), { token: 'approver', key: 'propose-1' });
    expect((await app.post(path, body('provider:alipay', 10), { token: 'approver', key: 'propose-1' })).body).toEqual(first.body);
    expect((await app.post(path, body('provider:alipay', 20))).body).toMatchObject({ code: 'state_conflict' });
    const { proposalId } = first.body;
    await app.folded();
    expect((await app.get(`${base}/breaks?proposed=true`)).body.items).toMatchObject([{ breakId, isProposed: true, proposalId }]);
    const approve = (named: object, token = 'approver', key?: string) =>
      app.post(`${path}/approve`, named, { token, ...(key !== undefined && { key }) });
    expect((await approve({ proposalId }, 'finance')).body).toMatchObject({ code: 'forbidden' });
    expect((await approve({})).body).toMatchObject({ code: 'invalid', field: 'proposalId' });
    expect((await approve({ proposalId })).body).toMatchObject({ code: 'four_eyes' });
    expect((await app.post(`${path}/reject`, { note: 'more' }, { token: 'approver' })).status).toBe(200);
    const { body: second } = await app.post(path, body('provider:alipay', 20));
    expect((await approve({ proposalId })).body).toMatchObject({ code: 'state_conflict' });
    const approved = await approve({ proposalId: second.proposalId }, 'approver', 'approve-1');
    expect((await approve({ proposalId: second.proposalId }, 'approver', 'approve-1')).body).toEqual(approved.body);
    const stored = await world.store.readLast(`reconciliation-break_${breakId}`);
    expect(stored?.event).toMatchObject({
      ...{ type: 'BreakCorrected', breakId, currency: 'CNY', proposedBy: 'operator:fin', by: 'operator:boss' },
      transfers: [{ from: 'hub:losses', to: 'provider:alipay', amountMinor: 20, kind: 'reconciliation-correction' }],
    });
    expect((await app.get(`${base}/breaks/${breakId}?atLeast=${approved.body.position}`)).body).toMatchObject({
      status: 'corrected',
      proposal: null,
      comments: [{ text: 'more', by: 'operator:boss' }],
      closing: { proposedBy: 'operator:fin', by: 'operator:boss' },
    });
  });
});

const registered = (id: string) => ({
  ...{ type: 'ParticipantRegistered', party: `platform:${id}`, kind: 'platform', id, name: id, currencies: [], methods: [] },
});

describe('lines of our bank', () => {
  const bankLine = (
    lineId: string,
    amountMinor: number,
    match: BankLineMatch,
    reference = '',
    currency = 'USD',
    bookedAt = world.clock.now().toISOString(),
  ) =>
    world.happened('reconciliation-bank_icbc', {
      ...{ type: 'BankLineRecorded', bank: 'icbc', lineId, sequence: 1, amountMinor, currency, reference, match, bookedAt },
    });
  const unmatched: BankLineMatch = { kind: 'unmatched', reason: 'unknown_reference' };
  const stripe: BankLineMatch = { kind: 'provider_payout', provider: 'stripe' };

  it('that nobody could explain are listed with their age, and explained by two people', async () => {
    world.at('2026-03-20T00:00:00Z');
    await bankLine('l1', 700, unmatched, 'thank you', 'CNY', '2026-03-11T00:00:00.000Z');
    await bankLine('l2', -5, unmatched, 'fee?', 'CNY');
    await bankLine('l3', -900, { kind: 'payout', payoutId: 'po_1' });
    await bankLine('l4', -3, { kind: 'bank_fee' });
    await app.folded();
    const list = await app.get(`${base}/bank-lines?status=open`);
    expect(list.body.items).toMatchObject([
      { lineId: 'l2', amountMinor: -5, age: 'day' },
      { lineId: 'l1', amountMinor: 700, age: 'month', reference: 'thank you' },
    ]);
    expect((await app.get(`${base}/bank-lines?limit=1`)).body.next).toBeDefined();
    const path = `${base}/bank-lines/icbc/l1/explanation`;
    expect((await app.post(`${base}/bank-lines/icbc/l3/explanation`, { account: 'platform:A', note: 'n' })).body.code).toBe('not_found');
    expect((await app.post(path, { account: 'liquidity:platform:A', note: 'n' })).body.code).toBe('account_not_allowed');
    for (const account of ['platform:A ', 'platform:', 'platform:A:B'])
      expect((await app.post(path, { account, note: 'n' })).body).toMatchObject({ code: 'invalid', field: 'account' });
    expect((await app.post(path, { account: 'platform:A', note: 'n' })).body).toMatchObject({ code: 'account_not_found' });
    await world.happened('participant-platform:A', registered('A'));
    const { body: said } = await app.post(path, { account: 'platform:A', note: 'its debt of March' });
    expect((await app.post(path, { account: 'user:mallory:wallet', note: 'n' })).body.code).toBe('state_conflict');
    const approve = (named: object, token = 'approver') => app.post(`${path}/approve`, named, { token });
    expect((await approve({ proposalId: said.proposalId }, 'finance')).body.code).toBe('forbidden');
    expect((await approve({})).body).toMatchObject({ code: 'invalid', field: 'proposalId' });
    expect((await approve({ proposalId: 'prp_other' })).body.code).toBe('state_conflict');
    await app.folded();
    expect((await app.get(`${base}/bank-lines/icbc/l1`)).body.proposal).toMatchObject({
      proposalId: said.proposalId,
      account: 'platform:A',
    });
    const { body } = await approve({ proposalId: said.proposalId });
    expect((await app.get(`${base}/bank-lines/icbc/l1?atLeast=${body.position}`)).body).toMatchObject({
      ...{ status: 'explained', account: 'platform:A', explainedBy: 'operator:boss', proposal: null },
    });
    expect((await app.post(path, { account: 'hub:losses', note: 'n' })).body.code).toBe('state_conflict');
    expect((await world.store.readLast('reconciliation-line_icbc_l1'))?.event).toMatchObject({
      ...{ type: 'BankLineExplained', proposedBy: 'operator:fin' },
      transfers: [{ from: 'hub:suspense', to: 'platform:A', amountMinor: 700 }],
    });
  });

  it("that turned out to be a party's prefunded money are not explained again", async () => {
    await bankLine('l5', 900, unmatched);
    await world.happened('deposit-d5', {
      type: 'LiquidityAssigned',
      depositId: 'd5',
      bank: 'icbc',
      lineId: 'l5',
      party: 'platform:A',
      amountMinor: 900,
      currency: 'USD',
      by: 'operator:boss',
    } as never);
    await app.folded();
    expect((await app.get(`${base}/bank-lines/icbc/l5`)).body.status).toBe('assigned');
    expect((await app.post(`${base}/bank-lines/icbc/l5/explanation`, { account: 'platform:A', note: 'n' })).body.code).toBe(
      'state_conflict',
    );
  });

  it('are the payouts of a provider, by name, or by amount and time; others are breaks when they are late', async () => {
    world.at('2026-03-22T00:00:00Z');
    const payoutBill = (id: string, day: string) => billsOf(world, { provider: 'stripe', day, currency: 'USD', payoutId: id });
    for (const [index, day] of ['2026-03-22', '2026-03-23', '2026-03-24'].entries()) {
      await sold({ provider: 'stripe', currency: 'USD', amountMinor: 10_000 + index, at: `${day}T04:00:00.000Z` });
      const made = await payoutBill(`po_${index}`, day);
      expect((await reconciled(app, 'stripe', day, made.contents)).body).toMatchObject({
        state: 'completed',
        matched: 1,
        breaks: { found: 0 },
      });
    }
    await app.folded();
    const { body } = await app.get(`${base}/payouts?provider=stripe&open=true`);
    const [third, second, first] = body.items;
    expect(body.items.map(({ providerRef }: { providerRef: string }) => providerRef)).toEqual(['po_2', 'po_1', 'po_0']);
    await bankLine('s1', second.amountMinor, stripe, 'STRIPE PAYOUT po_1');
    await bankLine('s2', first.amountMinor, stripe, 'from Stripe');
    await bankLine('s3', 123, stripe, 'from Stripe');
    const isMatched = (reply: Reply) => reply.body.items.length === 1;
    await eventually(() => app.get(`${base}/payouts?provider=stripe&open=true`), isMatched);
    expect((await app.get(`${base}/payouts?provider=stripe&open=false`)).body.items).toMatchObject([
      { providerRef: 'po_1', bank: 'icbc', lineId: 's1' },
      { providerRef: 'po_0', bank: 'icbc', lineId: 's2' },
    ]);
    expect(await openBreaks(app, 'status=open&provider=stripe')).toEqual([]);

    world.at('2026-03-29T00:00:00Z');
    await bankLine('s4', 1, stripe, 'later');
    const late = () => openBreaks(app, 'status=open&provider=stripe');
    expect(await eventually(late, (found) => found.length === 2)).toEqual(
      ['missing_at_provider icbc:s3 fund', 'missing_here po_2 events'].sort(),
    );
    await bankLine('s5', third.amountMinor, stripe, 'po_2');
    expect(await eventually(late, (found) => found.length === 1)).toEqual(['missing_at_provider icbc:s3 fund']);
  });
});

describe('terms', () => {
  it('are there for providers that are known, and set by two people', async () => {
    const { body } = await app.get(`${base}/terms`);
    expect(body.items.map(({ provider, version }: { provider: string; version: number }) => [provider, version])).toEqual([
      ['alipay', 0],
      ['stripe', 0],
      ['wechatpay', 0],
    ]);
    const terms = termsIn(body.items[0]);
    expect((await app.put(`${base}/terms/sandbox`, terms, 'auditor')).status).toBe(403);
    expect((await app.put(`${base}/terms/sandbox`, { ...terms, timeZone: 'Mars/Base' })).body).toMatchObject({ code: 'invalid' });
    expect((await app.put(`${base}/terms/sandbox`, { ...terms, feesFrom: 'no' })).body).toMatchObject({
      code: 'invalid',
      field: 'feesFrom',
    });
    const { body: proposed } = await app.put(`${base}/terms/sandbox`, { ...terms, account: '2088' }, 'approver');
    const { proposalId, position } = proposed;
    expect((await app.get(`${base}/terms?atLeast=${position}`)).body.items).toContainEqual({
      ...{ provider: 'sandbox', version: 0 },
      proposal: { proposalId, ...terms, account: '2088', by: 'operator:boss', proposedAt: expect.any(String) },
    });
    const approve = (named: object, token = 'approver') => app.post(`${base}/terms/sandbox/approve`, named, { token });
    expect((await app.put(`${base}/terms/sandbox`, terms, 'finance')).body).toMatchObject({ code: 'state_conflict' });
    expect((await approve({ proposalId }, 'finance')).status).toBe(403);
    expect((await approve({})).body).toMatchObject({ code: 'invalid', field: 'proposalId' });
    expect((await approve({ proposalId })).body).toMatchObject({ code: 'four_eyes' });
    expect((await app.post(`${base}/terms/sandbox/reject`, { note: 'by finance' })).status).toBe(200);
    expect((await approve({ proposalId })).body).toMatchObject({ code: 'state_conflict' });
    const set = await app.setTerms('sandbox', { ...terms, account: '2088' });
    expect((await app.get(`${base}/terms?atLeast=${set.body.position}`)).body.items).toContainEqual({
      ...{ provider: 'sandbox', version: 1, ...terms, account: '2088', by: 'operator:fin', approvedBy: 'operator:boss' },
      setAt: expect.any(String),
    });
    await world.sold((number += 1), sale({ provider: 'sandbox', at: '2026-03-30T04:00:00.000Z' }));
    const made = await billsOf(world, { provider: 'sandbox', day: '2026-03-30' });
    expect((await reconciled(app, 'sandbox', '2026-03-30', made.contents)).body).toMatchObject({ matched: 1 });
    await app.setTerms('sandbox', { ...terms, account: '2099' });
    const { body: given } = await app.give(
      { provider: 'sandbox', bill: 'trade', day: '2026-03-30' },
      (await billsOf(world, { provider: 'sandbox', day: '2026-03-30', errors: [{ error: 'extra', count: 1 }] })).contents['trade']!,
    );
    expect((await read(given.billId)).body).toMatchObject({ status: 'fit' });
    const { body: other } = await app.give({ provider: 'sandbox', bill: 'trade', day: '2026-03-30' }, made.contents['trade']!);
    expect(other).toMatchObject({ isKnown: true });
  });
});

it('a day without a bill is not compared', async () => {
  expect((await app.post(`${base}/runs`, { provider: 'alipay', day: '2020-01-01' })).body.code).toBe('not_found');
});

it('the projection that is built anew is equal to the live one, row by row', async () => {
  await app.folded();
  expect(await app.runner.compare()).toMatchObject({ equal: true, differences: [] });
});
