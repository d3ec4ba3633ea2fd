import { describe, expect, it } from '@jest/globals';
import { inParallel } from './in-parallel.js';

describe('working in parallel', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('has at most so many in hand, and all of them in the end', async () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const done: number[] = [];
    let inHand = 0;
    let most = 0;
    await inParallel(items, 7, async (item) => {
      most = Math.max(most, (inHand += 1));
      await turn();
      inHand -= 1;
      done.push(item);
    });
    expect([most, done.sort((a, b) => a - b)]).toEqual([7, items]);
  });

  it('ends with the first failure and begins nothing more', async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      await turn();
      if (item === 2) throw new Error('no');
    };
    await expect(inParallel([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('no');
    await turn();
    expect(begun.length).toBeLessThan(6);
  });

  it('of nothing is nothing', () => expect(inParallel([], 3, () => Promise.reject(new Error('never')))).resolves.toBeUndefined());
});
