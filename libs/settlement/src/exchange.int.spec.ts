import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankLineRecorded, PayoutEvent, PositionEvent } from '@tongbao/contracts';
import { clock, TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { assignmentStream } from './assignment.js';
import { statementStream } from './bank-statement.process.js';
import { exchangeIdOf, fundsIdOf } from './exchange.js';
import { rateOf } from './fx-rate.js';
import { FxViews } from './fx.view.js';
import { positionStream } from './liquidity.js';
import { holdIdOf, payoutIdOf, payoutStream } from './payout.js';
import { SettlementViews } from './settlement.view.js';

const [A, B, D] = ['platform:A', 'platform:B', 'platform:D'];
const expiresAt = '2026-01-31T12:00:00.000Z';
const problem = (code: string) => expect.objectContaining({ code });

let hub: TestHub;
let yuan: Market;
let dollars: Market;
let yen: Market;

beforeAll(async () => {
  hub = await TestHub.start();
  for (const name of ['A', 'B']) await hub.registerBankAccount(`platform:${name}`, `acc-${name}`);
  await hub.registerBankAccount(D, 'acc-D#rejects');
  dollars = await Market.open(hub, 'USD', { cashMinor: 50_000 });
  yen = await Market.open(hub, 'JPY', { cashMinor: 50_000 });
  yuan = await Market.open(hub, 'CNY', { cashMinor: 1_000_000 });
}, 180_000);

afterAll(() => hub.stop());

const paidIn = (party: string, payIn?: string) =>
  hub.fact(assignmentStream(party), {
    ...{ type: 'PartyModelSet', party, currency: 'CNY', model: 'dnm', ...(payIn !== undefined && { payIn }), by: 'operator:fin' },
    ...{ approvedBy: 'operator:boss', setAt: clock.now().toISOString() },
  });
const quote = (to: string, rate: string, by = 'operator:ann') =>
  yuan.processes.quotes.record({ from: 'CNY', to, ...rateOf(rate)!, expiresAt, source: 'spec' }, yuan.command(`quote${to}`, by));
const withdraw = (quoteId: string) => yuan.processes.quotes.withdraw(quoteId, 'over', yuan.command('over', 'operator:ann'));
/** What is sold is held as soon as its rate is locked. */
const heldSteps = ['ExchangeFundsRequested', 'ExchangeFundsHeld'];
const fundsHoldOf = (settlementId: string) => holdIdOf(fundsIdOf(exchangeIdOf(settlementId, A)), 1);
const isOfFunds = (holdId: string) => /^hold\d*_sold_/.test(holdId);
const amounts = async (market: Market) => (await market.lines()).map(({ amountMinor }) => amountMinor);
const booked = async (accounts: string) =>
  (await yuan.events<BankLineRecorded>(statementStream('sandbox')))
    .filter(({ accountNumber }) => accountNumber?.startsWith(accounts))
    .map(({ accountNumber, currency, amountMinor }) => [accountNumber, currency, amountMinor]);
const steps = async (settlementId: string) => (await yuan.settlementEvents(settlementId)).map(({ type }) => type);
const exchangeSteps = async (settlementId: string, party: string) =>
  (await yuan.events<PositionEvent>(positionStream(party)))
    .filter((event) => 'exchangeId' in event && event.exchangeId === exchangeIdOf(settlementId, party))
    .map(({ type }) => type);
const shown = async (settlementId: string) => {
  await hub.projected();
  return new FxViews(hub.sql).ofSettlement(settlementId, false);
};
const balances = async (party: string) => {
  await hub.post();
  await hub.projected();
  const rows = await hub.sql.query<{ currency: string; balance_minor: string }>(
    `select currency, balance_minor from settlement.positions where party = '${party}' order by currency`,
  );
  return Object.fromEntries(rows.map(({ currency, balance_minor }) => [currency, Number(balance_minor)]));
};

describe('a party that is paid in another currency', () => {
  it('gets what its payout comes to at the rate that was locked before anybody approved; the others get theirs', async () => {
    await paidIn(A, 'USD');
    const { quoteId } = await quote('USD', '0.138889');
    await yuan.earns(A, 72_000);
    await yuan.earns(B, 500);
    const settlementId = await yuan.settle();
    await yuan.untilMarked(settlementId);

    expect((await steps(settlementId)).slice(2, 6)).toEqual([
      'SettlementVerified',
      'FxRatesLocked',
      'SettlementApproved',
      'SettlementPaying',
    ]);
    expect(await amounts(yuan)).toEqual([1_000_000, -500]);
    expect(await amounts(dollars)).toEqual([50_000, -10_000]);
    expect(await exchangeSteps(settlementId, A)).toEqual([...heldSteps, 'ExchangeRequested', 'CurrencyExchanged']);
    const [done] = (await yuan.events<PositionEvent>(positionStream(A))).slice(-1);
    expect(done).toMatchObject({ type: 'CurrencyExchanged', fundsHoldId: fundsHoldOf(settlementId) });
    expect(await shown(settlementId)).toEqual([
      {
        ...{ settlementId, party: A, status: 'exchanged', code: null, sold: { amountMinor: 72_000, currency: 'CNY' }, payIn: 'USD' },
        ...{ bought: { amountMinor: 10_000, currency: 'USD' }, rate: '0.138889', quoteId, rounding: { numerator: 1, denominator: 125 } },
      },
    ]);
    expect(await balances(A)).toEqual({ CNY: 0, USD: 0 });
    expect(await new SettlementViews(hub.sql).settlement(settlementId)).toMatchObject({
      parties: [{ party: A, payIn: 'USD' }, { party: B }],
      payouts: [
        { party: A, amountMinor: 10_000, currency: 'USD', status: 'confirmed' },
        { party: B, amountMinor: 500, currency: 'CNY', status: 'confirmed' },
      ],
      exchanges: [{ party: A, status: 'exchanged' }],
    });
    await withdraw(quoteId);
  });

  it('waits where no quote counts, and holds up nobody; the next quote is its rate', async () => {
    const expired = await quote('USD', '0.14');
    yuan.restart({ clock: { now: () => new Date(expiresAt) } });
    await yuan.earns(A, 1_000);
    await yuan.earns(B, 700);
    const settlementId = await yuan.settle();
    for (let rounds = 0; rounds < 4; rounds += 1) await yuan.round(settlementId);

    expect(await yuan.status(settlementId)).toBe('paying');
    expect((await amounts(yuan)).at(-1)).toBe(-700);
    expect(yuan.processes.settlement.waitsToExchange(settlementId)).toBe(true);
    expect((await steps(settlementId)).filter((type) => type.startsWith('Fx'))).toEqual(['FxRatesAwaited']);
    expect(await shown(settlementId)).toMatchObject([{ party: A, status: 'awaiting_rate', code: 'quote_missing' }]);

    yuan.restart();
    await withdraw(expired.quoteId);
    const { quoteId } = await quote('USD', '0.145');
    await yuan.untilMarked(settlementId);
    expect(yuan.processes.settlement.waitsToExchange(settlementId)).toBe(false);
    expect((await amounts(dollars)).at(-1)).toBe(-145);
    await withdraw(quoteId);
  });

  it('is exchanged only once cash of that currency covers it; nobody else is kept from being paid', async () => {
    const { quoteId } = await quote('USD', '0.14');
    await yuan.earns(A, 2_000);
    const settlementId = await yuan.settle();
    await hub.post();
    await hub.projected();
    const advance = async (holds: 'placed' | 'refused') => {
      await hub.projected();
      await yuan.processes.settlement.advance(settlementId);
      await hub.answerHolds((holdId) => (isOfFunds(holdId) ? 'placed' : holds));
    };
    for (let rounds = 0; rounds < 4; rounds += 1) await advance('refused');
    expect(await exchangeSteps(settlementId, A)).toEqual([...heldSteps, 'ExchangeRequested', 'ExchangeRefused']);
    expect(await shown(settlementId)).toMatchObject([{ status: 'refused', code: 'client_money_not_covered' }]);
    expect(await yuan.payoutSteps(settlementId, A)).toEqual([]);
    await advance('placed');
    expect(yuan.processes.settlement.waitsToExchange(settlementId)).toBe(true);

    hub.bank.depositFromProvider('alipay', 1_000, 'USD');
    await yuan.processes.statement.poll();
    await yuan.untilMarked(settlementId);
    expect(await exchangeSteps(settlementId, A)).toEqual([
      ...heldSteps,
      'ExchangeRequested',
      'ExchangeRefused',
      'ExchangeRequested',
      'CurrencyExchanged',
    ]);
    expect((await amounts(dollars)).slice(-2)).toEqual([1_000, -280]);
    await withdraw(quoteId);
  });

  it('may be given up while it waits: the amount is carried as it is', async () => {
    await yuan.earns(A, 3_000);
    const settlementId = await yuan.settle();
    await expect(yuan.processes.exchanges.carry(settlementId, A, yuan.command('early'))).rejects.toEqual(problem('state_conflict'));
    for (let rounds = 0; rounds < 3; rounds += 1) await yuan.round(settlementId);
    await expect(yuan.processes.exchanges.carry(settlementId, B, yuan.command('other'))).rejects.toEqual(problem('not_found'));
    await yuan.processes.exchanges.carry(settlementId, A, yuan.command('carry'));
    await yuan.untilMarked(settlementId);
    expect(await exchangeSteps(settlementId, A)).toEqual(['ExchangeCarried']);

    await paidIn(A);
    await yuan.earns(A, 1);
    const next = await yuan.settle();
    await yuan.untilMarked(next);
    expect((await amounts(yuan)).at(-1)).toBe(-3_001);
    expect(await balances(A)).toEqual({ CNY: 0, USD: 0 });
  });

  it('is not exchanged while the ledger does not hold what is sold: it waits, and is asked for again when money comes in', async () => {
    await paidIn(A, 'USD');
    const { quoteId } = await quote('USD', '0.14');
    await yuan.earns(A, 10_000);
    const settlementId = await yuan.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await yuan.round(settlementId, 'refused');
    expect(await exchangeSteps(settlementId, A)).toEqual(['ExchangeFundsRequested', 'ExchangeFundsRefused']);
    expect(await shown(settlementId)).toMatchObject([{ status: 'refused', code: 'insufficient_funds' }]);
    expect(yuan.processes.settlement.waitsToExchange(settlementId)).toBe(true);
    for (let rounds = 0; rounds < 2; rounds += 1) await yuan.round(settlementId);
    expect(await exchangeSteps(settlementId, A)).toHaveLength(2);

    hub.bank.depositFromProvider('alipay', 1_000, 'CNY');
    await yuan.processes.statement.poll();
    await yuan.untilMarked(settlementId);
    expect(await exchangeSteps(settlementId, A)).toEqual([
      'ExchangeFundsRequested',
      'ExchangeFundsRefused',
      ...heldSteps,
      'ExchangeRequested',
      'CurrencyExchanged',
    ]);
    await paidIn(A);
    await withdraw(quoteId);
  });

  it('that was held when it is given up has it back in its own currency', async () => {
    await paidIn(A, 'USD');
    const { quoteId } = await quote('USD', '0.14');
    await yuan.earns(A, 20_000);
    const settlementId = await yuan.settle();
    for (let rounds = 0; rounds < 4; rounds += 1) {
      await hub.post();
      await hub.projected();
      await yuan.processes.settlement.advance(settlementId);
      await hub.answerHolds((holdId) => (isOfFunds(holdId) ? 'placed' : 'refused'));
    }
    await yuan.processes.exchanges.carry(settlementId, A, yuan.command('carryheld'));
    const [carried] = (await yuan.events<PositionEvent>(positionStream(A))).slice(-1);
    expect(carried).toMatchObject({ type: 'ExchangeCarried', holdId: fundsHoldOf(settlementId) });
    await yuan.untilMarked(settlementId);
    await paidIn(A);
    await yuan.earns(A, 1);
    await yuan.untilMarked(await yuan.settle());
    expect((await amounts(yuan)).at(-1)).toBe(-20_001);
    await withdraw(quoteId);
  });

  it('gets whole yen: their exponent is another one', async () => {
    await paidIn(B, 'JPY');
    const { quoteId } = await quote('JPY', '20.5');
    await yuan.earns(B, 10_001);
    const settlementId = await yuan.settle();
    await yuan.untilMarked(settlementId);
    expect((await amounts(yen)).at(-1)).toBe(-2_050);
    expect(await shown(settlementId)).toMatchObject([{ rounding: { numerator: 41, denominator: 200 } }]);
    await paidIn(B);
    await withdraw(quoteId);
  });

  it('has what the bank would not take in the next settlement of that currency: what is exchanged stays so', async () => {
    await paidIn(D, 'USD');
    const { quoteId } = await quote('USD', '0.14');
    await yuan.earns(D, 5_000);
    const settlementId = await yuan.settle();
    for (let rounds = 0; rounds < 5; rounds += 1) await yuan.round(settlementId);
    const payoutId = payoutIdOf(settlementId, D);
    expect((await yuan.events<PayoutEvent>(payoutStream(payoutId))).at(-1)).toMatchObject({
      type: 'PayoutFailed',
      currency: 'USD',
      amountMinor: 700,
    });
    await hub.projected();
    await yuan.processes.payoutCommands.carry(payoutId, yuan.command('carry'));
    await yuan.untilMarked(settlementId);
    expect(await balances(D)).toEqual({ CNY: 0, USD: 700 });
    expect(await hub.queries.carriesOf('dnm', 'USD')).toMatchObject([{ party: D, amountMinor: 700n }]);
    expect(await hub.queries.carriesOf('dnm', 'CNY')).toEqual([]);
    await withdraw(quoteId);
  });

  it('is paid each currency where that one goes; what it owes comes from the account of what it owes', async () => {
    const E = 'platform:E';
    await hub.registerBankAccount(E, 'acc-E-CNY', 'CNY');
    await hub.registerBankAccount(E, 'acc-E-USD', 'USD');
    const { quoteId } = await quote('USD', '0.14');
    const month = async (amountMinor: number) => {
      await yuan.earns(E, amountMinor);
      await yuan.untilMarked(await yuan.settle());
    };
    await month(10_000);
    await paidIn(E, 'USD');
    await month(20_000);
    await month(-3_000);
    expect(await booked('acc-E')).toEqual([
      ['acc-E-CNY', 'CNY', -10_000],
      ['acc-E-USD', 'USD', -2_800],
      ['acc-E-CNY', 'CNY', 3_000],
    ]);
    await withdraw(quoteId);
  });

  it('is carried where the currency that it is paid in goes nowhere, until it does', async () => {
    const F = 'platform:F';
    await hub.registerBankAccount(F, 'acc-F-CNY', 'CNY');
    await paidIn(F, 'USD');
    const { quoteId } = await quote('USD', '0.14');
    await yuan.earns(F, 1_000);
    const settlementId = await yuan.settle();
    await yuan.untilMarked(settlementId);
    expect((await yuan.calculation(settlementId)).parties).toMatchObject([{ party: F, action: 'carry', carriedOutMinor: 1_000 }]);
    await hub.registerBankAccount(F, 'acc-F-USD', 'USD');
    await yuan.untilMarked(await yuan.settle());
    expect(await booked('acc-F')).toEqual([['acc-F-USD', 'USD', -140]]);
    await withdraw(quoteId);
  });

  it('is paid where all currencies go once its own account is ended, and waits where there is none', async () => {
    const [G, H] = ['platform:G', 'platform:H'];
    await hub.registerBankAccount(G, 'acc-G');
    await hub.registerBankAccount(G, 'acc-G-USD', 'USD');
    await hub.registerBankAccount(H, 'acc-H-USD', 'USD');
    for (const party of [G, H]) await paidIn(party, 'USD');
    const { quoteId } = await quote('USD', '0.14');
    await yuan.earns(G, 10_000);
    await yuan.earns(H, 20_000);
    const settlementId = await yuan.settle();
    const payoutsOf = async (party: string) => (await yuan.payoutSteps(settlementId, party)).slice(-1);
    const unpaid = async () => {
      await hub.post();
      await hub.projected();
      await yuan.processes.settlement.advance(settlementId);
      await hub.answerHolds();
    };
    for (let rounds = 0; rounds < 5; rounds += 1) await unpaid();
    expect([await payoutsOf(G), await payoutsOf(H)]).toEqual([['PayoutHeld'], ['PayoutHeld']]);

    // Asked for before, instructed after: nothing goes there any more.
    for (const party of [G, H])
      await hub.fact(`participant-${party}`, {
        ...{ type: 'BankAccountEnded', party, currency: 'USD', proposalId: `bap_e${party.slice(-1)}`, by: 'operator:boss' },
        ...{ accountNumber: `acc-${party.slice(-1)}-USD`, note: 'called them', endedAt: clock.now().toISOString() },
      });
    await yuan.round(settlementId);
    expect(await booked('acc-G')).toEqual([['acc-G', 'USD', -1_400]]);
    expect([await payoutsOf(H), yuan.processes.payouts.waitsForAccount]).toEqual([['PayoutAwaitingAccount'], true]);
    await hub.projected();
    expect(await new SettlementViews(hub.sql).settlement(settlementId)).toMatchObject({
      payouts: [
        { party: G, status: 'confirmed', accountNumber: 'acc-G' },
        { party: H, status: 'awaiting_account' },
      ],
    });

    await hub.registerBankAccount(H, 'acc-H-new', 'USD');
    await yuan.untilMarked(settlementId);
    expect(await booked('acc-H')).toEqual([['acc-H-new', 'USD', -2_800]]);
    await withdraw(quoteId);
  });

  it('of a settlement that is aborted has nothing exchanged', async () => {
    await paidIn(A, 'USD');
    const { quoteId } = await quote('USD', '0.14', 'operator:boss');
    const manual = await hub.model({ ...yuan.model, automaticApprovalUpToMinor: 0 }, 2);
    expect(manual).toBeGreaterThan(0n);
    await yuan.earns(A, 4_000);
    const windowId = await yuan.close();
    const { settlementId } = await yuan.processes.commands.request([windowId], yuan.command('first'));
    for (let rounds = 0; rounds < 2; rounds += 1) await yuan.round(settlementId);
    // Whoever has recorded the rate may not approve what is paid by it.
    await expect(yuan.processes.commands.approve(settlementId, yuan.command('self', 'operator:boss'))).rejects.toEqual(
      problem('four_eyes'),
    );
    await yuan.processes.commands.abort(settlementId, 'another day', yuan.command('abort'));
    await hub.projected();
    expect(await steps(settlementId)).toContain('FxRatesLocked');
    expect(await exchangeSteps(settlementId, A)).toEqual([...heldSteps, 'ExchangeFundsReleased']);
    // Not before the ledger has let go of it: whatever settles the window again must find it free.
    expect(await hub.queries.windowsOf([windowId])).toMatchObject([{ state: 'settling' }]);
    await yuan.round(settlementId);
    await hub.projected();
    expect(await hub.queries.windowsOf([windowId])).toMatchObject([{ state: 'closed' }]);
    expect(await new SettlementViews(hub.sql).settlement(settlementId)).toMatchObject({ exchanges: [{ party: A, status: 'released' }] });
    await withdraw(quoteId);
  });
});

describe('two processes at the same moment', () => {
  it('lock once, ask once, exchange once', async () => {
    const { quoteId } = await quote('USD', '0.15');
    await hub.model(yuan.model, 3);
    await yuan.earns(A, 6_000);
    const { settlementId } = await yuan.processes.commands.request(
      [`dnm_CNY_${String(yuan.sequence).padStart(6, '0')}`],
      yuan.command('again'),
    );
    const [one, other] = [hub.processes(), hub.processes()];
    const both = async () => {
      await hub.post();
      await hub.projected();
      await Promise.all([one.settlement.advance(settlementId), other.settlement.advance(settlementId)]);
      await hub.answerHolds();
    };
    for (let rounds = 0; rounds < 2; rounds += 1) await both();
    await yuan.processes.commands.approve(settlementId, yuan.command('approve', 'operator:boss'));
    for (let rounds = 0; rounds < 5; rounds += 1) await both();
    await yuan.untilMarked(settlementId);
    expect((await steps(settlementId)).filter((type) => type.startsWith('Fx'))).toEqual(['FxRatesLocked']);
    expect(await exchangeSteps(settlementId, A)).toEqual([...heldSteps, 'ExchangeRequested', 'CurrencyExchanged']);
    await withdraw(quoteId);
  });
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
