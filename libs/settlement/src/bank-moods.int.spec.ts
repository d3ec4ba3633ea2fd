import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BankLineMatch } from '@tongbao/contracts';
import { accountsOf } from '../test/bank-processes.js';
import { clock, TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { payoutIdOf } from './payout.js';
import { payoutOrders } from './payout.orders.js';
import { PayoutQueries } from './payout.queries.js';
import { payoutCheck } from './payout.check.js';
import { BankFileQueries } from './bank-file.queries.js';

let hub: TestHub;

/** Each spec has a bank of its own: what one of them drops is asked about for ever. */
beforeEach(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount('platform:A', 'acc-A');
}, 60_000);

afterEach(async () => {
  await hub.projected();
  expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  await hub.stop();
});

const cash = 5_000;
const problem = (code: string) => expect.objectContaining({ code });
const paid = ['PayoutRequested', 'PayoutHeld', 'PayoutInstructed', 'PayoutConfirmed'];
const refusedLine = [...paid.slice(0, 3), 'PayoutLineRefused'];

/** A settlement that pays 9.00 to a party whose bank is in a mood, and comes as far as that lets it. */
async function settleWith(mood: string, currency: string) {
  const market = await Market.open(hub, currency, { cashMinor: cash });
  const party = `platform:${currency}`;
  await hub.registerBankAccount(party, `acc-${currency}#${mood}`);
  await market.earns(party, 900);
  const settlementId = await market.settle();
  for (let rounds = 0; rounds < 7; rounds += 1) await untilBankAnswers(market, settlementId);
  const matches: [number, BankLineMatch['kind'], string?][] = (await market.lines())
    .slice(1)
    .map(({ amountMinor, match }) => (match.kind === 'unmatched' ? [amountMinor, match.kind, match.reason] : [amountMinor, match.kind]));
  return { market, party, settlementId, payoutId: payoutIdOf(settlementId, party), matches };
}

/** A bank that does not answer is asked again: the runner says that it has to be. */
async function untilBankAnswers(market: Market, settlementId: string): Promise<void> {
  try {
    await market.round(settlementId);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BankUnavailable') throw error;
    await market.processes.statement.poll();
  }
}

describe('a bank in the mood', () => {
  it.each<[mood: string, currency: string, steps: string[], lines: [number, BankLineMatch['kind'], string?][]]>([
    ['accepts', 'AED', paid, [[-900, 'payout']]],
    ['rejects', 'ARS', ['PayoutRequested', 'PayoutHeld', 'PayoutInstructed', 'PayoutFailed'], []],
    ['drops-once', 'BGN', paid, [[-900, 'payout']]],
    ['drops', 'BRL', ['PayoutRequested', 'PayoutHeld', 'PayoutInstructed'], []],
    ['never-answers', 'CHF', paid, [[-900, 'payout']]],
    ['never-confirms', 'CLP', ['PayoutRequested', 'PayoutHeld', 'PayoutInstructed'], []],
    [
      'confirms-twice',
      'COP',
      [...paid, 'PayoutLineRefused'],
      [
        [-900, 'payout'],
        [-900, 'unmatched', 'line_repeats'],
      ],
    ],
    ['confirms-another-amount', 'DKK', refusedLine, [[-899, 'unmatched', 'amount_differs']]],
    ['confirms-another-account', 'DOP', refusedLine, [[-900, 'unmatched', 'account_differs']]],
    [
      'returns',
      'EGP',
      [...paid, 'PayoutReturned'],
      [
        [-900, 'payout'],
        [900, 'payout'],
      ],
    ],
    [
      'returns-later',
      'GBP',
      [...paid, 'PayoutReturned'],
      [
        [-900, 'payout'],
        [900, 'payout'],
      ],
    ],
  ])('%s: each payout is instructed once and confirmed only by a line that equals it', async (mood, currency, steps, lines) => {
    const { market, party, settlementId, matches } = await settleWith(mood, currency);
    expect(await market.payoutSteps(settlementId, party)).toEqual(steps);
    expect(matches).toEqual(lines);
    // What came back before the settlement was finished keeps it open; what comes back later is carried into the next one.
    const isConfirmed = (steps.includes('PayoutConfirmed') && !steps.includes('PayoutReturned')) || mood === 'returns-later';
    expect(await market.status(settlementId)).toBe(isConfirmed ? 'marked' : 'paying');
  });

  it('confirms-another-currency: the line waits in suspense in its currency, and nothing is settled', async () => {
    const { market, party, settlementId, matches } = await settleWith('confirms-another-currency', 'IDR');
    expect(matches).toEqual([]);
    const all = await market.events<{ type: string; currency: string; amountMinor: number; match: BankLineMatch }>(
      'reconciliation-bank_sandbox',
    );
    expect(all.filter(({ currency }) => currency === 'USD').at(-1)).toMatchObject({
      amountMinor: -900,
      key: payoutIdOf(settlementId, party),
      match: { kind: 'unmatched', reason: 'currency_differs' },
    });
    expect(await market.payoutSteps(settlementId, party)).toEqual(refusedLine);
    expect(await market.status(settlementId)).toBe('paying');
  });

  it('drops: what it never takes holds up nobody else', async () => {
    const market = await Market.open(hub, 'ILS', { cashMinor: cash });
    const dropped = Array.from({ length: 4 }, (_, index) => `platform:D${index}`);
    for (const party of dropped) await hub.registerBankAccount(party, `acc-${party}#drops`);
    for (const party of dropped) await market.earns(party, 100);
    const first = await market.settle();
    for (let rounds = 0; rounds < 5; rounds += 1) await untilBankAnswers(market, first);
    await market.earns('platform:A', 700);
    const windowId = await market.close();
    const second = (await market.processes.commands.request([windowId], market.command('settle'))).settlementId;
    for (let rounds = 0; rounds < 5; rounds += 1) await untilBankAnswers(market, second);
    expect(await market.payoutSteps(second, 'platform:A')).toEqual(paid);
  });
});

describe('a payout that the bank never confirms', () => {
  it('is given up on the word of one operator, and carried by another', async () => {
    const { market, party, settlementId, payoutId } = await settleWith('never-confirms', 'INR');
    const { payoutCommands } = market.processes;
    const boss = (name: string) => market.command(name, 'operator:boss');
    await payoutCommands.declareFailed(payoutId, 'letter of the bank of 3 February', boss('declare'));
    await expect(payoutCommands.carry(payoutId, boss('own'))).rejects.toEqual(problem('four_eyes'));
    await expect(payoutCommands.retry(payoutId, boss('own-retry'))).rejects.toEqual(problem('four_eyes'));
    await payoutCommands.carry(payoutId, market.command('carry'));
    await market.untilMarked(settlementId);
    await hub.registerBankAccount(party, 'acc-INR');
    const next = await market.settle();
    await market.untilMarked(next);
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([cash, -900]);
  });
});

describe('a payout that the bank has paid after all', () => {
  it('is not paid once more, nor carried, before somebody names the line that says so', async () => {
    const { market, settlementId, payoutId } = await settleWith('never-confirms', 'KRW');
    const { payoutCommands } = market.processes;
    await payoutCommands.declareFailed(payoutId, 'letter of the bank of 3 February', market.command('declare', 'operator:boss'));
    const line = { lineId: 'late', amountMinor: -900, currency: 'KRW', accountNumber: 'acc-KRW#never-confirms' };
    const orders = payoutOrders(hub.store, clock, accountsOf(hub.sql, clock));
    expect(await orders.take(payoutId, { type: 'RecordConfirmation', line })).toBe('not_instructed');
    expect(await orders.take(payoutId, { type: 'RecordConfirmation', line })).toBe('not_instructed');
    await expect(payoutCommands.retry(payoutId, market.command('retry'))).rejects.toEqual(problem('state_conflict'));
    await expect(payoutCommands.carry(payoutId, market.command('carry'))).rejects.toEqual(problem('state_conflict'));
    await payoutCommands.carry(payoutId, market.command('carry-despite'), ['late']);
    await market.untilMarked(settlementId);
    const lines = (await market.events<{ type: string }>(`payout-${payoutId}`)).filter(({ type }) => type === 'PayoutLineRefused');
    expect(lines).toEqual([expect.objectContaining({ lineId: 'late', code: 'not_instructed' })]);
  });
});

describe('a bank that is paused', () => {
  it('is given nothing until somebody resumes it; what it has is confirmed, and health says who paused it and why', async () => {
    const market = await Market.open(hub, 'NOK', { cashMinor: cash });
    const { payoutCommands } = market.processes;
    await payoutCommands.pause('sandbox', 'the bank reports a fault', market.command('pause'));
    await payoutCommands.pause('sandbox', 'again', market.command('pause-again'));
    await market.earns('platform:A', 900);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 4; rounds += 1) await market.round(settlementId);
    expect(await market.payoutSteps(settlementId, 'platform:A')).toEqual(['PayoutRequested', 'PayoutHeld']);
    const check = payoutCheck(new PayoutQueries(hub.sql), new BankFileQueries(hub.sql), 'sandbox');
    expect(await check.notice?.()).toMatch(/^sandbox is paused by operator:fin since .*: the bank reports a fault$/);
    expect(await check.problem()).toBeUndefined();
    await payoutCommands.resume('sandbox', market.command('resume'));
    await market.untilMarked(settlementId);
    expect(await market.payoutSteps(settlementId, 'platform:A')).toEqual(paid);
    expect(await check.notice?.()).toBeUndefined();
    expect((await market.events<{ type: string }>('bank-sandbox')).map(({ type }) => type)).toEqual(['PayoutsPaused', 'PayoutsResumed']);
  });

  it('is the one that the hub has', async () => {
    const market = await Market.open(hub, 'PHP');
    const { payoutCommands } = market.processes;
    await expect(payoutCommands.pause('other', 'x', market.command('pause'))).rejects.toEqual(problem('not_found'));
  });
});

describe('a payee whose account changes', () => {
  it('is paid to the old one while the change cools, and to the new one after that', async () => {
    const market = await Market.open(hub, 'RON', { cashMinor: cash });
    const party = 'platform:CH';
    const approved = (proposalId: string, accountNumber: string, approvedAt: string, inForceAt: string) =>
      hub.fact(`participant-${party}`, {
        type: 'BankAccountApproved',
        ...{ party, proposalId, bank: 'x', accountNumber, holder: party, by: 'operator:kim', note: 'called', approvedAt, inForceAt },
      });
    await approved('p1', 'acc-old', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
    await approved('p2', 'acc-new', '2026-01-30T12:00:00.000Z', '2026-01-31T12:00:00.000Z');
    await market.earns(party, 900);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    market.restart({ clock: { now: () => new Date('2026-01-31T12:00:00Z') } });
    await market.earns(party, 800);
    const next = await market.settle();
    await market.untilMarked(next);
    const accounts = (await hub.bank.statement(0, 1_000))
      .filter(({ currency }) => currency === 'RON')
      .map(({ accountNumber }) => accountNumber);
    expect(accounts.slice(1)).toEqual(['acc-old', 'acc-new']);
  });
});
