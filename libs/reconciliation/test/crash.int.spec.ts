import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isBreakFact, isFeeFact, isRunFact } from '../src/facts.js';
import { dayAfter } from '../src/bill-day.js';
import { openApplication, World } from './application.js';
import { billsOf, plantedAs, runEnded } from './bills.js';
import { CrashPlan } from './crash.js';

/** More appends than a bill and its run have: the last plans kill nothing. */
const appends = 9;

let world: World;
let day = '2026-03-02';
let number = 0;
let survived = 0;

beforeAll(async () => {
  world = await World.begin();
}, 60_000);
afterAll(() => world.end());

describe('a process that is killed while it compares a day', () => {
  const plans = (['before', 'after'] as const).flatMap((when) => Array.from({ length: appends }, (_, index) => [when, index + 1] as const));

  it.each(plans)('just %s its append %i: it ends as if it had not been', async (when, at) => {
    day = dayAfter(day);
    const sale = { provider: 'alipay', currency: 'CNY', expectedFeeMinor: 6 };
    for (let hour = 1; hour <= 6; hour += 1)
      await world.sold((number += 1), { ...sale, amountMinor: hour * 1_000, at: `${day}T0${hour}:00:00.000Z` });
    const errors = [
      { error: 'missing' as const, count: 1 },
      { error: 'extra' as const, count: 1 },
      { error: 'amount' as const, count: 1 },
    ];
    const made = await billsOf(world, { provider: 'alipay', day, errors });
    const after = await world.store.head();

    const plan = new CrashPlan(at, when);
    const first = await openApplication(world, { store: plan.storeOf(world.store) });
    const runId = `alipay_${day}_1`;
    await first.give({ provider: 'alipay', bill: 'trade', day }, made.contents['trade']!);
    await eventually(
      () => first.get(`/v1/reconciliation/runs/${runId}`).catch(() => undefined),
      (reply) => plan.isDead || reply?.body.state === 'completed',
    );
    await first.close();

    const second = await openApplication(world);
    expect((await second.give({ provider: 'alipay', bill: 'trade', day }, made.contents['trade']!)).status).toBe(201);
    expect((await runEnded(second, runId)).body).toMatchObject({ state: 'completed', matched: 4, breaks: { found: 3 } });
    await second.folded();
    const { body } = await second.get(`/v1/reconciliation/breaks?day=${day}&status=open`);
    const found = body.items.map(
      ({ kind, ourKey, on }: { kind: string; ourKey: string; on: string[] }) => `${kind} ${ourKey} ${on.sort().join('+')}`,
    );
    expect(found.sort()).toEqual(plantedAs(made));
    await second.close();

    const written = (await world.log('reconciliation')).filter(({ position }) => position > after);
    const ends = written.filter(isRunFact).filter(({ event }) => event.type === 'ReconciliationCompleted');
    const lines = written.filter(isFeeFact).map(({ event }) => event.lineId);
    expect([ends.length, lines.length, new Set(lines).size]).toEqual([1, 5, 5]);
    const stories = written.filter(isBreakFact).filter(({ event }) => event.type === 'BreakFound');
    expect(new Set(stories.map(({ stream }) => stream)).size).toBe(stories.length);
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every append it has', () => expect(survived).toBeGreaterThan(0));

  it('finds a file that was lost when the bill is given again; meanwhile it says what it waits for', async () => {
    day = dayAfter(day);
    await world.sold((number += 1), { provider: 'alipay', currency: 'CNY', amountMinor: 5, at: `${day}T01:00:00.000Z` });
    const { contents } = await billsOf(world, { provider: 'alipay', day });
    const plan = new CrashPlan(1, 'after');
    const first = await openApplication(world, { store: plan.storeOf(world.store) });
    await first.give({ provider: 'alipay', bill: 'trade', day }, contents['trade']!);
    await first.close();
    rmSync(join(world.folder, 'bills'), { recursive: true });

    const second = await openApplication(world);
    const noticeOf = () => Promise.resolve(second.healthChecks.find(({ name }) => name === 'reconciliation')?.notice?.());
    expect(await eventually(noticeOf, (notice) => notice !== undefined)).toMatch(/^bill bill_\S+ stands still: .* give the bill again$/);
    expect((await second.give({ provider: 'alipay', bill: 'trade', day }, contents['trade']!)).body).toMatchObject({ isKnown: true });
    expect((await runEnded(second, `alipay_${day}_1`)).body).toMatchObject({ state: 'completed', matched: 1 });
    expect(await eventually(noticeOf, (notice) => notice === undefined)).toBeUndefined();
    await second.close();
  });
});
