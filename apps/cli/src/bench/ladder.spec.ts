import { describe, expect, it } from '@jest/globals';
import { carriedRates, climb, problemOf, rates, type LoadResult } from './ladder.js';

const quick = { count: 1_000, p50: 5, p95: 10, p99: 20, max: 30 };

const resultAt = (offeredPerSecond: number, changes: Partial<LoadResult> = {}): LoadResult => ({
  offeredPerSecond,
  seconds: 10,
  offered: offeredPerSecond * 10,
  accepted: offeredPerSecond * 10,
  overloaded: 0,
  errors: 0,
  committedPerSecond: offeredPerSecond,
  missing: 0,
  answer: quick,
  captured: quick,
  entry: quick,
  ...changes,
});

describe('whether the hub carries a rate', () => {
  it.each<[string, Partial<LoadResult>, string | undefined]>([
    ['all committed in time', {}, undefined],
    ['those of the last second still on their way at the end', { committedPerSecond: 90 * 0.98 }, undefined],
    ['p99 of the entry at the limit', { entry: { ...quick, p99: 1_000 } }, undefined],
    ['p99 of the entry past the limit', { entry: { ...quick, p99: 1_001 } }, 'p99 of the ledger entry over 1000 ms'],
    ['a slow answer whose entry is in time', { answer: { ...quick, p99: 1_500 } }, undefined],
    ['committed behind what was offered', { committedPerSecond: 88 }, 'committed falls behind'],
    ['behind by a second in a minute', { seconds: 60, committedPerSecond: 96.4 }, undefined],
    ['behind by more than that in a minute', { seconds: 60, committedPerSecond: 96 }, 'committed falls behind'],
    ['turned away', { overloaded: 1 }, '1 answered 429'],
    ['an error', { errors: 2 }, '2 errors'],
    ['accepted and never committed', { missing: 3 }, '3 without a ledger entry'],
  ])('%s', (_, changes, problem) => {
    expect(problemOf(resultAt(100, changes))).toBe(problem);
  });
});

describe('the ladder', () => {
  const loads = (carries: (perSecond: number, times: number) => boolean) => {
    const tried: number[] = [];
    const load = (perSecond: number) => {
      tried.push(perSecond);
      const times = tried.filter((each) => each === perSecond).length;
      return Promise.resolve(resultAt(perSecond, carries(perSecond, times) ? {} : { errors: 1 }));
    };
    return { tried, load };
  };

  it('ends at the rate that is too much twice', async () => {
    const { tried, load } = loads((perSecond) => perSecond <= 300);
    const results = await climb(load);
    expect(tried).toEqual([100, 200, 300, 400, 400]);
    expect(carriedRates(results)).toEqual([300, 200, 100]);
  });

  it('goes on where a rate is carried the second time', async () => {
    const { tried, load } = loads((perSecond, times) => perSecond < 300 && (perSecond !== 200 || times === 2));
    expect(carriedRates(await climb(load))).toEqual([200, 100]);
    expect(tried).toEqual([100, 200, 200, 300, 300]);
  });

  it('has nothing to show where not even the lowest rate is carried', async () => {
    expect(carriedRates(await climb(loads(() => false).load))).toEqual([]);
  });

  it('ends at the highest rate there is', async () => {
    const { tried, load } = loads(() => true);
    await climb(load);
    expect(tried).toEqual(rates);
  });
});
