import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PositionEvent } from '@tongbao/contracts';
import { Crash, CrashPlan } from '../test/crash.js';
import { clock, TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { assignmentStream } from './assignment.js';
import { exchangeIdOf, fundsIdOf } from './exchange.js';
import { positionStream } from './liquidity.js';
import { windowIdOf } from './models.js';
import { holdIdOf } from './payout.js';

const A = 'platform:A';

/** More effects than an exchange has, from the calculation to its payout: the last plans kill nothing. */
const effects = 22;

const by = 'operator:fin';
const idOf = (of: number, what: string) => `cmd_${String(of).padStart(19, '0')}${what}`;
const asked = async (of: number, what: string): Promise<string> => {
  const request = yuan.processes.commands.request([windowIdOf('dnm', 'CNY', of)], { commandId: idOf(of, what), by });
  return (await request).settlementId;
};
const factsOf = async (settlementId: string) =>
  (await yuan.events<PositionEvent>(positionStream(A))).filter((event) => 'exchangeId' in event && event.settlementId === settlementId);

let hub: TestHub;
let yuan: Market;
let dollars: Market;
let month = 0;
let survived = 0;

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount(A, 'acc-A');
  dollars = await Market.open(hub, 'USD', { cashMinor: 10_000_000 });
  yuan = await Market.open(hub, 'CNY');
  await hub.fact(assignmentStream(A), {
    ...{ type: 'PartyModelSet', party: A, currency: 'CNY', model: 'dnm', payIn: 'USD', by: 'operator:fin', approvedBy: 'operator:boss' },
    ...{ setAt: clock.now().toISOString() },
  });
  const terms = { from: 'CNY', to: 'USD', rateUnits: 138_889, rateScale: 6, expiresAt: '2026-01-31T12:00:00Z', source: 'spec' };
  await yuan.processes.quotes.record(terms, yuan.command('quote'));
}, 180_000);

afterAll(() => hub.stop());

describe('an exchange whose process is killed', () => {
  const plans = (['before', 'after'] as const).flatMap((when) => Array.from({ length: effects }, (_, index) => [when, index + 1] as const));

  it.each(plans)('just %s its effect %i is done once, and paid once', async (when, at) => {
    month += 1;
    const plan = new CrashPlan(at, when);
    yuan.restart({ store: plan.storeOf(hub.store), bank: plan.bankOf(hub.bank) });
    await yuan.earns(A, 72_000);

    const settlementId = await survive(plan, () => settle(month));

    const facts = await factsOf(settlementId);
    expect(facts.map(({ type }) => type)).toEqual([
      'ExchangeFundsRequested',
      'ExchangeFundsHeld',
      'ExchangeRequested',
      'CurrencyExchanged',
    ]);
    // Both holds end with it.
    const exchangeId = exchangeIdOf(settlementId, A);
    expect(facts.at(-1)).toMatchObject({ holdId: holdIdOf(exchangeId, 1), fundsHoldId: holdIdOf(fundsIdOf(exchangeId), 1) });
    expect((await yuan.settlementEvents(settlementId)).filter(({ type }) => type.startsWith('Fx'))).toHaveLength(1);
    expect((await dollars.lines()).map(({ amountMinor }) => amountMinor)).toEqual([
      10_000_000,
      ...Array.from({ length: month }, () => -10_000),
    ]);
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every effect it has', () => expect(survived).toBeGreaterThan(0));

  const abortEffects = 5;
  const aborts = (['before', 'after'] as const).flatMap((when) =>
    Array.from({ length: abortEffects }, (_, index) => [when, index + 1] as const),
  );
  let untouched = 0;

  it.each(aborts)('just %s effect %i of its abort has nothing held, and its window free', async (when, at) => {
    month += 1;
    yuan.restart();
    if (at === 1 && when === 'before') await hub.model({ ...yuan.model, automaticApprovalUpToMinor: 0 }, 2);
    await yuan.earns(A, 72_000);
    await yuan.processes.windows.openCurrent(hub.queries);
    await yuan.processes.commands.closeWindow(windowIdOf('dnm', 'CNY', month), { commandId: idOf(month, 'c'), by });
    const settlementId = await asked(month, 's');
    for (let rounds = 0; rounds < 2; rounds += 1) await yuan.round(settlementId);
    const plan = new CrashPlan(at, when);
    yuan.restart({ store: plan.storeOf(hub.store), bank: plan.bankOf(hub.bank) });
    const abort = async () => {
      await yuan.processes.commands.abort(settlementId, 'once more', { commandId: idOf(month, 'a'), by });
      for (let rounds = 0; rounds < 2; rounds += 1) await yuan.round(settlementId);
      await hub.projected();
    };
    await survive(plan, abort);
    if (!plan.isDead) untouched += 1;
    yuan.restart();

    const steps = (await factsOf(settlementId)).map(({ type }) => type);
    expect(steps).toEqual(['ExchangeFundsRequested', 'ExchangeFundsHeld', 'ExchangeFundsReleased']);
    expect(await hub.queries.windowsOf([windowIdOf('dnm', 'CNY', month)])).toMatchObject([{ state: 'closed' }]);
    const again = await asked(month, 'r');
    for (let rounds = 0; rounds < 2; rounds += 1) await yuan.round(again);
    await yuan.processes.commands.approve(again, { commandId: idOf(month, 'p'), by: 'operator:boss' });
    await yuan.untilMarked(again);
    expect((await dollars.lines()).map(({ amountMinor }) => amountMinor).slice(1)).toEqual(Array.from({ length: month }, () => -10_000));
  });

  it('was killed at every effect that an abort has', () => expect(untouched).toBeGreaterThan(0));

  it('leaves the party with nothing in either currency', async () => {
    await hub.post();
    await hub.projected();
    const rows = await hub.sql.query(`select currency, balance_minor from settlement.positions where party = '${A}' order by currency`);
    expect(rows.map((row) => Object.values(row).map(String))).toEqual([
      ['CNY', '0'],
      ['USD', '0'],
    ]);
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});

/** The commands of a month, the same ids however often they are repeated, and everything that follows from them. */
async function settle(of: number): Promise<string> {
  await yuan.processes.windows.openCurrent(hub.queries);
  await yuan.processes.commands.closeWindow(windowIdOf('dnm', 'CNY', of), { commandId: idOf(of, 'c'), by });
  const settlementId = await asked(of, 's');
  await yuan.untilMarked(settlementId);
  return settlementId;
}

/** Runs the work; when the process is killed, a new one begins from what the log has. */
async function survive<T>(plan: CrashPlan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!(cause instanceof Crash) || !plan.isDead) throw error;
    yuan.restart();
    await hub.projected();
    return work();
  }
}
