import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PayoutEvent, PositionEvent, SettlementEvent, SettlementMessage } from '@tongbao/contracts';
import { Crash, CrashPlan } from '../test/crash.js';
import { captured, transfer } from '../test/facts.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { settlementPublisher } from './settlement.publish.js';

/** More effects than a calculation has: the last plans kill what comes after it. */
const plans = (['goes on', 'is aborted and redone'] as const).flatMap((then) =>
  (['before', 'after'] as const).flatMap((when) => Array.from({ length: 8 }, (_, index) => [when, index + 1, then] as const)),
);

const creators = Array.from({ length: 8 }, (_, index) => `creator:K${index}`);
const parties = [...creators, 'platform:A', 'platform:B'];
/** One or two parties in a slice. */
const sliceCharacters = 600;

let hub: TestHub;
let market: Market;

beforeAll(async () => {
  hub = await TestHub.start();
  for (const party of parties.filter((name) => name !== 'creator:K3')) await hub.registerBankAccount(party, `acc-${party.slice(-2)}`);
  const change = { interchange: 'bilateral', reserve: { basisPoints: 1_000, releaseAfterDays: 0 } } as const;
  market = await Market.open(hub, 'USD', { change });
}, 180_000);

afterAll(() => hub.stop());

describe('a settlement that is calculated in slices', () => {
  const sold = new Map<string, number>();
  const earned = new Map<string, number>();
  const givenBack = new Map<string, number>();
  const add = (to: Map<string, number>, party: string, amount: number) => to.set(party, (to.get(party) ?? 0) + amount);
  let month = 0;
  /** How many slices were written when the process was killed. */
  const killedAt = new Set<number>();
  let slices = 0;

  it.each(plans)('and whose process is killed just %s effect %i %s', async (when, at, then) => {
    month += 1;
    for (const [index, party] of parties.entries()) {
      const amount = party === 'creator:K5' ? 1 : 300 + 10 * index + month;
      await market.earns(party, amount);
      for (const sums of [sold, earned]) add(sums, party, amount);
    }
    await hub.payment(captured(`owed${month}`, [transfer('platform:B', 'platform:A', 150)], 'USD'));
    add(earned, 'platform:A', 150);
    add(earned, 'platform:B', -150);
    const windowId = await market.close();
    let settlementId = (await market.processes.commands.request([windowId], market.command('settle'))).settlementId;
    await hub.post();
    await hub.projected();
    const plan = new CrashPlan(at, when);
    market.restart({ store: plan.storeOf(hub.store), sliceCharacters });
    const isKilled = await isKilledIn(() => market.processes.settlement.advance(settlementId));
    expect(isKilled).toBe(plan.isDead);
    market.restart({ sliceCharacters });
    // Meanwhile something is given back to be carried: to one whose row may be written, and to one whose row may not be.
    for (const party of ['creator:K0', 'creator:K3', 'platform:B']) {
      await carryTo(party, 7);
      add(givenBack, party, 7);
    }
    await hub.projected();
    const written = await slicesOf(settlementId);
    if (then !== 'goes on' && ['requested', 'calculated'].includes(await market.status(settlementId))) {
      settlementId = await redo(settlementId, windowId);
    }
    for (let rounds = 0; rounds < 4; rounds += 1) {
      await hub.post();
      await hub.projected();
      await market.processes.settlement.advance(settlementId);
    }
    expect(await market.status(settlementId)).toBe('paying');
    if (then === 'goes on') expect((await slicesOf(settlementId)).slice(0, written.length)).toEqual(written);
    const calculation = await market.calculation(settlementId);
    expect(calculation.parties.map(({ party }) => party)).toEqual(parties);
    await expectAllThere();
    expect(calculation.direct).toMatchObject([{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 150 }]);
    expect(calculation.obligations).toHaveLength(1);
    slices = (await slicesOf(settlementId)).length;
    killedAt.add(written.length);
  });

  it('was killed between any two slices', () => {
    expect(slices).toBeGreaterThan(3);
    expect([...killedAt].sort()).toEqual(Array.from({ length: slices + 1 }, (_, index) => index));
  });

  it('tells each of its parties once that it is calculated', async () => {
    const stored = await hub.log<SettlementEvent>('settlement');
    const last = stored.findLast(({ event }) => event.type === 'SettlementCalculated')?.event.settlementId;
    const messages = stored.filter(({ event }) => event.settlementId === last).flatMap((each) => settlementPublisher.publish(each));
    const told = messages.flatMap(({ data }) => calculatedParties(data as SettlementMessage));
    expect(told).toEqual(parties);
  });

  it('is the same when the projection is rebuilt from the log', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });

  async function slicesOf(settlementId: string): Promise<SettlementEvent[]> {
    const slices = (await market.settlementEvents(settlementId)).filter((event) => event.type === 'SettlementPartiesCalculated');
    expect(slices.map(({ slice }) => slice)).toEqual(slices.map((_, index) => index + 1));
    return slices;
  }

  async function redo(settlementId: string, windowId: string): Promise<string> {
    await market.processes.commands.abort(settlementId, 'once more', market.command('abort'));
    await hub.projected();
    return (await market.processes.commands.request([windowId], market.command('redo'))).settlementId;
  }

  /** Whatever was killed, aborted and redone: what a party earned and was given back is paid out, owed by others, carried or withheld, all of it and no more. */
  async function expectAllThere(): Promise<void> {
    await hub.projected();
    const paid = new Map<string, number>();
    for (const { event } of await hub.log<PayoutEvent>('payout'))
      if (event.type === 'PayoutRequested' && event.bank === 'sandbox') add(paid, event.party, event.amountMinor);
    const withheld = new Map<string, number>();
    const direct = new Map<string, number>();
    for (const { event } of await hub.log<PositionEvent>('position')) {
      if (event.type === 'ReserveWithheld') add(withheld, event.party, event.amountMinor);
      if (event.type === 'ReserveReleased') add(withheld, event.party, -event.amountMinor);
      if (event.type !== 'ObligationDue') continue;
      add(direct, event.party, -event.amountMinor);
      add(direct, event.creditor, event.amountMinor);
    }
    const carried = new Map((await hub.queries.carriesOf('dnm', 'USD')).map(({ party, amountMinor }) => [party, Number(amountMinor)]));
    const sums = (party: string) => [paid, direct, withheld, carried].reduce((sum, each) => sum + (each.get(party) ?? 0), 0);
    expect(parties.map((party) => [party, sums(party)])).toEqual(
      parties.map((party) => [party, (earned.get(party) ?? 0) + (givenBack.get(party) ?? 0)]),
    );
    const bases = await hub.queries.reserveBasesOf('USD');
    expect(bases.map(({ party, basisPointMinor }) => [party, Number(basisPointMinor) / 1_000]).sort()).toEqual(
      parties.map((party) => [party, sold.get(party)]),
    );
  }

  let gifts = 0;

  /** A payout of long ago is given up. */
  async function carryTo(party: string, amountMinor: number): Promise<void> {
    gifts += 1;
    const about = { payoutId: `old${gifts}`, settlementId: 'stl_old', party, direction: 'payout', amountMinor, currency: 'USD' } as const;
    const stream = `payout-old${gifts}`;
    await hub.fact(stream, { type: 'PayoutRequested', ...about, bank: 'old', accountNumber: '1', holder: party, requestedAt: 'then' });
    await hub.fact(stream, { type: 'PayoutCarried', ...about, bank: 'old', model: 'dnm', by: 'operator:fin' });
  }
});

const calculatedParties = (message: SettlementMessage): string[] =>
  message.type === 'SettlementStatusChanged' && message.status === 'calculated' ? message.parties : [];

/** @returns whether its process was killed in it */
async function isKilledIn(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}
