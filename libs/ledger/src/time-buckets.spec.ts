import { describe, expect, it } from '@jest/globals';
import { bucketBounds, offsetIn, type BucketUnit } from './time-buckets.js';

const bounds = (unit: BucketUnit, zone: string, from: string, to: string, most = 1_000): string[] =>
  bucketBounds(unit, offsetIn(zone), Date.parse(from), Date.parse(to), most).map((bound) => new Date(bound).toISOString().slice(0, 16));

describe('buckets of time', () => {
  it('begin with the one that holds the first moment, and end with the first bound at or after the last', () => {
    expect(bounds('hour', 'UTC', '2026-01-01T00:30:00Z', '2026-01-01T02:00:00Z')).toEqual([
      '2026-01-01T00:00',
      '2026-01-01T01:00',
      '2026-01-01T02:00',
    ]);
    expect(bounds('month', 'UTC', '2026-01-31T00:00:00Z', '2026-02-01T00:00:01Z')).toEqual([
      '2026-01-01T00:00',
      '2026-02-01T00:00',
      '2026-03-01T00:00',
    ]);
  });

  it('are those of the time zone', () => {
    expect(bounds('day', 'Asia/Shanghai', '2026-01-01T00:00:00Z', '2026-01-01T20:00:00Z')).toEqual([
      '2025-12-31T16:00',
      '2026-01-01T16:00',
      '2026-01-02T16:00',
    ]);
    expect(bounds('hour', 'Asia/Kathmandu', '2026-01-01T00:00:00Z', '2026-01-01T00:20:00Z')).toEqual([
      '2025-12-31T23:15',
      '2026-01-01T00:15',
      '2026-01-01T01:15',
    ]);
  });

  it.each([
    ['a day of 23 hours', 'Europe/Berlin', '2026-03-29T12:00:00Z', ['2026-03-28T23:00', '2026-03-29T22:00']],
    ['a day of 25 hours', 'Europe/Berlin', '2026-10-25T12:00:00Z', ['2026-10-24T22:00', '2026-10-25T23:00']],
    ['a day that begins at one', 'Africa/Cairo', '2026-04-24T12:00:00Z', ['2026-04-23T22:00', '2026-04-24T21:00']],
    ['a midnight that comes twice: from the first', 'America/Havana', '2026-11-01T12:00:00Z', ['2026-11-01T04:00', '2026-11-02T05:00']],
    ['the day before clocks go back to it at midnight', 'Africa/Cairo', '2026-10-29T12:00:00Z', ['2026-10-28T21:00', '2026-10-29T22:00']],
  ])('%s', (_, zone, noon, expected) => {
    expect(bounds('day', zone, noon, noon.replace('12:', '13:'))).toEqual(expected);
  });

  it('have no gap and do not overlap, over a year of hours, days and months in any zone', () => {
    for (const zone of [
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Africa/Cairo',
      'America/Havana',
      'Pacific/Apia',
    ]) {
      for (const [unit, count] of [['day', 365] as const, ['month', 12] as const]) {
        const start = new Date(Date.UTC(2026, 0, 1) - offsetIn(zone)(Date.UTC(2026, 0, 1))).toISOString();
        const end = new Date(Date.UTC(2027, 0, 1) - offsetIn(zone)(Date.UTC(2027, 0, 1))).toISOString();
        const all = bounds(unit, zone, start, end);
        expect([zone, unit, all.length, new Set(all).size]).toEqual([zone, unit, count + 1, count + 1]);
        expect([...all].sort()).toEqual(all);
      }
      const hours = bounds('hour', zone, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', 9_000).map((bound) => Date.parse(`${bound}:00Z`));
      expect(Math.max(...hours.slice(1).map((bound, index) => bound - (hours[index] ?? 0)))).toBeLessThanOrEqual(3_600_000);
      expect(hours.length).toBeGreaterThan(8_760);
    }
  });

  it('stop at one more than may be', () =>
    expect(bounds('day', 'UTC', '2020-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 10)).toHaveLength(12));

  it('know no zone of fancy', () => expect(() => offsetIn('Mars/Olympus')).toThrow(RangeError));
});
