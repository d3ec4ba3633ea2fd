import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@tongbao/contracts';
import { captured, example1, registered } from '../test/builders.js';
import { openApplication } from '../test/application.js';

let ledger: Awaited<ReturnType<typeof openApplication>>;
beforeAll(async () => {
  ledger = await openApplication();
  await ledger.happened(registered('platform:A'), registered('platform:B'), captured(example1));
});
afterAll(() => ledger.close());

const a = encodeURIComponent('platform:A');
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const transfer = (from: string, to: string, amountMinor: unknown) => ({ from, to, amountMinor, currency: 'CNY', kind: 'correction' });
const balanceOf = async (account: string, query = '') =>
  (await ledger.get(`/accounts/${encodeURIComponent(account)}/balance?currency=CNY${query}`)).body;

describe('queries', () => {
  it('answer with balances and the position that they reflect', async () => {
    expect(await balanceOf('platform:A')).toMatchObject({
      postedMinor: 900,
      heldMinor: 0,
      availableMinor: 900,
      position: expect.stringMatching(/^\d+$/),
    });
    expect((await ledger.get('/accounts?prefix=platform:')).body.items).toHaveLength(2);
    expect((await ledger.get(`/accounts/${a}`)).body).toMatchObject({
      account: 'platform:A',
      status: 'open',
      balances: [{ netMinor: 900 }],
    });
    expect((await ledger.get(`/accounts/${a}/entries`)).body.items).toMatchObject([{ number: 0, ref: 'pay_1' }]);
    expect((await ledger.get('/entries?ref=pay_1')).body.items).toMatchObject([{ kind: 'PaymentCaptured' }]);
    expect((await ledger.get('/entries/0')).body).toMatchObject({ number: 0, transfers: [{ amountMinor: 1000 }, {}, {}] });
    expect((await ledger.get('/trial-balance')).body).toMatchObject({ currencies: [{ currency: 'CNY', sumMinor: 0 }], openLines: [] });
  });

  it.each([
    ['/accounts/platform%3Anobody', 404, 'account_not_found'],
    ['/accounts/platform%3Anobody/balance?currency=CNY', 404, 'account_not_found'],
    [`/accounts/${a}/balance`, 422, 'invalid'],
    [`/accounts/${a}/balance?currency=XXQ`, 422, 'invalid'],
    [`/accounts/${a}/balance?currency=CNY&asOf=yesterday`, 422, 'invalid'],
    [`/accounts/${a}/balance?currency=CNY&asOf=2026-01-01T00:00:00`, 422, 'invalid'],
    [`/accounts/${a}/balance?currency=CNY&asOf=99999`, 422, 'invalid'],
    [`/accounts/${a}/entries?limit=0`, 422, 'invalid'],
    [`/accounts/${a}/entries?cursor=x`, 422, 'invalid'],
    ['/accounts?atLeast=x', 422, 'invalid'],
    ['/entries', 422, 'invalid'],
    ['/entries/1.5', 422, 'invalid'],
    ['/entries/99999', 404, 'entry_not_found'],
    ['/holds/none', 404, 'hold_not_found'],
  ])('%s is refused with %s %s', async (url, status, code) => {
    const reply = await ledger.get(url);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it('are for operators', async () => expect((await ledger.get('/accounts', 'nobody')).status).toBe(401));
});

describe('commands', () => {
  it('place a hold, commit it in part, and show in queries that ask for their position', async () => {
    const body = {
      holdId: 'h1',
      currency: 'CNY',
      reservations: [{ account: 'platform:A', amountMinor: 100 }],
      ref: 'deposit',
      expiresAt: inAnHour(),
    };
    const placed = await ledger.post('/holds', body, { key: 'place' });
    expect(placed).toMatchObject({ status: 201, body: { subject: 'h1', replayed: false } });
    expect((await ledger.post('/holds', body, { key: 'place' })).body).toMatchObject({ subject: 'h1', replayed: true });
    expect(await balanceOf('platform:A', `&atLeast=${placed.body.position}`)).toMatchObject({ heldMinor: 100, availableMinor: 800 });
    const committed = await ledger.post('/holds/h1/commit', { transfers: [transfer('platform:A', 'platform:B', 30)] });
    expect(committed).toMatchObject({ status: 200, body: { entry: expect.any(Number) } });
    expect(await balanceOf('platform:A', `&atLeast=${committed.body.position}`)).toMatchObject({ postedMinor: 870, heldMinor: 0 });
    expect((await ledger.get('/holds/h1')).body).toMatchObject({ status: 'committed', entry: committed.body.entry });
    expect(await ledger.post('/holds/h1/void')).toMatchObject({ status: 409, body: { code: 'hold_already_committed' } });
  });

  it('post a correction, and undo it', async () => {
    const correction = await ledger.post('/entries', {
      ref: 'pay_1',
      transfers: [transfer('hub:fees', 'platform:A', 5)],
      corrects: 0,
      note: 'fee was too high',
    });
    expect(correction.status).toBe(201);
    const reversal = await ledger.post(`/entries/${correction.body.entry}/reverse`, { note: 'it was not' });
    const entry = await ledger.get(`/entries/${reversal.body.entry}?atLeast=${reversal.body.position}`);
    expect(entry.body).toMatchObject({
      kind: 'ReverseEntry',
      corrects: correction.body.entry,
      note: 'it was not',
      transfers: [{ from: 'platform:A', to: 'hub:fees' }],
    });
    expect(await ledger.post(`/entries/${correction.body.entry}/reverse`, { note: 'again' })).toMatchObject({
      status: 409,
      body: { code: 'already_reversed' },
    });
  });

  it('open, freeze, unfreeze and close an account', async () => {
    const account = encodeURIComponent('hub:petty-cash');
    for (const action of ['open', 'freeze', 'unfreeze', 'close'])
      expect((await ledger.post(`/accounts/${account}/${action}`)).status).toBe(200);
    expect((await ledger.post(`/accounts/${account}/freeze`)).body.code).toBe('account_closed');
    expect((await ledger.post(`/accounts/${a}/close`)).body.code).toBe('account_not_empty');
    expect((await ledger.post('/accounts/nonsense/open')).body.code).toBe('invalid');
  });

  it('open an account with currencies and metadata, and limit it', async () => {
    const account = encodeURIComponent('escrow:x');
    const opened = await ledger.post(`/accounts/${account}/open`, { currencies: ['USD', 'CNY', 'USD'], metadata: { owner: 'treasury' } });
    expect((await ledger.get(`/accounts/${account}?atLeast=${opened.body.position}`)).body).toMatchObject({
      status: 'open',
      currencies: ['CNY', 'USD'],
      metadata: { owner: 'treasury' },
      balances: [],
    });
    expect((await ledger.post(`/accounts/${account}/open`, { metadata: { owner: 'sales' } })).body.code).toBe(
      'exists_with_different_content',
    );
    const limited = await ledger.post(`/accounts/${account}/limits`, { currency: 'CNY', minimumBalanceMinor: -5 });
    expect(limited.status).toBe(200);
    const post = (amountMinor: number) =>
      ledger.post('/entries', { ref: 'r', note: 'n', transfers: [transfer('escrow:x', 'hub:losses', amountMinor)] });
    expect((await post(6)).body.code).toBe('insufficient_funds');
    const posted = await post(5);
    expect(posted.body.balances).toEqual([
      { account: 'escrow:x', currency: 'CNY', postedMinor: -5, heldMinor: 0, availableMinor: -5 },
      { account: 'hub:losses', currency: 'CNY', postedMinor: 5, heldMinor: 0, availableMinor: 5 },
    ]);
    expect((await ledger.get(`/accounts/${account}?atLeast=${posted.body.position}`)).body).toMatchObject({
      balances: [{ currency: 'CNY', minimumBalanceMinor: -5 }],
    });
  });

  it.each([
    ['open', { currencies: [] }],
    ['open', { currencies: ['XAU'] }],
    ['open', { metadata: { Owner: 'x' } }],
    ['open', { metadata: { owner: 1 } }],
    ['open', { metadata: { owner: 'x'.repeat(201) } }],
    ['open', { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`n${index}`, 'x'])) }],
    ['open', { name: 'x' }],
    ['limits', {}],
    ['limits', { currency: 'CNY', minimumBalanceMinor: 0.5 }],
    ['limits', { currency: 'CNY', netDebitCapMinor: -1 }],
    ['limits', { currency: 'CNY', netDebitCapMinor: 1 }],
  ])('%s of %p is invalid', async (action, body) =>
    expect((await ledger.post(`/accounts/escrow%3Ay/${action}`, body)).body.code).toBe('invalid'),
  );

  it.each(['platform:A:B', 'creator:K:wallet', 'platform:-', `platform:${'A'.repeat(65)}`, 'liquidity:A', 'reserve:platform:A:B'])(
    'do not open %s: no party is named so',
    async (account) => {
      const path = `/accounts/${encodeURIComponent(account)}/open`;
      expect(await ledger.post(path, {})).toMatchObject({ status: 422, body: { code: 'invalid', field: 'account' } });
    },
  );

  const entry = { ref: 'r', note: 'n', transfers: [transfer('hub:fees', 'platform:A', 1)] };
  it.each([
    ['no transfers', { ...entry, transfers: [] }],
    ['more than 100 transfers', { ...entry, transfers: Array.from({ length: 101 }, () => entry.transfers[0]) }],
    ['an amount of nothing', { ...entry, transfers: [transfer('hub:fees', 'platform:A', 0)] }],
    ['a fraction', { ...entry, transfers: [transfer('hub:fees', 'platform:A', 0.5)] }],
    ['an amount as text', { ...entry, transfers: [transfer('hub:fees', 'platform:A', '1')] }],
    ['a name that is none', { ...entry, transfers: [transfer('fees', 'platform:A', 1)] }],
    ['something below a party', { ...entry, transfers: [transfer('hub:fees', 'platform:A:B', 1)] }],
    ['a party without an id', { ...entry, transfers: [transfer('hub:fees', 'platform:', 1)] }],
    ['a party and a space', { ...entry, transfers: [transfer('hub:fees', 'platform:A ', 1)] }],
    ['an unknown field', { ...entry, position: '7' }],
    ['no reason', { ...entry, note: undefined }],
  ])('with %s are invalid', async (_, body) =>
    expect(await ledger.post('/entries', body)).toMatchObject({ status: 422, body: { code: 'invalid' } }),
  );

  it('need an idempotency key, and the same content under it', async () => {
    expect((await ledger.postWithoutKey('/holds/h9/void')).body).toMatchObject({ code: 'invalid', field: 'Idempotency-Key' });
    await ledger.post('/entries', entry, { key: 'once' });
    expect((await ledger.post('/entries', { ...entry, ref: 'other' }, { key: 'once' })).body.code).toBe('exists_with_different_content');
  });

  it('are for finance', async () => expect((await ledger.post('/entries', entry, { token: 'auditor' })).body.code).toBe('forbidden'));
});

describe('a bulk', () => {
  const posting = (id: string, amountMinor: number, from = 'platform:B') => ({
    command: 'PostEntry',
    id,
    ref: 'r',
    note: 'n',
    transfers: [transfer(from, 'hub:losses', amountMinor)],
  });

  it('answers each command on its own, in their order, and knows each again by its id', async () => {
    const entries = [posting('b1', 1), posting('b2', 1, 'platform:nobody'), posting('b1', 1), posting('b1', 2)];
    const { status, body } = await ledger.post('/entries/bulk', { entries });
    expect([status, body.outcomes]).toMatchObject([
      200,
      [
        { id: 'b1', result: 'accepted', entry: expect.any(Number), replayed: false, balances: [{ account: 'platform:B' }, {}] },
        { id: 'b2', result: 'refused', code: 'account_not_found', replayed: false },
        { id: 'b1', result: 'accepted', replayed: true },
        { id: 'b1', result: 'refused', code: 'exists_with_different_content' },
      ],
    ]);
    expect((await ledger.post('/entries/bulk', { entries: [posting('b1', 1)] })).body.outcomes).toMatchObject([{ replayed: true }]);
    expect((await ledger.post('/entries', { ...posting('', 1), id: undefined, command: undefined }, { key: 'b1' })).body).toMatchObject({
      replayed: true,
    });
  });

  it('that is linked is posted wholly, or refused with the first refusal and its place', async () => {
    const limited = await ledger.post(`/accounts/${a}/limits`, { currency: 'CNY', minimumBalanceMinor: 0 });
    const before = await balanceOf('platform:A', `&atLeast=${limited.body.position}`);
    const [half, most] = [Math.floor(Number(before.availableMinor) / 2), Number(before.availableMinor)];
    const tooMuch = { linked: true, entries: [posting('l1', half, 'platform:A'), posting('l2', most, 'platform:A'), posting('l3', 1)] };
    const refused = await ledger.post('/entries/bulk', tooMuch, { key: 'linked-1' });
    expect(refused).toMatchObject({ status: 402, body: { code: 'insufficient_funds', field: 'entries[1]' } });
    expect(await ledger.post('/entries/bulk', tooMuch, { key: 'linked-1' })).toEqual(refused);
    const fits = { linked: true, entries: [posting('l1', half, 'platform:A'), posting('l4', most - half, 'platform:A')] };
    const { body } = await ledger.post('/entries/bulk', fits, { key: 'linked-2' });
    expect(body.outcomes).toMatchObject([
      { id: 'l1', replayed: false },
      { id: 'l4', balances: [{ account: 'platform:A', postedMinor: 0 }, {}] },
    ]);
    expect((await ledger.post('/entries/bulk', fits, { key: 'linked-2' })).body.outcomes).toMatchObject([
      { replayed: true },
      { entry: expect.any(Number) },
    ]);
    const { entry: number } = body.outcomes?.[0] as { entry: number };
    const undo = { command: 'ReverseEntry', id: 'l5', entry: number, note: 'n' };
    expect((await ledger.post('/entries/bulk', { linked: true, entries: [undo] }, { key: 'linked-3' })).body.outcomes).toMatchObject([
      {
        id: 'l5',
        result: 'accepted',
        balances: expect.arrayContaining([expect.objectContaining({ account: 'platform:A', postedMinor: half })]),
      },
    ]);
  });

  it('of 1,000 entries is more than other bodies may be', async () => {
    const entries = Array.from({ length: 1_000 }, (_, index) => ({
      ...posting(`k${index}`, 1),
      transfers: [1, 2, 3].map(() => transfer('hub:losses', 'hub:fees', 1)),
    }));
    const { status, body } = await ledger.post('/entries/bulk', { entries });
    expect([status, body.outcomes?.length]).toEqual([200, 1_000]);
    const linked = entries.map((each) => ({ ...each, id: `linked-${each.id}` }));
    expect(await ledger.post('/entries/bulk', { linked: true, entries: linked })).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large' },
    });
    expect((await ledger.post('/entries/bulk', { linked: true, entries: linked.slice(0, 400) })).status).toBe(200);
  });

  const good = posting('x', 1);
  it.each([
    [{}, 'entries'],
    [{ entries: [] }, 'entries'],
    [{ entries: Array.from({ length: 1_001 }, () => good) }, 'entries'],
    [{ entries: [good], all: true }, 'all'],
    [{ entries: [good], linked: 'yes' }, 'linked'],
    [{ entries: [good, 1] }, 'entries[1]'],
    [{ entries: [{ ...good, command: 'SetLimits' }] }, 'entries[0]'],
    [{ entries: [{ ...good, id: undefined }] }, 'entries[0].id'],
    [{ entries: [{ ...good, id: 'a b' }] }, 'entries[0].id'],
    [{ entries: [{ ...good, corrects: -1 }] }, 'entries[0].corrects'],
    [{ entries: [{ ...good, corrects: null }] }, 'entries[0].corrects'],
    [{ entries: [good, { ...good, by: 'me' }] }, 'entries[1].by'],
    [{ entries: [{ ...good, transfers: [{ ...good.transfers[0], amountMinor: 0 }] }] }, 'entries[0].transfers[0].amountMinor'],
    [{ entries: [{ ...good, transfers: [{ ...good.transfers[0], currency: 'XAU' }] }] }, 'entries[0].transfers[0].currency'],
    [{ entries: [{ ...good, transfers: [{ ...good.transfers[0], from: 'fees' }] }] }, 'entries[0].transfers[0].from'],
    [{ entries: [{ command: 'ReverseEntry', id: 'x', entry: 1.5, note: 'n' }] }, 'entries[0].entry'],
    [{ entries: [{ command: 'CommitHold', id: 'x', holdId: '', transfers: good.transfers }] }, 'entries[0].holdId'],
  ])('of %j is invalid', async (body, field) =>
    expect(await ledger.post('/entries/bulk', body)).toMatchObject({ status: 422, body: { code: 'invalid', field } }),
  );
});

describe('commands over the bus', () => {
  const place = (holdId: string, amountMinor: unknown, id = `m ${holdId}`) =>
    ledger.bus.client.send({
      topic: topics.ledgerCommands,
      key: holdId,
      type: 'PlaceHold',
      id,
      data: {
        holdId,
        currency: 'CNY',
        reservations: [{ account: 'user:u:wallet', amountMinor }],
        purpose: 'payment',
        ref: `pay ${holdId}`,
      },
    });

  it('are answered over the bus', async () => {
    await ledger.happened({
      type: 'TopUpCaptured',
      topUpId: 't',
      userId: 'u',
      provider: 'alipay',
      providerRef: 'x',
      amountMinor: 100,
      currency: 'CNY',
    });
    await place('b1', 60);
    await place('b2', 60);
    const answers = await ledger.answers(2);
    const answersByHold = Object.fromEntries(answers.map(({ data, type, key }) => [(data as { holdId: string }).holdId, [type, key]]));
    expect(new Set(Object.values(answersByHold).map(([type]) => type))).toEqual(new Set(['HoldPlaced', 'HoldRefused']));
    expect(answersByHold['b1']?.[1]).toBe('pay b1');
  });

  it('that cannot be read become dead letters', async () => {
    await place('b3', 0.5);
    await place('b4', 1);
    await ledger.answers(3);
    expect(await ledger.deadLetters(1)).toMatchObject([{ record: { key: 'b3' } }]);
  });

  it('leave the ledger in good health', async () =>
    expect(await Promise.all(ledger.healthChecks.map((check) => check.problem()))).toEqual([undefined]));
});
