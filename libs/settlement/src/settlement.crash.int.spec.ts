import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PartySettlement, PositionEvent } from '@tongbao/contracts';
import { Crash, CrashPlan } from '../test/crash.js';
import { captured, transfer } from '../test/facts.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { positionStream } from './liquidity.js';
import { windowIdOf } from './models.js';

/** More effects than a settlement has: the last plans kill nothing. */
const plansOf = (effects: number) =>
  (['before', 'after'] as const).flatMap((when) => Array.from({ length: effects }, (_, index) => [when, index + 1] as const));

const [A, B, C, K] = ['platform:A', 'platform:B', 'platform:C', 'creator:K'];

let hub: TestHub;

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount(A, 'acc-A');
  await hub.registerBankAccount(B, 'acc-B');
}, 180_000);

afterAll(() => hub.stop());

describe('a settlement whose process is killed', () => {
  let market: Market;
  let month = 0;
  let survived = 0;

  beforeAll(async () => {
    market = await Market.open(hub, 'USD', { cashMinor: 10_000_000 });
  });

  it.each(plansOf(26))('just %s its effect %i ends as if it had not been', async (when, at) => {
    month += 1;
    const plan = killedBy(market, when, at);
    const sold = await market.earns(A, 1_000);
    await market.refund(sold, [transfer(A, 'provider:alipay', 100)]);
    const fee = await market.earns(B, -200);
    const little = await market.earns(K, 1);
    const linesBefore = (await market.lines()).length;

    const settlementId = await survive(market, plan, settleMonth(market, month));

    expect((await market.calculation(settlementId)).parties).toMatchObject([
      { party: K, carriedInMinor: month - 1, netMinor: 1, payableMinor: month, action: month < 100 ? 'carry' : 'pay_out' },
      { party: A, netMinor: 900, payableMinor: 900, action: 'pay_out' },
      { party: B, netMinor: -200, payableMinor: -200, action: 'collect' },
    ]);
    expect(await linesSince(market, linesBefore)).toEqual([
      [-900, 'payout'],
      [200, 'payout'],
    ]);
    expect(await market.told(settlementId)).toEqual([
      { paymentId: sold, sides: [{ party: A, netMinor: 900 }] },
      { paymentId: fee, sides: [{ party: B, netMinor: -200 }] },
      { paymentId: little, sides: [{ party: K, netMinor: 1 }] },
    ]);
    expect(await market.payoutSteps(settlementId, A)).toEqual(['PayoutRequested', 'PayoutHeld', 'PayoutInstructed', 'PayoutConfirmed']);
    expect(await market.payoutSteps(settlementId, B)).toEqual(['PayoutRequested', 'PayoutInstructed', 'PayoutConfirmed']);
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every effect it has', () => expect(survived).toBeGreaterThan(0));
});

describe('a settlement with reserves, direct debts and draws whose process is killed', () => {
  let market: Market;
  let month = 0;
  let survived = 0;
  const positionTypes = new Set<string>();

  beforeAll(async () => {
    const reserve = { basisPoints: 1_000, releaseAfterDays: 0 };
    const change = { interchange: 'bilateral', collection: 'liquidity', reserve } as const;
    market = await Market.open(hub, 'EUR', { cashMinor: 10_000_000, change });
  });

  it.each(plansOf(34))('just %s its effect %i ends as if it had not been', async (when, at) => {
    month += 1;
    const plan = killedBy(market, when, at);
    const sold = market.nextPayment();
    const split = [transfer('provider:alipay', B, 2_000), transfer(B, A, 1_500), transfer(C, 'hub:fees', 300)];
    await hub.payment(captured(sold, split, 'EUR'));
    const own = await market.earns(A, 1_000);
    const linesBefore = (await market.lines()).length;

    const settlementId = await survive(market, plan, settleBilateralMonth(market, month));

    // What was withheld of the month before comes back, and as much is withheld of this one.
    const before = month === 1 ? {} : { releasedMinor: 100 };
    const paid = (month === 1 ? 0 : 100) + 900;
    const row = (party: string, rest: Partial<PartySettlement>) => ({ party, carriedInMinor: 0, carriedOutMinor: 0, ...rest });
    expect((await market.calculation(settlementId)).parties).toMatchObject([
      row(A, { netMinor: 2_500, directMinor: 1_500, withheldMinor: 100, payableMinor: paid, ...before }),
      row(B, { netMinor: 500, directMinor: -1_500, withheldMinor: 200, payableMinor: 1_800 + (month === 1 ? 0 : 200) }),
      row(C, { netMinor: -300, payableMinor: -300, action: 'collect', collectBy: 'liquidity' }),
    ]);
    expect(await linesSince(market, linesBefore)).toEqual([
      [-(1_800 + (month === 1 ? 0 : 200)), 'payout'],
      [-paid, 'payout'],
    ]);
    expect(await market.told(settlementId)).toEqual([
      {
        paymentId: sold,
        sides: [
          { party: B, netMinor: 500 },
          { party: A, netMinor: 1_500 },
          { party: C, netMinor: -300 },
        ],
      },
      { paymentId: own, sides: [{ party: A, netMinor: 1_000 }] },
    ]);
    expect(await bookedIn(settlementId, A)).toEqual([...withheldAnd(100)]);
    expect(await bookedIn(settlementId, B)).toEqual([
      ...withheldAnd(200),
      ['ObligationDue', 1_500],
      ['ObligationReported', 1_500],
      ['ObligationPaid', 1_500],
    ]);
    expect(await bookedIn(settlementId, C)).toEqual([
      ['LiquidityDrawRequested', 300],
      ['LiquidityDrawn', 300],
    ]);
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every effect it has, of which there was one of each kind', () => {
    expect(survived).toBeGreaterThan(0);
    expect([...positionTypes].sort()).toEqual([
      'LiquidityDrawRequested',
      'LiquidityDrawn',
      'ObligationDue',
      'ObligationPaid',
      'ObligationReported',
      'ReserveReleased',
      'ReserveWithheld',
    ]);
  });

  it('leaves every party with nothing but the reserve of the last month', async () => {
    await hub.post();
    await hub.projected();
    const rows = await hub.sql.query(`select party, balance_minor from settlement.positions where currency = 'EUR' order by party`);
    expect(rows.map((each) => Object.values(each).map(String))).toEqual([
      [A, '0'],
      [B, '0'],
      [C, '0'],
    ]);
    const bases = await hub.queries.dueReserves('EUR', '2026-12-31T00:00:00Z');
    expect(bases.map(({ party, amountMinor }) => [party, amountMinor])).toEqual([
      [A, 100],
      [B, 200],
    ]);
  });

  const withheldAnd = (amountMinor: number): [string, number][] => [
    ['ReserveWithheld', amountMinor],
    ...(month === 1 ? [] : [['ReserveReleased', amountMinor] as [string, number]]),
  ];

  async function bookedIn(settlementId: string, party: string): Promise<[string, number][]> {
    const facts = (await market.events<PositionEvent>(positionStream(party))).filter(
      (event) => 'settlementId' in event && event.settlementId === settlementId,
    );
    for (const { type } of facts) positionTypes.add(type);
    return facts.map(({ type, amountMinor }) => [type, amountMinor]);
  }
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});

function killedBy(market: Market, when: 'before' | 'after', at: number): CrashPlan {
  const plan = new CrashPlan(at, when);
  market.restart({ store: plan.storeOf(hub.store), bank: plan.bankOf(hub.bank) });
  return plan;
}

const linesSince = async (market: Market, before: number) =>
  (await market.lines())
    .slice(before)
    .map(({ amountMinor, match }) => [amountMinor, match.kind] as const)
    .sort(([one], [other]) => one - other);

/** The commands of a month, the same ids however often they are repeated, and everything that follows from them. */
function settleMonth(market: Market, month: number): () => Promise<string> {
  const begin = beginMonth(market, month);
  return async () => {
    const settlementId = await begin();
    await market.untilMarked(settlementId);
    return settlementId;
  };
}

/** As `settleMonth`, with a debt between platforms that somebody reports as paid and the creditor confirms. */
function settleBilateralMonth(market: Market, month: number): () => Promise<string> {
  const begin = beginMonth(market, month);
  const [reporting, confirming] = [market.command('report'), market.command('confirm', A)];
  return async () => {
    const settlementId = await begin();
    const obligationId = `${settlementId}_platform.B_platform.A`;
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId);
    await hub.projected();
    const { obligations } = market.processes;
    if (!(await isPaid(settlementId))) {
      await obligations.report(obligationId, 'paid', 'advice', reporting);
      await obligations.confirm(obligationId, 'paid', confirming);
    }
    await market.untilMarked(settlementId);
    return settlementId;
  };
}

const isPaid = async (settlementId: string): Promise<boolean> =>
  (await hub.store.read<PositionEvent>(positionStream(B))).some(
    ({ event }) => event.type === 'ObligationPaid' && event.settlementId === settlementId,
  );

function beginMonth(market: Market, month: number): () => Promise<string> {
  const windowId = windowIdOf('dnm', market.currency, month);
  const [closing, asking] = [market.command('close'), market.command('settle')];
  return async () => {
    await market.processes.windows.openCurrent(hub.queries);
    await market.processes.commands.closeWindow(windowId, closing);
    return (await market.processes.commands.request([windowId], asking)).settlementId;
  };
}

/** Runs the work; when the process is killed, a new one begins from what the log has. */
async function survive(market: Market, plan: CrashPlan, work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!(cause instanceof Crash) || !plan.isDead) throw error;
    market.restart();
    return work();
  }
}
