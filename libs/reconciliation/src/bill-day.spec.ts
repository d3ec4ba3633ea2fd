import { describe, expect, it } from '@jest/globals';
import { billDayOf, dayAfter, dayBefore, isBillDay, isTimeZone, periodOf } from './bill-day.js';

const beijing = { timeZone: 'Asia/Shanghai', dayBegins: '00:00' };

describe('the day of a provider', () => {
  it.each([
    [beijing, '2026-03-02', '2026-03-01T16:00:00.000Z', '2026-03-02T16:00:00.000Z'],
    [{ timeZone: 'UTC', dayBegins: '00:00' }, '2026-03-02', '2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z'],
    [{ timeZone: 'Asia/Shanghai', dayBegins: '23:00' }, '2026-03-02', '2026-03-02T15:00:00.000Z', '2026-03-03T15:00:00.000Z'],
    // Clocks go forward at 2 in the morning, and back again in autumn.
    [{ timeZone: 'Europe/Berlin', dayBegins: '00:00' }, '2026-03-29', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    [{ timeZone: 'Europe/Berlin', dayBegins: '00:00' }, '2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    // What the clock leaves out is as far behind the gap; what it shows twice is the first time.
    [{ timeZone: 'Europe/Berlin', dayBegins: '02:30' }, '2026-03-29', '2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z'],
    [{ timeZone: 'Europe/Berlin', dayBegins: '02:30' }, '2026-10-25', '2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'],
  ])('%j: %s is from %s to %s', (clock, day, from, to) => expect(periodOf(day, clock)).toEqual({ from, to }));

  it('is the one that holds a time', () => {
    for (const clock of [
      beijing,
      { timeZone: 'Asia/Shanghai', dayBegins: '05:30' },
      { timeZone: 'America/New_York', dayBegins: '17:00' },
    ]) {
      for (let time = Date.parse('2026-03-07T00:00:00Z'); time < Date.parse('2026-03-10T00:00:00Z'); time += 1_800_000) {
        const at = new Date(time).toISOString();
        const { from, to } = periodOf(billDayOf(at, clock), clock);
        expect(from <= at && at < to).toBe(true);
      }
    }
  });

  it('has neighbours, also over the ends of months', () => {
    expect([dayAfter('2026-02-28'), dayBefore('2026-03-01'), dayAfter('2026-12-31')]).toEqual(['2026-03-01', '2026-02-28', '2027-01-01']);
  });

  it.each(['2026-02-30', '2026-3-1', '20260301', '', '2026-13-01', 'today'])('is not %j', (text) => expect(isBillDay(text)).toBe(false));
  it('may be February 29', () => expect(isBillDay('2028-02-29')).toBe(true));
  it('needs a time zone that exists', () => expect([isTimeZone('Asia/Shanghai'), isTimeZone('Mars/Base')]).toEqual([true, false]));
});
