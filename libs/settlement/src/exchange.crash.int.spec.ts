import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PositionEvent } from '@tongbao/contracts';
import { Crash, CrashPlan } from '../test/crash.js';
import { clock, TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { assignmentStream } from './assignment.js';
import { positionStream } from './liquidity.js';
import { windowIdOf } from './models.js';

const A = 'platform:A';

/** More effects than an exchange has, from the calculation to its payout: the last plans kill nothing. */
const effects = 20;

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

    const settlementId = await survive(plan, month);

    const facts = (await yuan.events<PositionEvent>(positionStream(A))).filter(
      (event) => 'exchangeId' in event && event.settlementId === settlementId,
    );
    expect(facts.map(({ type }) => type)).toEqual(['ExchangeRequested', 'CurrencyExchanged']);
    expect((await yuan.settlementEvents(settlementId)).filter(({ type }) => type.startsWith('Fx'))).toHaveLength(1);
    expect((await dollars.lines()).map(({ amountMinor }) => amountMinor)).toEqual([
      10_000_000,
      ...Array.from({ length: month }, () => -10_000),
    ]);
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every effect it has', () => expect(survived).toBeGreaterThan(0));

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
  const commandId = (what: string) => `cmd_${String(of).padStart(19, '0')}${what}`;
  const windowId = windowIdOf('dnm', 'CNY', of);
  const by = 'operator:fin';
  await yuan.processes.windows.openCurrent(hub.queries);
  await yuan.processes.commands.closeWindow(windowId, { commandId: commandId('c'), by });
  const { settlementId } = await yuan.processes.commands.request([windowId], { commandId: commandId('s'), by });
  await yuan.untilMarked(settlementId);
  return settlementId;
}

/** Runs the work; when the process is killed, a new one begins from what the log has. */
async function survive(plan: CrashPlan, of: number): Promise<string> {
  try {
    return await settle(of);
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!(cause instanceof Crash) || !plan.isDead) throw error;
    yuan.restart();
    await hub.projected();
    return settle(of);
  }
}
