import { describe, expect, it } from '@jest/globals';
import { EndpointPace } from './endpoint-pace.js';

const limits = { inFlight: 4, failuresUntilProbing: 3, probeEveryMs: 1_000, probeEveryAtMostMs: 5_000 };

function paceAfter(failures: number): EndpointPace {
  const pace = new EndpointPace(limits);
  for (let count = 0; count < failures; count += 1) pace.failed(0);
  return pace;
}

describe('the pace of an endpoint', () => {
  it('is full while it answers', () => expect(paceAfter(0).allowed(0)).toBe(4));
  it('is full after a few failures', () => expect(paceAfter(2).allowed(0)).toBe(4));

  it('is one probe at a time after many, ever further apart up to a bound', () => {
    const pauses = [3, 4, 5, 6, 100].map((failures) => {
      const pace = paceAfter(failures);
      return [999, 1_000, 1_999, 2_000, 3_999, 4_000, 4_999, 5_000].find((nowMs) => pace.allowed(nowMs) === 1);
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('is full again after one success', () => {
    const pace = paceAfter(50);
    pace.delivered();
    expect(pace.allowed(0)).toBe(4);
  });

  it('stands still while Retry-After says so, ten minutes at most', () => {
    const pace = new EndpointPace(limits);
    pace.failed(0, 60_000);
    expect([pace.allowed(59_999), pace.allowed(60_000)]).toEqual([0, 4]);
    pace.failed(60_000, 1e9);
    expect([pace.allowed(659_999), pace.allowed(660_000)]).toEqual([0, 4]);
  });
});
