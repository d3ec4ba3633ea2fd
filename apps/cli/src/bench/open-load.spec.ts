import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueBy, dueMs, endMs, sendOpen, type OpenSchedule, type Pace } from './open-load.js';

const schedule: OpenSchedule = { startMs: 1_000, perSecond: 200, requests: 100 };

/** Time that passes only while somebody sleeps, or stands still. */
class TestTime implements Pace {
  nowMs = 0;
  now(): number {
    return this.nowMs;
  }
  sleep(milliseconds: number): Promise<void> {
    this.nowMs += milliseconds;
    return Promise.resolve();
  }
}

describe('schedule of an open load', () => {
  it('has requests fall due at even distances, from the start on', () => {
    expect([0, 1, 2, 99].map((index) => dueMs(schedule, index))).toEqual([1_000, 1_005, 1_010, 1_495]);
    expect(endMs(schedule)).toBe(1_500);
  });

  it('has nothing due before the start, and never more than there is', () => {
    expect(dueBy(schedule, 999)).toBe(0);
    expect(dueBy(schedule, 1_000)).toBe(1);
    expect(dueBy(schedule, 1_004.9)).toBe(1);
    expect(dueBy(schedule, 1_005)).toBe(2);
    expect(dueBy(schedule, 9_999)).toBe(100);
  });

  it('has every request due at its own due time, at any rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(1_000_000), fc.nat(10_000), (perSecond, startMs, index) => {
        const any = { startMs, perSecond, requests: 20_000 };
        expect(dueBy(any, dueMs(any, index))).toBeGreaterThanOrEqual(index + 1);
      }),
    );
  });
});

describe('an open load', () => {
  it('sends each request once, in order, not before it is due', async () => {
    const time = new TestTime();
    const sent: { index: number; at: number }[] = [];
    await sendOpen(schedule, (index) => sent.push({ index, at: time.nowMs }), time);
    expect(sent.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    for (const { index, at } of sent) expect(at).toBeCloseTo(dueMs(schedule, index), 6);
  });

  it('makes up at once for a time in which nothing could be sent: arrivals are not slowed', async () => {
    const time = new TestTime();
    const sentAt: number[] = [];
    const standStillAt = 10;
    await sendOpen(
      schedule,
      (index) => {
        sentAt.push(time.nowMs);
        if (index === standStillAt) time.nowMs += 200;
      },
      time,
    );
    const madeUp = sentAt.slice(standStillAt + 1, standStillAt + 41);
    expect(new Set(madeUp).size).toBe(1);
    expect(sentAt.at(-1)).toBeCloseTo(dueMs(schedule, 99), 6);
  });
});
