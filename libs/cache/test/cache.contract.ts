import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Cache, Quota } from '../src/cache.js';

export interface CacheHarness {
  cache: Cache;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** Lets time go by. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

export const quota = (change: Partial<Quota> = {}): Quota => ({ name: 'test', key: 'a', points: 1, maximum: 3, seconds: 60, ...change });

/** Takes one after the other, and says how often that went. */
export async function takenOf(cache: Cache, calls: number, one: Quota = quota()): Promise<number> {
  let taken = 0;
  for (let call = 0; call < calls; call += 1) if (await cache.take([one])) taken += 1;
  return taken;
}

/** What every cache does. */
export function describeCache(kind: string, open: () => Promise<CacheHarness>): void {
  describe(`the ${kind} cache`, () => {
    let harness: CacheHarness;
    let cache: Cache;
    beforeAll(async () => {
      harness = await open();
      ({ cache } = harness);
    });
    beforeEach(() => harness.clear());
    afterAll(() => harness.close());

    describe('quotas', () => {
      it('let in as many as the maximum, and no more', async () => {
        expect(await takenOf(cache, 5)).toBe(3);
      });

      it('are of one name, key and length alone', async () => {
        await takenOf(cache, 3);
        for (const other of [quota({ name: 'other' }), quota({ key: 'b' }), quota({ seconds: 61 })])
          expect(await cache.take([other])).toBeDefined();
        expect(await cache.take([quota()])).toBeUndefined();
      });

      it('count points', async () => {
        expect(await cache.take([quota({ points: 2 })])).toBeDefined();
        expect(await cache.take([quota({ points: 2 })])).toBeUndefined();
        expect(await cache.take([quota({ points: 0 })])).toBeDefined();
        expect(await cache.take([quota({ points: 1 })])).toBeDefined();
        expect(await cache.take([quota({ points: 0 })])).toBeDefined();
        expect(await cache.take([quota({ points: 1 })])).toBeUndefined();
      });

      it('count to the largest amount there is', async () => {
        const all = quota({ points: Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });
        expect(await cache.take([all])).toBeDefined();
        expect(await cache.take([all])).toBeUndefined();
        expect(await cache.take([{ ...all, points: 1 }])).toBeUndefined();
      });

      it('a maximum of nothing lets nothing in', async () => {
        expect(await cache.take([quota({ maximum: 0 })])).toBeUndefined();
      });

      it('no quotas are always enough', async () => {
        expect(await cache.take([])).toBeDefined();
      });

      it('are all taken from, or none', async () => {
        const wide = quota({ key: 'wide', maximum: 10 });
        const narrow = quota({ key: 'narrow', maximum: 1 });
        expect(await cache.take([wide, narrow])).toBeDefined();
        expect(await cache.take([wide, narrow])).toBeUndefined();
        expect(await cache.take([narrow, wide])).toBeUndefined();
        expect(await takenOf(cache, 20, wide)).toBe(9);
      });

      it('what is given back may be taken again', async () => {
        const wide = quota({ key: 'wide', maximum: 10 });
        const taken = await cache.take([quota({ points: 3 }), wide]);
        await taken?.giveBack();
        expect(await takenOf(cache, 5)).toBe(3);
        expect(await takenOf(cache, 20, wide)).toBe(10);
      });

      it('begin anew when their window is over, which later ones do not put off', async () => {
        await takenOf(cache, 2);
        await harness.pass(30);
        expect(await takenOf(cache, 2)).toBe(1);
        await harness.pass(20);
        expect(await takenOf(cache, 1)).toBe(0);
        await harness.pass(10);
        expect(await takenOf(cache, 5)).toBe(3);
      });

      it('hold over a month', async () => {
        const month = quota({ seconds: 2_678_400 });
        await takenOf(cache, 3, month);
        await harness.pass(2_678_390);
        expect(await takenOf(cache, 1, month)).toBe(0);
        await harness.pass(10);
        expect(await takenOf(cache, 1, month)).toBe(1);
      });

      it('what is given back after the window never makes the next one larger', async () => {
        const taken = await cache.take([quota({ points: 3 })]);
        await harness.pass(60);
        await taken?.giveBack();
        expect(await takenOf(cache, 5)).toBe(3);
        const next = await cache.take([quota({ key: 'b', points: 3 })]);
        await harness.pass(60);
        await cache.take([quota({ key: 'b', points: 1 })]);
        await next?.giveBack();
        expect(await takenOf(cache, 5, quota({ key: 'b' }))).toBeLessThanOrEqual(3);
      });

      it('let exactly as many of 200 at the same moment in as there is room for', async () => {
        const fifty = quota({ maximum: 50 });
        const taken = await Promise.all(Array.from({ length: 200 }, () => cache.take([fifty])));
        expect(taken.filter(Boolean)).toHaveLength(50);
      });
    });

    describe('what was seen', () => {
      it('is known from the second time on', async () => {
        expect(await cache.seen('order', 'o1', 60)).toBe(false);
        expect(await cache.seen('order', 'o1', 60)).toBe(true);
        expect(await cache.seen('order', 'o2', 60)).toBe(false);
        expect(await cache.seen('refund', 'o1', 60)).toBe(false);
      });

      it('is forgotten after the time, counted from the first', async () => {
        await cache.seen('order', 'o1', 60);
        await harness.pass(50);
        expect(await cache.seen('order', 'o1', 60)).toBe(true);
        await harness.pass(10);
        expect(await cache.seen('order', 'o1', 60)).toBe(false);
      });

      it('one of 200 at the same moment is the first', async () => {
        const seen = await Promise.all(Array.from({ length: 200 }, () => cache.seen('order', 'o1', 60)));
        expect(seen.filter((isSeen) => !isSeen)).toHaveLength(1);
      });
    });
  });
}
