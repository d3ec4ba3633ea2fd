import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SettlementEvent, SettlementRequested } from '@tongbao/contracts';
import { load } from '@tongbao/event-store';
import { assignmentStream } from './assignment.js';
import { calendarStream } from './calendar.js';
import type { SettlementModel } from './models.js';
import { payoutIdOf } from './payout.js';
import type { SettlementSchedule } from './schedule.process.js';
import { settlementFold, settlementStream } from './settlement.js';
import { windowStream } from './window.js';
import { china2026 } from '../test/china-2026.js';
import { captured, transfer } from '../test/facts.js';
import { modelFor, TestHub, type Processes } from '../test/hub.js';
import { Market } from '../test/month.js';

let hub: TestHub;

beforeAll(async () => {
  hub = await TestHub.start();
  for (const party of ['platform:A', 'creator:K']) await hub.registerBankAccount(party, `acc-${party.slice(-1)}`);
}, 180_000);

afterAll(() => hub.stop());

const assign = (party: string, currency: string, model: string) =>
  hub.fact(assignmentStream(party), {
    type: 'PartyModelSet',
    ...{ party, currency, model, by: 'operator:fin', approvedBy: 'operator:boss', setAt: '2026-01-01T00:00:00Z' },
  });

/** A model besides dnm, with its first window open. */
async function addModel(processes: Processes, currency: string, change: Partial<SettlementModel>, version = 1): Promise<void> {
  await hub.model(modelFor(currency, change), version);
  await hub.projected();
  await processes.windows.openCurrent(hub.queries);
}

/** The settlements of a model and currency, and of which windows. */
async function settlementsOf(model: string, currency: string): Promise<SettlementRequested[]> {
  const events = (await hub.log<SettlementEvent>('settlement')).map(({ event }) => event);
  return events
    .filter((event) => event.type === 'SettlementRequested')
    .filter((event) => event.model === model && event.currency === currency);
}

describe('two models on one payment', () => {
  it('settle each their side in their time, and tell the payment each of their own', async () => {
    const market = await Market.open(hub, 'USD', { cashMinor: 100_000 });
    await addModel(market.processes, 'USD', { name: 'weekly' });
    await assign('creator:K', 'USD', 'weekly');
    await market.untilMarked(await market.settle());

    const paymentId = market.nextPayment();
    await hub.payment(captured(paymentId, [transfer('provider:alipay', 'platform:A', 3_000), transfer('platform:A', 'creator:K', 1_200)]));
    const ofPlatforms = await market.settle();
    await market.untilMarked(ofPlatforms);
    expect(await market.told(ofPlatforms)).toEqual([{ paymentId, sides: [{ party: 'platform:A', netMinor: 1_800 }] }]);
    expect((await market.lines()).at(-1)).toMatchObject({ amountMinor: -1_800 });

    await market.refund(paymentId, [transfer('creator:K', 'platform:A', 200)]);
    const { commands } = market.processes;
    await commands.closeWindow('weekly_USD_000001', market.command('close'));
    const { settlementId: ofCreators } = await commands.request(['weekly_USD_000001'], market.command('settle'));
    await market.untilMarked(ofCreators);
    expect(await market.told(ofCreators)).toEqual([{ paymentId, sides: [{ party: 'creator:K', netMinor: 1_000 }] }]);
    expect((await market.lines()).at(-1)).toMatchObject({ amountMinor: -1_000 });

    const ofTheRefund = await market.settle();
    await market.untilMarked(ofTheRefund);
    expect(await market.told(ofTheRefund)).toEqual([{ paymentId, sides: [{ party: 'platform:A', netMinor: 200 }] }]);
  });

  it('do not go into one settlement', async () => {
    const market = await Market.open(hub, 'NOK');
    await addModel(market.processes, 'NOK', { name: 'weekly' });
    const { commands } = market.processes;
    await expect(commands.request(['dnm_NOK_000001', 'weekly_NOK_000001'], market.command('both'))).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('in several currencies close and settle beside each other', async () => {
    const markets = [];
    for (const currency of ['EUR', 'CHF']) {
      const market = await Market.open(hub, currency, { cashMinor: 10_000 });
      await addModel(market.processes, currency, { name: 'weekly' });
      await assign('creator:K', currency, 'weekly');
      await market.close();
      await market.earns('platform:A', 500);
      await market.earns('creator:K', 400);
      markets.push(market);
    }
    const asked: { market: Market; settlementId: string }[] = [];
    for (const market of markets) {
      const { commands } = market.processes;
      const dnm = [`dnm_${market.currency}_000001`, await market.close()];
      await commands.closeWindow(`weekly_${market.currency}_000001`, market.command('close'));
      for (const windowIds of [dnm, [`weekly_${market.currency}_000001`]])
        asked.push({ market, settlementId: (await commands.request(windowIds, market.command('settle'))).settlementId });
    }
    for (const { market, settlementId } of asked) await market.untilMarked(settlementId);
    for (const market of markets) expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([10_000, -500, -400]);
  });
});

describe('a party that changes its model', () => {
  const carries = async (model: string, currency: string) => {
    await hub.projected();
    return (await hub.queries.carriesOf(model, currency)).map(({ party, amountMinor }) => [party, amountMinor]);
  };

  it('takes what it had carried along, and is paid it by its new model', async () => {
    const market = await Market.open(hub, 'ISK', { cashMinor: 10_000 });
    await addModel(market.processes, 'ISK', { name: 'weekly' });
    await market.earns('platform:A', 60);
    await market.earns('creator:K', 70);
    await assign('platform:A', 'ISK', 'weekly');
    const last = await market.settle();
    await market.untilMarked(last);
    expect((await market.calculation(last)).parties).toMatchObject([
      { party: 'creator:K', carriedOutMinor: 70 },
      { party: 'platform:A', carriedOutMinor: 60, carriedTo: 'weekly' },
    ]);
    expect([await carries('dnm', 'ISK'), await carries('weekly', 'ISK')]).toEqual([[['creator:K', 70n]], [['platform:A', 60n]]]);

    await market.earns('platform:A', 50);
    const { commands } = market.processes;
    await commands.closeWindow('weekly_ISK_000001', market.command('close'));
    const { settlementId } = await commands.request(['weekly_ISK_000001'], market.command('settle'));
    await market.untilMarked(settlementId);
    expect((await market.calculation(settlementId)).parties).toMatchObject([
      { party: 'platform:A', carriedInMinor: 60, netMinor: 50, action: 'pay_out' },
    ]);
    expect((await market.lines()).at(-1)).toMatchObject({ amountMinor: -110 });
    expect(await carries('weekly', 'ISK')).toEqual([]);
  });

  it('takes a payout along that was given up after it left', async () => {
    const market = await Market.open(hub, 'CZK', { cashMinor: 10_000 });
    await addModel(market.processes, 'CZK', { name: 'weekly' });
    await market.earns('platform:A', 500);
    await assign('platform:A', 'CZK', 'weekly');
    const last = await market.settle();
    for (let round = 0; round < 4; round += 1) await market.round(last, 'refused');
    await market.processes.payoutCommands.carry(payoutIdOf(last, 'platform:A'), market.command('carry'));
    expect([await carries('dnm', 'CZK'), await carries('weekly', 'CZK')]).toEqual([[], [['platform:A', 500n]]]);
  });
});

describe('a version of a model', () => {
  it('counts for windows that close after it, and for no other', async () => {
    const market = await Market.open(hub, 'DKK', { cashMinor: 10_000 });
    await market.earns('platform:A', 500);
    const before = await market.close();
    await market.earns('platform:A', 600);
    await hub.model(modelFor('DKK', { minimumPayoutMinor: 5_000 }), 2);
    const first = (await market.processes.commands.request([before], market.command('first'))).settlementId;
    await market.untilMarked(first);
    const second = await market.settle();
    await market.untilMarked(second);
    expect((await market.calculation(first)).parties).toMatchObject([{ payableMinor: 500, action: 'pay_out' }]);
    expect((await market.calculation(second)).parties).toMatchObject([{ payableMinor: 600, action: 'carry' }]);
  });
});

describe('closing a window', () => {
  /** How often the store is asked to close a market's window. */
  async function costOf(currency: string, payments: number): Promise<{ reads: number; appends: number }> {
    const cost = { reads: 0, appends: 0 };
    const store = new Proxy(hub.store, {
      get(target, name): unknown {
        if (name === 'append') cost.appends += 1;
        else if (name === 'read') cost.reads += 1;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const market = await Market.open(hub, currency);
    for (let index = 0; index < payments; index += 1) await market.earns(`creator:${index}`, 100);
    await hub.projected();
    market.restart({ store });
    await market.processes.windows.close(`dnm_${currency}_000001`, 'operator:fin', `close ${currency}`);
    return cost;
  }

  it('asks the store as often for none as for many payments: each of two windows is read, and gets one event', async () => {
    const none = await costOf('PLN', 0);
    expect(none).toEqual({ reads: 2, appends: 2 });
    expect(await costOf('HUF', 120)).toEqual(none);
  });
});

describe('the schedule', () => {
  /** A hub whose clock is set by hand, and looks at what is due when it is told to. */
  async function open(currency: string, change: Partial<SettlementModel>) {
    const clock = { now: () => at };
    let at = new Date('2026-02-10T04:00:00Z');
    let processes = hub.processes({ clock });
    await hub.fact(calendarStream('cn'), {
      type: 'CalendarSet',
      name: 'cn',
      version: 1,
      ...china2026,
      by: 'operator:fin',
      setAt: '2026-01-01T00:00:00Z',
    });
    await addModel(processes, currency, { name: 'daily', automaticApprovalUpToMinor: 0, ...change });
    const windows = () => hub.queries.windowsOf(Array.from({ length: 9 }, (_, index) => `daily_${currency}_00000${index + 1}`));
    return {
      processes: () => processes,
      restart: () => (processes = hub.processes({ clock })),
      async look(time: string, schedule: SettlementSchedule = processes.schedule): Promise<void> {
        at = new Date(time);
        await hub.projected();
        await schedule.run();
        await hub.projected();
      },
      closings: async () =>
        (await windows()).flatMap(({ closedAt, closedBy }) => (closedAt === null ? [] : [`${closedAt.slice(0, 16)} ${closedBy}`])),
      states: async () => (await windows()).map(({ state }) => state),
    };
  }
  const inChina = { cron: '0 23 * * *', timeZone: 'Asia/Shanghai', calendar: 'cn' };

  it('closes windows on days with business, what is overdue once, and does not wait for settlements', async () => {
    const scheduled = await open('SEK', { schedule: inChina, settleAfterDays: 1 });
    await scheduled.look('2026-02-10T14:59:59Z');
    expect(await scheduled.closings()).toEqual([]);
    await scheduled.look('2026-02-10T15:00:01Z');
    await scheduled.look('2026-02-10T15:00:02Z');
    expect(await scheduled.closings()).toEqual(['2026-02-10T15:00 schedule']);
    scheduled.restart();
    await scheduled.look('2026-02-14T09:00:00Z'); // it was away for three closings
    await scheduled.look('2026-02-14T15:00:00Z'); // a Saturday that is worked
    for (const day of [15, 18, 21, 23]) await scheduled.look(`2026-02-${day}T15:30:00Z`); // the Spring Festival
    await scheduled.look('2026-02-24T15:00:00Z');
    expect(await scheduled.closings()).toEqual([
      '2026-02-10T15:00 schedule',
      '2026-02-14T09:00 schedule',
      '2026-02-14T15:00 schedule',
      '2026-02-24T15:00 schedule',
    ]);
    // The settlement that the first one asked for waits for a person; the others wait for it.
    expect(await settlementsOf('daily', 'SEK')).toMatchObject([{ windowIds: ['daily_SEK_000001'], requestedBy: 'schedule' }]);
    expect(await scheduled.states()).toEqual(['settling', 'closed', 'closed', 'closed', 'open']);
  });

  it('asks for a settlement after the days, for all windows that are due together, and goes on after a crash in between', async () => {
    const scheduled = await open('GBP', {
      schedule: { cron: '0 23 * * *', timeZone: 'UTC' },
      settleAfterDays: 2,
      automaticApprovalUpToMinor: 1_000,
    });
    for (const day of [10, 11]) await scheduled.look(`2026-02-${day}T23:00:00Z`, scheduled.restart().schedule);
    await scheduled.look('2026-02-12T22:59:59Z');
    expect(await settlementsOf('daily', 'GBP')).toEqual([]);
    await scheduled.look('2026-02-12T23:00:00Z');
    const [asked, ...others] = await settlementsOf('daily', 'GBP');
    expect([asked, others]).toMatchObject([{ windowIds: ['daily_GBP_000001'], requestedBy: 'schedule' }, []]);
    scheduled.restart();
    await scheduled.look('2026-02-12T23:00:01Z');
    expect(await settlementsOf('daily', 'GBP')).toHaveLength(1);

    expect(await scheduled.processes().settlement.advance(asked!.settlementId)).toBe('settled');
    expect((await load(hub.store, settlementStream(asked!.settlementId), settlementFold)).state).toMatchObject({
      approvedBy: 'automatic',
      parties: [],
    });
    await scheduled.look('2026-02-15T08:00:00Z');
    expect((await settlementsOf('daily', 'GBP')).map(({ windowIds }) => windowIds)).toEqual([
      ['daily_GBP_000001'],
      ['daily_GBP_000002', 'daily_GBP_000003'],
    ]);
  });

  it('closes an immediate model’s windows as soon as the one before is past abort, with what has come meanwhile', async () => {
    const scheduled = await open('JPY', { delay: 'immediate', automaticApprovalUpToMinor: 0, minimumPayoutMinor: 1_000_000 });
    await assign('platform:A', 'JPY', 'daily');
    await hub.model(modelFor('JPY'));
    await hub.projected();
    await scheduled.processes().windows.openCurrent(hub.queries);
    await scheduled.processes().commands.closeWindow('dnm_JPY_000001', { commandId: 'cmd_jpy', by: 'operator:fin' });
    const earns = (id: string) => hub.payment(captured(id, [transfer('provider:alipay', 'platform:A', 10)], 'JPY'));

    await scheduled.look('2026-02-10T05:00:00Z');
    expect(await scheduled.states()).toEqual(['open']);
    await earns('jpy1');
    await scheduled.look('2026-02-10T05:00:01Z');
    await scheduled.look('2026-02-10T05:00:02Z');
    const [first] = await settlementsOf('daily', 'JPY');
    expect(first).toMatchObject({ windowIds: ['daily_JPY_000001'], requestedBy: 'immediate' });
    for (const id of ['jpy2', 'jpy3']) {
      await earns(id);
      await scheduled.look('2026-02-10T05:00:03Z');
    }
    expect(await scheduled.states()).toEqual(['settling', 'open']);

    await hub.post();
    await hub.projected();
    const { settlement, commands } = scheduled.processes();
    expect(await settlement.advance(first!.settlementId)).toBe('verified');
    await commands.approve(first!.settlementId, { commandId: 'cmd_approve', by: 'operator:boss' });
    expect(await settlement.advance(first!.settlementId)).toBe('settled');
    await scheduled.look('2026-02-10T05:00:04Z');
    await scheduled.look('2026-02-10T05:00:05Z');
    expect((await hub.queries.windowsOf(['daily_JPY_000002']))[0]).toMatchObject({ state: 'settling', facts: 2, closedBy: 'immediate' });
    expect(await settlementsOf('daily', 'JPY')).toHaveLength(2);
    expect(await hub.store.read(windowStream('daily_JPY_000004'))).toEqual([]);
  });
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
