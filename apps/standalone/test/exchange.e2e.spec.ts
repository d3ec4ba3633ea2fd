import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxBank } from '@tongbao/sandbox';
import { auditStore, eventually, type HubAnswer } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

/** 1,000.00 CNY, of which the agreement leaves 850.00 to a seller that processes the payment itself. */
const soldFor = 100_000;
const soldMinor = 85_000;
/** 850.00 CNY at it are 109.11535 EUR: 109.12, and 0.465 of a cent that the hub has given. */
const rate = '0.128371';
const bought = { amountMinor: 10_912, currency: 'EUR' };
const rounding = { numerator: -93, denominator: 200 };

interface Row {
  currency: string;
}

describe('a platform that sells in yuan and is paid in euros', () => {
  let world: World;
  let window = 0;
  beforeAll(async () => {
    world = await World.begin({ TONGBAO_CURRENCIES: 'CNY,USD,EUR', BANK_ACCOUNT_COOLING_HOURS: '0' });
    await accountFor('EUR', '6222-A-EUR');
    const assignment = { currency: 'CNY', model: 'dnm', payIn: 'EUR' };
    const path = '/v1/settlement/parties/platform:A/models';
    expectStatus(await world.operator('finance').put(path, assignment), 200);
    expectStatus(await world.operator('approver').post(`${path}/approve`, assignment), 200);
    const limits = { currency: 'CNY', minimumBalanceMinor: 0 };
    expectStatus(await world.operator('finance').put('/v1/platforms/A/limits', limits), 200);
  }, 60_000);
  afterAll(() => world.end());

  /** Proposed by one, approved by another. */
  const accountFor = async (currency: string, accountNumber: string): Promise<void> => {
    const account = { bank: 'sandbox', accountNumber, holder: 'Holder of A', currency };
    const proposed = expectStatus(await world.operator('finance').put('/v1/platforms/A/bank-account', account), 200);
    const { proposalId } = proposed.body.bankAccountsByCurrency[currency].bankAccountProposal;
    const approval = { proposalId, note: 'called the number on the contract' };
    expectStatus(await world.operator('approver').post('/v1/platforms/A/bank-account/approve', approval), 200);
  };
  const ask = (name: string, path: string) => async () => expectStatus(await world.operator(name).get(path), 200).body;
  const becomes = (path: string, holds: (body: HubAnswer['body']) => boolean) => eventually(ask('finance', path), holds, 30_000);
  const quote = async (terms: object) =>
    world.operator('finance').post('/v1/fx/quotes', { from: 'CNY', to: 'EUR', rate, source: 'offer 4711', ...terms });
  const inMs = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
  const sell = async (amountMinor: number) =>
    expectStatus(await world.platform('A').post('/v1/payments', orderOf('A', amountMinor), { waitSeconds: 10 }), 201);
  const windowId = () => `dnm_CNY_${String(window).padStart(6, '0')}`;
  const settle = async (): Promise<string> => {
    const answer = await world.operator('finance').post('/v1/settlement/settlements', { windowIds: [windowId()] });
    return expectStatus(answer, 201).body.settlementId;
  };
  const closeAndSettle = async (): Promise<string> => {
    window += 1;
    expectStatus(await world.operator('finance').post(`/v1/settlement/windows/${windowId()}/close`), 200);
    return settle();
  };
  /** The exchange of A in a settlement, once it is so. */
  const exchangeOf = async (settlementId: string, status: string) => {
    const { items } = await becomes(`/v1/fx/exchanges?settlementId=${settlementId}&party=platform:A`, ({ items: found }) =>
      (found as { status: string }[]).some((each) => each.status === status),
    );
    return items[0];
  };
  const settlementWith = async (status: string) =>
    String((await ask('finance', `/v1/fx/exchanges?status=${status}`)()).items[0].settlementId);
  const heldOfA = (heldMinor: number) =>
    becomes('/v1/ledger/accounts/platform:A/balance?currency=CNY', (balance) => balance.heldMinor === heldMinor);
  /** What finance does outside of the hub: buys euros, and says so of both lines of the statement. */
  const buyEuros = async (euros: number, yuan: number): Promise<void> => {
    const bank = new SandboxBank({ file: join(world.hub.dataDir, 'sandbox-bank.db') });
    bank.bookUnexplained(euros, 'EUR', 'bought');
    bank.bookUnexplained(-yuan, 'CNY', 'for euros');
    bank.close();
    for (const currency of ['EUR', 'CNY']) {
      const { items } = await becomes(`/v1/reconciliation/bank-lines?status=open&currency=${currency}`, (body) => body.items.length === 1);
      const path = `/v1/reconciliation/bank-lines/sandbox/${items[0].lineId}/explanation`;
      const said = expectStatus(await world.operator('finance').post(path, { account: 'hub:fx', note: 'deal 4711' }), 200);
      const { proposalId } = said.body;
      expectStatus(await world.operator('approver').post(`${path}/approve`, { proposalId }), 200);
    }
  };
  const approve = async (settlementId: string) =>
    expectStatus(await world.operator('approver').post(`/v1/settlement/settlements/${settlementId}/approve`), 200);

  it('waits where the only quote has expired, for all to see', async () => {
    expect(expectStatus(await quote({ expiresAt: inMs(-1_000) }), 422).body).toMatchObject({ code: 'invalid', field: 'expiresAt' });
    const { position } = expectStatus(await quote({ expiresAt: inMs(250) }), 201).body;
    const counting = `/v1/fx/quotes?from=CNY&to=EUR&counting=true&atLeast=${position}`;
    await becomes(counting, ({ items: quotes }) => quotes.length === 0);
    await sell(soldFor);
    const settlementId = await closeAndSettle();
    expect(await exchangeOf(settlementId, 'awaiting_rate')).toMatchObject({
      code: 'quote_missing',
      payIn: 'EUR',
      sold: { amountMinor: soldMinor, currency: 'CNY' },
    });
    const { items } = await becomes('/v1/finance/fx?currency=CNY', (body) => body.items[0]?.awaitingRateMinor === soldMinor);
    expect(items).toMatchObject([{ soldMinor: 0, lockedInMinor: 0 }]);
    await becomes(`/v1/settlement/settlements/${settlementId}`, ({ status }) => status === 'verified');
  });

  it('has its yuan held from the lock of the rate on: nothing else gets them', async () => {
    const settlementId = await settlementWith('awaiting_rate');
    expectStatus(await quote({ expiresAt: inMs(3_600_000) }), 201);
    expect(await exchangeOf(settlementId, 'held')).toMatchObject({ rate, bought, rounding });
    await heldOfA(soldMinor);
    const transfers = [{ from: 'platform:A', to: 'hub:fees', amountMinor: 1, currency: 'CNY', kind: 'fee' }];
    const entry = { ref: 'fine', transfers, note: 'a fine' };
    const refused = await world.operator('finance').post('/v1/ledger/entries', entry);
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 402, code: 'insufficient_funds' });
  });

  it('has them back when the settlement is aborted, and held again when it is asked for once more', async () => {
    const settlementId = await settlementWith('held');
    const path = `/v1/settlement/settlements/${settlementId}`;
    expectStatus(await world.operator('finance').post(`${path}/abort`, { reason: 'once more' }), 200);
    await becomes(`/v1/settlement/windows/${windowId()}`, ({ state }) => state === 'closed');
    await heldOfA(0);
    expect(await exchangeOf(settlementId, 'released')).toMatchObject({ sold: { amountMinor: soldMinor } });
    await exchangeOf(await settle(), 'held');
    await heldOfA(soldMinor);
  });

  it('is exchanged once there are euros, and paid to its account of that currency', async () => {
    const settlementId = await settlementWith('held');
    await approve(settlementId);
    expect(await exchangeOf(settlementId, 'refused')).toMatchObject({ code: 'client_money_not_covered' });
    expectStatus(await world.operator('ops').post('/v1/sandbox/providers/alipay/pay-out', { currency: 'CNY' }), 200);
    await buyEuros(11_000, 85_600);
    const path = `/v1/settlement/settlements/${settlementId}`;
    const settled = await becomes(path, ({ status, paymentsTold }) => status === 'settled' && paymentsTold.done);
    expect(settled).toMatchObject({
      parties: [{ party: 'platform:A', payIn: 'EUR', payableMinor: soldMinor }],
      exchanges: [{ party: 'platform:A', status: 'exchanged', sold: { amountMinor: soldMinor, currency: 'CNY' }, bought, rate, rounding }],
      payouts: [{ party: 'platform:A', ...bought, status: 'confirmed' }],
    });
    const bank = new SandboxBank({ file: join(world.hub.dataDir, 'sandbox-bank.db') });
    const lines = await bank.statement(0, 100);
    bank.close();
    expect(lines.filter(({ key }) => key !== undefined)).toMatchObject([
      { key: settled.payouts[0].payoutId, amountMinor: -bought.amountMinor, currency: 'EUR', accountNumber: '6222-A-EUR' },
    ]);
  });

  it('is exchanged by one entry of the books, which hold nothing for it any more', async () => {
    const { items } = await becomes('/v1/ledger/accounts/hub:fx/entries?kind=CurrencyExchanged', (body) => body.items.length > 0);
    const { items: entries } = await ask('finance', `/v1/ledger/entries?ref=${items[0].ref}`)();
    expect(entries).toMatchObject([
      {
        kind: 'CurrencyExchanged',
        transfers: [
          { from: 'platform:A', to: 'hub:fx', amountMinor: soldMinor, currency: 'CNY' },
          { from: 'hub:fx', to: 'platform:A', ...bought },
        ],
      },
    ]);
    await heldOfA(0);
    // Sold by A, and bought at the bank: what is left to the hub of its own deal.
    await world.balancesBecome('CNY', { 'platform:A': 0, 'hub:fx': soldMinor - 85_600, 'hub:fees': soldFor - soldMinor });
    await world.balancesBecome('EUR', { 'platform:A': 0, 'hub:fx': 11_000 - 10_912, 'hub:suspense': 0, 'bank:sandbox': 10_912 - 11_000 });
  });

  it('shows in finance as it does in the books, to the minor unit, with what the rounding left out', async () => {
    const isThere = ({ items: found }: HubAnswer['body']) =>
      (found as Record<string, number>[]).every((row) => row['otherMinor'] !== 0 && row['soldMinor'] !== row['boughtMinor']);
    const { items } = await becomes('/v1/finance/fx', isThere);
    expect(items).toMatchObject([
      { currency: 'CNY', soldMinor, boughtMinor: 0, otherMinor: -85_600, positionMinor: -600, lockedInMinor: 0, roundingMinor: '0' },
      {
        currency: 'EUR',
        soldMinor: 0,
        boughtMinor: 10_912,
        otherMinor: 11_000,
        positionMinor: 88,
        lockedOutMinor: 0,
        roundingMinor: '-0.465',
      },
    ]);
    for (const { currency, positionMinor } of items as { currency: string; positionMinor: number }[])
      expect(await world.balances(currency, 'hub:fx')).toEqual({ 'hub:fx': positionMinor });
    const statement = (currency: string) => becomes(`/v1/finance/statements?party=platform:A&currency=${currency}`, isEven);
    const isEven = ({ lines, closingMinor }: HubAnswer['body']) => lines.length > 0 && closingMinor === 0;
    const moved = ({ lines }: HubAnswer['body']) =>
      (lines as { kind: string; amountMinor: number }[])
        .filter(({ kind }) => kind.startsWith('exchange') || kind === 'payout')
        .map(({ kind, amountMinor }) => [kind, amountMinor]);
    expect(moved(await statement('CNY'))).toEqual([['exchange-sold', -soldMinor]]);
    expect(moved(await statement('EUR'))).toEqual([
      ['exchange-bought', 10_912],
      ['payout', -10_912],
    ]);
    const positions = await becomes('/v1/finance/positions?party=platform:A', (body) => body.items.length > 0);
    for (const row of positions.items as (Row & { positionMinor: number })[])
      expect(await world.balances(row.currency, 'platform:A')).toEqual({ 'platform:A': row.positionMinor });
  });

  it('is paid to its account of all currencies as soon as that of euros is ended', async () => {
    await sell(500);
    const settlementId = await closeAndSettle();
    await exchangeOf(settlementId, 'held');
    const path = '/v1/platforms/A/bank-account';
    const ending = await world.platform('A').post(`${path}/end`, { currency: 'EUR', reason: 'closed by the bank' });
    const { proposalId } = expectStatus(ending, 200).body.bankAccountsByCurrency.EUR.bankAccountEndProposal;
    const approval = { proposalId, note: 'called the number on the contract' };
    const ended = expectStatus(await world.operator('approver').post(`${path}/approve`, approval), 200).body;
    expect(ended).toMatchObject({ bankAccount: { accountNumber: '6222-A' } });
    expect(ended).not.toHaveProperty('bankAccountsByCurrency');
    await approve(settlementId);
    const settled = await becomes(`/v1/settlement/settlements/${settlementId}`, ({ status }) => status === 'settled');
    // 4.25 CNY are 0.54557675 EUR.
    expect(settled.payouts).toMatchObject([{ amountMinor: 55, currency: 'EUR', accountNumber: '6222-A', status: 'confirmed' }]);
    await world.balancesBecome('EUR', { 'platform:A': 0, 'bank:sandbox': 55 - 88 });
  });

  it('leaves books of which somebody who asks no service finds everything to hold', async () => {
    const audit = () => auditStore(world.hub.eventStoreUrl);
    const report = await eventually(audit, ({ ok }) => ok, 30_000).catch(audit);
    expect(report.problems).toEqual([]);
    expect(report.figures).toMatchObject({ settlements: 2, payouts: 2 });
  });
});
