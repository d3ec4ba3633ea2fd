import { describe, expect, it } from '@jest/globals';
import { HopTimes } from './cluster-hop-times.js';

describe('times of hops', () => {
  it('are of payments that were seen at both ends', () => {
    const times = new HopTimes(3);
    times.set('captured', 0, 100);
    times.set('topic', 0, 104);
    times.set('captured', 1, 200);
    times.set('topic', 2, 300);
    expect(times.between('captured', 'topic')).toMatchObject({ count: 1, p50: 4, max: 4 });
    expect(times.count('captured')).toBe(2);
  });

  it('are of the first time that something was seen: deliveries may repeat', () => {
    const times = new HopTimes(1);
    times.set('news', 0, 10);
    times.set('webhook', 0, 15);
    times.set('webhook', 0, 99);
    expect(times.between('news', 'webhook')).toMatchObject({ count: 1, max: 5 });
    expect(times.count('webhook')).toBe(1);
  });

  it('know nothing of payments beyond those that were announced', () => {
    const times = new HopTimes(1);
    times.set('topic', 7, 10);
    expect(times.count('topic')).toBe(0);
  });
});
