import { beforeEach, describe, expect, it } from '@jest/globals';
import { memoryCache } from '@tongbao/cache';
import type { Principal } from '@tongbao/service';
import { Admission } from './admission.js';
import { Workload } from './workload.js';

const platform = (platformId: string): Principal => ({ kind: 'platform', platformId });

describe('requests a second', () => {
  let nowMs: number;
  let admission: Admission;
  beforeEach(() => {
    nowMs = 0;
    const cache = memoryCache({ now: () => nowMs });
    admission = new Admission({ isLost: false }, { now: () => new Date(nowMs) }, cache, new Workload(), 2_000, 3);
  });

  it('are as many as the limit for each caller, and as many again in the next second', async () => {
    for (let request = 0; request < 3; request += 1) await admission.admit(platform('A'));
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    await admission.admit(platform('B'));
    nowMs = 999;
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    nowMs = 1_000;
    await admission.admit(platform('A'));
  });

  it('of 200 at the same moment are as many as the limit', async () => {
    const admitted = await Promise.allSettled(Array.from({ length: 200 }, () => admission.admit(platform('A'))));
    expect(admitted.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('of an operator are not those of a platform of the same name', async () => {
    for (let request = 0; request < 3; request += 1) await admission.admit(platform('jo'));
    await admission.admit({ kind: 'operator', name: 'jo', roles: ['ops'] });
  });
});

describe('a process that is behind with its own work', () => {
  let nowMs: number;
  let workload: Workload;
  const store = { isLost: false };
  let admission: Admission;
  beforeEach(() => {
    nowMs = 0;
    workload = new Workload(() => nowMs);
    admission = new Admission(store, { now: () => new Date(0) }, memoryCache({ now: () => 0 }), workload, 2_000, 1_000);
  });

  /** A request that is in hand until it is said to be written down, or to have failed. */
  function begun(): PromiseWithResolvers<undefined> & { over: Promise<unknown> } {
    const request = Promise.withResolvers<undefined>();
    return { ...request, over: workload.of(() => request.promise).catch(() => undefined) };
  }

  it('lets nobody in while the oldest request in hand has waited for longer than the limit', async () => {
    const first = begun();
    nowMs = 1_500;
    const second = begun();
    nowMs = 2_000;
    await admission.admit(platform('A'));
    nowMs = 2_001;
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    first.resolve(undefined);
    await first.over;
    await admission.admit(platform('A'));
    nowMs = 3_501;
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    second.reject(new Error('the store is down'));
    await second.over;
    await admission.admit(platform('A'));
    expect(workload.oldestMs).toBe(0);
  });

  it('blames nobody for it while the store is down', async () => {
    const first = begun();
    nowMs = 2_001;
    store.isLost = true;
    await admission.admit(platform('A'), 2_001);
    store.isLost = false;
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    first.resolve(undefined);
    await first.over;
  });

  it('refuses a request that itself has waited for too long before it came to be asked', async () => {
    await admission.admit(platform('A'), 2_000);
    await expect(admission.admit(platform('A'), 2_001)).rejects.toMatchObject({ code: 'overloaded' });
  });
});
