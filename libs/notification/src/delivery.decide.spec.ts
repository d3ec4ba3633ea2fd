import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideOutcome, retryAfterMs, retrySchedule, type AttemptResult } from './delivery.decide.js';

const at = new Date('2026-01-02T00:00:00.000Z');
const answered = (status: number, more: Partial<AttemptResult> = {}): AttemptResult => ({ at, durationMs: 0, status, ...more });
const schedule = [1_000, 10_000];
const middle = 0.5;

describe('the outcome of an attempt', () => {
  it.each([200, 201, 204, 299])('is delivered with %d', (status) =>
    expect(decideOutcome(answered(status), 1, schedule, middle)).toEqual({ outcome: 'delivered' }),
  );

  it.each([199, 300, 301, 308, 400, 404, 429, 500, 503])('is another attempt with %d', (status) =>
    expect(decideOutcome(answered(status), 1, schedule, middle)).toEqual({ outcome: 'failed', nextAttemptAt: '2026-01-02T00:00:01.000Z' }),
  );

  it('is another attempt without an answer, counted from when it was given up', () =>
    expect(decideOutcome({ at, durationMs: 15_000, error: 'no answer in time' }, 2, schedule, middle)).toEqual({
      outcome: 'failed',
      nextAttemptAt: '2026-01-02T00:00:25.000Z',
    }));

  it('is dead after the last one', () => expect(decideOutcome(answered(500), 3, schedule, middle)).toEqual({ outcome: 'dead' }));
  it('is dead with 410', () => expect(decideOutcome(answered(410), 1, schedule, middle)).toEqual({ outcome: 'dead' }));

  it('waits as long as Retry-After says', () =>
    expect(decideOutcome(answered(503, { retryAfterMs: 60_000 }), 1, schedule, middle)).toEqual({
      outcome: 'failed',
      nextAttemptAt: '2026-01-02T00:01:00.000Z',
    }));

  it('does not wait less than the schedule, nor more than a day', () => {
    expect(decideOutcome(answered(503, { retryAfterMs: 1 }), 2, schedule, middle).nextAttemptAt).toBe('2026-01-02T00:00:10.000Z');
    expect(decideOutcome(answered(503, { retryAfterMs: 1e12 }), 1, schedule, middle).nextAttemptAt).toBe('2026-01-03T00:00:00.000Z');
  });

  it('is spread over 80 to 120 % of the wait', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: retrySchedule.length }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (tries, random) => {
          const waitMs = retrySchedule[tries - 1] ?? 0;
          const delayMs = Date.parse(decideOutcome(answered(500), tries, retrySchedule, random).nextAttemptAt ?? '') - at.getTime();
          expect(delayMs).toBeGreaterThanOrEqual(waitMs * 0.8);
          expect(delayMs).toBeLessThanOrEqual(waitMs * 1.2);
        },
      ),
    ));
});

describe('the schedule', () => {
  it('grows, and ends after three days', () => {
    expect([...retrySchedule].sort((one, other) => one - other)).toEqual(retrySchedule);
    expect(Math.round(retrySchedule.reduce((sum, waitMs) => sum + waitMs, 0) / 3_600_000)).toBe(72);
  });
});

describe('Retry-After', () => {
  it.each<[string, number, string | undefined, number | undefined]>([
    ['seconds', 503, '120', 120_000],
    ['a date', 429, 'Fri, 02 Jan 2026 00:00:30 GMT', 30_000],
    ['a date gone by', 429, 'Thu, 01 Jan 2026 00:00:00 GMT', 0],
    ['nonsense', 429, 'soon', undefined],
    ['nothing', 429, undefined, undefined],
    ['another status', 500, '120', undefined],
  ])('of %s', (_, status, header, expected) => expect(retryAfterMs(status, header, at)).toBe(expected));
});
