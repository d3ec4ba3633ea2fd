import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../test/child.js';
import { TestStore } from '../test/store.js';
import { Lease, LeaseLost, LeaseNotHeld, type LeaseOptions } from './lease.js';
import type { LeaseEvent } from './lease-candidate.js';

const ttlMs = 1_000;

let test: TestStore;
const leases: Lease[] = [];
const children: Child[] = [];
const outages: unknown[] = [];

beforeEach(async () => {
  outages.length = 0;
  test = await TestStore.begin({ retryForMs: 200 });
});
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.stop()));
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await test.end();
});

function stand(holder: string, options: Partial<LeaseOptions> = {}): Lease {
  const url = `http://${holder}`;
  const lease = Lease.stand({
    store: test.store,
    name: 'payment',
    holder,
    url,
    ttlMs,
    onOutage: (error) => outages.push(error),
    ...options,
  });
  leases.push(lease);
  return lease;
}

/** A process that holds the lease, and that can be stopped and killed. */
async function holdingProcess(holder: string): Promise<Child> {
  const child = new Child('lease.program.ts', [test.server.connectionString, 'payment', holder, String(ttlMs)]);
  children.push(child);
  await child.says('acquired 1');
  return child;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(2);
}

const stored = async () => (await test.store.read<LeaseEvent>('lease-payment')).map(({ event }) => event);
const hasEnded = (promise: Promise<unknown>) => Promise.race([promise.then(() => true), delay(1).then(() => false)]);

describe('a lease', () => {
  it('is had at once where nobody holds it, by one of all that stand, and the others know who it is', async () => {
    const all = ['a', 'b', 'c'].map((holder) => stand(holder));
    expect(await Promise.race(all.map(({ acquired }) => acquired))).toBe(1);
    await until(() => all.every(({ epoch }) => epoch === 1));
    const [leader, ...others] = all.toSorted((left, right) => Number(right.leads) - Number(left.leads));
    expect(others.map(({ leads }) => leads)).toEqual([false, false]);
    expect(leader?.leaderUrl).toBeUndefined();
    expect(others.map(({ leaderUrl }) => leaderUrl)).toEqual(Array(2).fill(`http://${leader?.holder()?.holder}`));
    expect(others.map((other) => other.holder())).toEqual(Array(2).fill(leader?.holder()));
  });

  it('is kept by its holder for as long as it renews it, in a stream that stays short', async () => {
    const leader = stand('a');
    await leader.acquired;
    const standby = stand('b');
    const revision = async () => (await test.store.readLast('lease-payment'))?.revision ?? 0;
    await until(async () => (await revision()) > 12);
    expect(await stored()).toHaveLength(10);
    expect(leader.leads).toBe(true);
    expect(await hasEnded(standby.acquired)).toBe(false);
  });

  it('goes to a standby as soon as its holder releases it', async () => {
    const leader = stand('a', { ttlMs: 600_000 });
    await leader.acquired;
    const standby = stand('b');
    await leader.stop();
    expect(leader.leads).toBe(false);
    expect(await standby.acquired).toBe(2);
    expect(await hasEnded(leader.lost)).toBe(false);
    expect((await stored()).map(({ type, epoch, holder }) => [type, epoch, holder]).slice(0, 3)).toEqual([
      ['LeaseAcquired', 1, 'a'],
      ['LeaseReleased', 1, 'a'],
      ['LeaseAcquired', 2, 'b'],
    ]);
  });

  it('goes to one standby when its holder is killed, once its time is over', async () => {
    const holder = await holdingProcess('a');
    const standbys = [stand('b'), stand('c')];
    await until(() => standbys.every(({ epoch }) => epoch === 1));
    await holder.kill();
    expect(await Promise.race(standbys.map(({ acquired }) => acquired))).toBe(2);
    await until(() => standbys.every(({ epoch }) => epoch === 2));
    expect(standbys.filter(({ leads }) => leads)).toHaveLength(1);
  });

  it('is over for a process that was stopped, before it does anything else', async () => {
    const holder = await holdingProcess('a');
    const standby = stand('b');
    holder.signal('SIGSTOP');
    expect(await standby.acquired).toBe(2);
    const worked = holder.lines.length;
    holder.signal('SIGCONT');
    await holder.says('lost');
    expect(holder.lines.slice(worked)).toEqual(['lost']);
    expect(standby.leads).toBe(true);
  });

  it('is over by its clock for a holder that was silent too long, and had again with the same epoch if nobody took it', async () => {
    let passedMs = 0;
    const leader = stand('a', { monotonicNow: () => performance.now() + passedMs });
    await leader.acquired;
    leader.assertHeld();
    passedMs += ttlMs;
    expect(leader.leads).toBe(false);
    expect(() => leader.assertHeld()).toThrow(LeaseNotHeld);
    await until(() => leader.leads);
    expect([leader.epoch, await hasEnded(leader.lost)]).toEqual([1, false]);
  });

  it('is lost when somebody else has taken it, whatever the clocks of both say', async () => {
    const leader = stand('a', { ttlMs: 2_000 });
    await leader.acquired;
    let passedMs = 0;
    const standby = stand('b', { monotonicNow: () => performance.now() + passedMs });
    await until(() => standby.epoch === 1);
    passedMs = 1_000_000;
    expect(await standby.acquired).toBe(2);
    const reason = await leader.lost;
    expect(reason).toBeInstanceOf(LeaseLost);
    expect(reason.message).toBe('b, epoch 2, took payment over');
    expect([leader.leads, standby.leads]).toEqual([false, true]);
    expect(leader.leaderUrl).toBe('http://b');
  });

  it('stays with its holder over an outage of the store, however long, without leading meanwhile', async () => {
    const leader = stand('a');
    await leader.acquired;
    const standby = stand('b');
    await until(() => standby.epoch === 1);
    await test.bounce(async () => {
      await until(() => !leader.leads);
      await delay(ttlMs);
      expect(leader.leads).toBe(false);
    });
    await until(() => leader.leads);
    await delay(1.5 * ttlMs);
    expect([leader.leads, leader.epoch]).toEqual([true, 1]);
    expect(await hasEnded(Promise.race([leader.lost, standby.acquired]))).toBe(false);
    expect(outages.length).toBeGreaterThan(0);
  });

  it('goes to a standby when its holder did not survive the outage of the store', async () => {
    const holder = await holdingProcess('a');
    const standby = stand('b');
    await until(() => standby.epoch === 1);
    await test.bounce(() => holder.kill());
    expect(await standby.acquired).toBe(2);
  });

  it('can be stood for again and again, each time with a higher epoch', async () => {
    const epochs: number[] = [];
    for (const holder of ['a', 'b', 'c', 'd']) {
      const lease = stand(holder);
      epochs.push(await lease.acquired);
      await lease.stop();
    }
    expect(epochs).toEqual([1, 2, 3, 4]);
    expect(stand('e').leads).toBe(false);
  });
});
