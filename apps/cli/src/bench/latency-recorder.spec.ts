import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyRecorder, quantile } from './latency-recorder.js';

const latencyOf = (values: readonly number[]) => {
  const recorder = new LatencyRecorder();
  for (const value of values) recorder.record(value);
  return recorder.latency();
};

describe('latency recorder', () => {
  it('gives the nearest rank of a hundred measurements, in whatever order they came', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(latencyOf(values)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, max: 100 });
  });

  it('sorts by number, not by text', () => {
    expect(latencyOf([9, 10, 100])).toEqual({ count: 3, p50: 10, p95: 100, p99: 100, max: 100 });
  });

  it('shows one stall among two hundred only above the 99th percentile', () => {
    const values = [...Array<number>(199).fill(1), 2_000];
    expect(latencyOf(values)).toMatchObject({ p99: 1, max: 2_000 });
  });

  it('has one measurement stand for all, and none for zero', () => {
    expect(latencyOf([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
    expect(latencyOf([])).toEqual({ count: 0, p50: 0, p95: 0, p99: 0, max: 0 });
  });

  it('goes on after it has been asked, beyond any size it had', () => {
    const recorder = new LatencyRecorder();
    for (let value = 1; value <= 5_000; value += 1) recorder.record(value);
    expect(recorder.latency().max).toBe(5_000);
    for (let value = 5_001; value <= 10_000; value += 1) recorder.record(value);
    expect(recorder.latency()).toEqual({ count: 10_000, p50: 5_000, p95: 9_500, p99: 9_900, max: 10_000 });
  });

  it('always gives the least measurement that the share does not exceed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const sorted = Float64Array.from(values).sort();
          const found = quantile(sorted, share);
          const notAbove = values.filter((value) => value <= found).length;
          const below = values.filter((value) => value < found).length;
          expect(notAbove).toBeGreaterThanOrEqual(share * values.length);
          expect(below).toBeLessThan(share * values.length);
        },
      ),
    );
  });
});
