import { beforeEach, describe, expect, it } from '@jest/globals';
import { LoopWatch } from './loop-watch.js';

describe('the watch over loops', () => {
  let now: number;
  let watch: LoopWatch;
  beforeEach(() => {
    now = 1_000;
    watch = new LoopWatch(() => now);
  });

  it('finds a loop stuck that makes no progress for longer than it may', () => {
    const loop = watch.register('relay', 5_000);
    now += 5_000;
    expect(watch.status()).toEqual([{ name: 'relay', ageMs: 5_000, stuck: false }]);
    now += 1;
    expect(watch.status()).toEqual([{ name: 'relay', ageMs: 5_001, stuck: true }]);
    loop.beat();
    expect(watch.status()).toEqual([{ name: 'relay', ageMs: 0, stuck: false }]);
  });

  it('lets a loop wait for work for ever, and times it again from when it begins', () => {
    const loop = watch.register('relay', 5_000);
    loop.idle();
    now += 1_000_000;
    expect(watch.status()).toEqual([{ name: 'relay', ageMs: 0, stuck: false }]);
    loop.beat();
    now += 5_001;
    expect(watch.status()).toMatchObject([{ stuck: true }]);
  });

  it('forgets a loop that has ended', () => {
    watch.register('relay').end();
    expect(watch.status()).toEqual([]);
  });

  it('tells of loops that share a name the oldest, and whether any is stuck', () => {
    const [first, second] = [watch.register('bus payment', 10_000), watch.register('bus payment', 1_000)];
    now += 2_000;
    first.beat();
    now += 500;
    expect(watch.status()).toEqual([{ name: 'bus payment', ageMs: 2_500, stuck: true }]);
    second.idle();
    expect(watch.status()).toEqual([{ name: 'bus payment', ageMs: 500, stuck: false }]);
    now += 3_000;
    second.beat();
    now += 1_500;
    expect(watch.status()).toEqual([{ name: 'bus payment', ageMs: 5_000, stuck: true }]);
  });
});
