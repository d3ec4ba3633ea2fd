import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { payoutIdOf } from './payout.js';

let hub: TestHub;

beforeAll(async () => {
  hub = await TestHub.start();
  for (const name of ['A', 'B']) await hub.registerBankAccount(`platform:${name}`, `acc-${name}`);
}, 180_000);

afterAll(() => hub.stop());

const problem = (code: string) => expect.objectContaining({ code });

describe('a payout', () => {
  it('that the ledger refuses is asked for again, under another hold, when money has come in', async () => {
    const market = await Market.open(hub, 'AUD', { cashMinor: 1_000 });
    await market.earns('platform:A', 900);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId, 'refused');
    expect(await market.payoutSteps(settlementId, 'platform:A')).toEqual(['PayoutRequested', 'PayoutRefused']);
    hub.bank.depositFromProvider('alipay', 1, 'AUD');
    await market.untilMarked(settlementId);
    const steps = await market.payoutSteps(settlementId, 'platform:A');
    expect(steps).toEqual(['PayoutRequested', 'PayoutRefused', 'PayoutRequested', 'PayoutHeld', 'PayoutInstructed', 'PayoutConfirmed']);
  });

  it('waits for cash, and what is smaller goes first', async () => {
    const market = await Market.open(hub, 'CAD', { cashMinor: 500 });
    await market.earns('platform:A', 900);
    await market.earns('platform:B', 400);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 4; rounds += 1) await market.round(settlementId);
    expect(await market.payoutSteps(settlementId, 'platform:A')).toEqual(['PayoutRequested', 'PayoutHeld', 'PayoutAwaitingFunds']);
    expect(await market.payoutSteps(settlementId, 'platform:B')).toContain('PayoutConfirmed');
    hub.bank.depositFromProvider('alipay', 799, 'CAD');
    for (let rounds = 0; rounds < 2; rounds += 1) await market.round(settlementId);
    expect(await market.payoutSteps(settlementId, 'platform:A')).toHaveLength(3);
    hub.bank.depositFromProvider('alipay', 1, 'CAD');
    await market.untilMarked(settlementId);
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([500, -400, 799, 1, -900]);
  });

  it('that fails is asked for again by finance', async () => {
    const market = await Market.open(hub, 'NZD', { cashMinor: 5_000 });
    await hub.registerBankAccount('platform:R', 'acc-R#rejects-once');
    await market.earns('platform:R', 900);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId);
    expect((await market.payoutSteps(settlementId, 'platform:R')).at(-1)).toBe('PayoutFailed');
    const payoutId = payoutIdOf(settlementId, 'platform:R');
    await market.processes.payoutCommands.retry(payoutId, market.command('retry'));
    await market.untilMarked(settlementId);
    await expect(market.processes.payoutCommands.retry(payoutId, market.command('again'))).rejects.toEqual(problem('state_conflict'));
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([5_000, -900]);
  });

  it('that is given up is carried to the next settlement', async () => {
    const market = await Market.open(hub, 'SGD', { cashMinor: 5_000 });
    await hub.registerBankAccount('platform:S', 'acc-S#rejects');
    await market.earns('platform:S', 900);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId);
    await market.processes.payoutCommands.carry(payoutIdOf(settlementId, 'platform:S'), market.command('carry'));
    await market.untilMarked(settlementId);
    await hub.registerBankAccount('platform:S', 'acc-S');
    const next = await market.settle();
    await market.untilMarked(next);
    expect((await market.calculation(next)).parties).toMatchObject([{ carriedInMinor: 900, netMinor: 0, payableMinor: 900 }]);
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([5_000, -900]);
  });

  it.each(['drops-once', 'never-answers'])('to a bank in the mood %s is asked about, and paid once', async (mood) => {
    const market = await Market.open(hub, mood === 'drops-once' ? 'HKD' : 'THB', { cashMinor: 5_000 });
    const party = `platform:M${market.currency}`;
    await hub.registerBankAccount(party, `acc#${mood}`);
    await market.earns(party, 900);
    const settlementId = await market.settle();
    await expect(market.round(settlementId)).rejects.toMatchObject({ name: 'BankUnavailable' });
    await market.untilMarked(settlementId);
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([5_000, -900]);
    expect(await market.payoutSteps(settlementId, party)).toEqual(['PayoutRequested', 'PayoutHeld', 'PayoutInstructed', 'PayoutConfirmed']);
  });

  it('that is confirmed twice is paid once; the second line waits in suspense', async () => {
    const market = await Market.open(hub, 'PLN', { cashMinor: 5_000 });
    await hub.registerBankAccount('platform:T', 'acc#confirms-twice');
    await market.earns('platform:T', 900);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    const payoutId = payoutIdOf(settlementId, 'platform:T');
    expect((await market.lines()).slice(1)).toEqual([
      { amountMinor: -900, match: { kind: 'payout', payoutId } },
      { amountMinor: -900, match: { kind: 'unmatched', reason: 'line_repeats' } },
    ]);
  });

  it.each([
    ['another-amount', 'amount_differs', 'CZK'],
    ['another-account', 'account_differs', 'HUF'],
  ])('that is confirmed with %s stays unconfirmed, and its settlement unsettled', async (mood, reason, currency) => {
    const market = await Market.open(hub, currency, { cashMinor: 5_000 });
    await hub.registerBankAccount(`platform:X${currency}`, `acc#confirms-${mood}`);
    await market.earns(`platform:X${currency}`, 900);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 4; rounds += 1) await market.round(settlementId);
    expect((await market.lines()).at(-1)).toMatchObject({ match: { kind: 'unmatched', reason } });
    expect((await market.payoutSteps(settlementId, `platform:X${currency}`)).slice(-2)).toEqual(['PayoutInstructed', 'PayoutLineRefused']);
    expect(await market.status(settlementId)).toBe('paying');
  });

  it('that comes back is carried, and paid with the next settlement', async () => {
    const market = await Market.open(hub, 'MXN', { cashMinor: 5_000 });
    await market.earns('platform:A', 900);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    const payoutId = payoutIdOf(settlementId, 'platform:A');
    hub.bank.returnLater(payoutId);
    await market.processes.statement.poll();
    await market.processes.payoutCommands.carry(payoutId, market.command('carry'));
    const next = await market.settle();
    await market.untilMarked(next);
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([5_000, -900, 900, -900]);
  });

  it('of a party that owes is a collection: its account is debited', async () => {
    const market = await Market.open(hub, 'ZAR');
    await market.earns('platform:B', -450);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    expect(await market.payoutSteps(settlementId, 'platform:B')).toEqual(['PayoutRequested', 'PayoutInstructed', 'PayoutConfirmed']);
    expect(await market.lines()).toMatchObject([{ amountMinor: 450, match: { kind: 'payout' } }]);
  });
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
