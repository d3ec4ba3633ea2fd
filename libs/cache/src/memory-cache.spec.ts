import { describe, expect, it } from '@jest/globals';
import { describeCache, quota, takenOf } from '../test/cache.contract.js';
import { openCache } from './index.js';
import { memoryCache } from './memory-cache.js';

describeCache('memory', () => {
  let nowMs = 0;
  const cache = memoryCache({ now: () => nowMs });
  return Promise.resolve({
    cache,
    clear: () => cache.close(),
    pass: (seconds) => {
      nowMs += seconds * 1_000;
      return Promise.resolve();
    },
    close: () => cache.close(),
  });
});

describe('a memory cache', () => {
  it('is what an empty address means', () => {
    expect(openCache({ url: '' }).status()).toEqual({ kind: 'memory', up: true, errors: 0 });
  });

  it('gives back to the very window that was taken from', async () => {
    let nowMs = 0;
    const cache = memoryCache({ now: () => nowMs });
    const taken = await cache.take([quota({ points: 3 })]);
    nowMs = 60_000;
    await takenOf(cache, 2);
    await taken?.giveBack();
    expect(await takenOf(cache, 5)).toBe(1);
  });

  it('keeps no more than its capacity, and forgets of the largest kind what ends soonest', async () => {
    let nowMs = 0;
    const cache = memoryCache({ capacity: 10, now: () => nowMs });
    const few = quota({ name: 'few', maximum: 1 });
    await takenOf(cache, 1, few);
    for (let order = 0; order < 100; order += 1) {
      nowMs += 1;
      await cache.seen('order', String(order), 60);
    }
    expect(await takenOf(cache, 1, few)).toBe(0);
    const seen = [];
    for (const order of [99, 91, 90]) seen.push(await cache.seen('order', String(order), 60));
    expect(seen).toEqual([true, true, false]);
  });

  it('has room again for what begins after others have ended', async () => {
    let nowMs = 0;
    const cache = memoryCache({ capacity: 10, now: () => nowMs });
    for (let order = 0; order < 10; order += 1) await cache.seen('order', String(order), 60);
    nowMs = 60_000;
    for (let order = 10; order < 20; order += 1) await cache.seen('order', String(order), 60);
    for (let order = 10; order < 20; order += 1) expect(await cache.seen('order', String(order), 60)).toBe(true);
  });
});
