import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { china2026 } from '../test/china-2026.js';
import { BusinessCalendar } from './calendar.js';
import { wallTimeAt } from './calendar.zone.js';
import { cronProblem, nextClosing, settlementDue } from './schedule.js';

const china = new BusinessCalendar(china2026);
const shanghai = (cron: string) => ({ cron, timeZone: 'Asia/Shanghai' });
const newYork = (cron: string) => ({ cron, timeZone: 'America/New_York' });
const at = (text: string) => new Date(text);

/** The closings that follow, one after the other. */
function closings(timetable: { cron: string; timeZone: string }, after: string, count: number, calendar?: BusinessCalendar): string[] {
  const found: string[] = [];
  for (let last = at(after); found.length < count;) {
    const next = nextClosing(timetable, calendar, last);
    if (!next) break;
    found.push(next.toISOString().replace(':00.000Z', 'Z'));
    last = next;
  }
  return found;
}

describe('the closings of a schedule', () => {
  it('are by the wall clock of its time zone', () =>
    expect(closings(shanghai('0 23 * * *'), '2026-01-30T12:00:00Z', 3)).toEqual([
      '2026-01-30T15:00Z',
      '2026-01-31T15:00Z',
      '2026-02-01T15:00Z',
    ]));
  it('come after the one before, never at it', () =>
    expect(closings(shanghai('0 23 * * *'), '2026-01-30T15:00:00.000Z', 1)).toEqual(['2026-01-31T15:00Z']));
  it('keep their hour when summer time begins and ends', () => {
    expect(closings(newYork('0 23 * * *'), '2026-03-07T12:00:00Z', 2)).toEqual(['2026-03-08T04:00Z', '2026-03-09T03:00Z']);
    expect(closings(newYork('0 23 * * *'), '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T03:00Z', '2026-11-02T04:00Z']);
  });
  it('are not left out when their hour is skipped, and not doubled when it comes twice', () => {
    expect(closings(newYork('30 2 * * *'), '2026-03-07T12:00:00Z', 2)).toEqual(['2026-03-08T07:00Z', '2026-03-09T06:30Z']);
    expect(closings(newYork('30 1 * * *'), '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T05:30Z', '2026-11-02T06:30Z']);
  });
  it('end where the pattern does not come true any more', () =>
    expect(nextClosing(shanghai('0 0 30 2 *'), undefined, at('2026-01-01T00:00:00Z'))).toBeUndefined());
});

describe('the closings of a schedule with a calendar', () => {
  it('are on days with business alone, worked Saturdays among them', () =>
    expect(closings(shanghai('0 23 * * *'), '2026-02-12T16:00:00Z', 4, china)).toEqual([
      '2026-02-13T15:00Z', // Friday
      '2026-02-14T15:00Z', // a Saturday that is worked
      '2026-02-24T15:00Z', // after the Spring Festival
      '2026-02-25T15:00Z',
    ]));
  it('of a month are not lost to a holiday: they are taken on the next day with business', () =>
    expect(closings(shanghai('0 9 1 * *'), '2026-04-15T00:00:00Z', 3, china)).toEqual([
      '2026-05-06T01:00Z', // May 1st to 5th are holidays
      '2026-06-01T01:00Z',
      '2026-07-01T01:00Z',
    ]));
  it('come although the one before was by hand, on the day that they are moved from or on the day that they are moved to', () => {
    expect(closings(shanghai('0 9 1 * *'), '2026-05-03T00:00:00Z', 1, china)).toEqual(['2026-05-06T01:00Z']);
    expect(closings(shanghai('0 9 1 * *'), '2026-05-06T00:59:00Z', 1, china)).toEqual(['2026-05-06T01:00Z']);
    expect(closings(shanghai('0 9 1 * *'), '2026-05-06T01:00:00Z', 1, china)).toEqual(['2026-06-01T01:00Z']);
  });
  it('several times a day are one with those of the day that they are moved to', () =>
    expect(closings(shanghai('0 9,21 * * *'), '2026-03-06T00:00:00Z', 5, china)).toEqual([
      '2026-03-06T01:00Z', // Friday
      '2026-03-06T13:00Z',
      '2026-03-09T01:00Z', // Monday
      '2026-03-09T13:00Z',
      '2026-03-10T01:00Z',
    ]));
  it('of each hour go on through the hour that comes twice', () => {
    const weekdays = new BusinessCalendar({ weekend: [6], holidays: [], workdays: [] }); // the clocks change on a Sunday
    expect(closings(newYork('0 * * * *'), '2026-11-01T04:30:00Z', 3, weekdays)).toEqual([
      '2026-11-01T05:00Z',
      '2026-11-01T06:00Z',
      '2026-11-01T07:00Z',
    ]);
  });
  it('moved to an hour that comes twice are in the first one, and over in the second', () => {
    const sundays = new BusinessCalendar({ weekend: [6], holidays: [], workdays: [] });
    expect(closings(newYork('45 1 * * 6'), '2026-11-01T04:30:00Z', 1, sundays)).toEqual(['2026-11-01T05:45Z']);
    expect(closings(newYork('45 1 * * 6'), '2026-11-01T06:30:00Z', 1, sundays)).toEqual(['2026-11-08T06:45Z']);
  });
  it('end where the pattern does not come true any more', () =>
    expect(nextClosing(shanghai('0 0 30 2 *'), china, at('2026-01-01T00:00:00Z'))).toBeUndefined());

  it('are those of every day with business, whenever the one before was', () => {
    const calendar = fc.record({
      weekend: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 6 }),
      holidays: fc.uniqueArray(fc.integer({ min: 1, max: 31 }).map((day) => `2026-07-${String(day).padStart(2, '0')}`)),
      workdays: fc.constant<string[]>([]),
    });
    const minute = fc.integer({ min: 0, max: 1_439 });
    const after = fc.date({ min: at('2026-06-20T00:00:00Z'), max: at('2026-08-10T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(calendar, minute, after, (days, time, from) => {
        const business = new BusinessCalendar(days);
        const timetable = shanghai(`${time % 60} ${Math.floor(time / 60)} * * *`);
        const next = nextClosing(timetable, business, from)!;
        expect(next > from).toBe(true);
        expect(business.isBusinessDay(wallTimeAt(next, 'Asia/Shanghai').day)).toBe(true);
        // None in between: what the pattern says there is on days without business.
        for (let each = nextClosing(timetable, undefined, from)!; each < next; each = nextClosing(timetable, undefined, each)!)
          expect(business.isBusinessDay(wallTimeAt(each, 'Asia/Shanghai').day)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a settlement is due', () => {
  const due = (cutOff: string, days: number, calendar?: BusinessCalendar) =>
    settlementDue(at(cutOff), days, 'Asia/Shanghai', calendar).toISOString();
  it.each<[string, string, number, string, BusinessCalendar | undefined]>([
    ['at the cut-off, after no days', '2026-03-06T15:00:00.500Z', 0, '2026-03-06T15:00:00.500Z', undefined],
    ['at the same time of a later day', '2026-03-06T15:00:00.500Z', 3, '2026-03-09T15:00:00.500Z', undefined],
    ['after so many days with business', '2026-03-05T15:00:00.000Z', 2, '2026-03-09T15:00:00.000Z', china],
    ['after a long holiday', '2026-02-13T15:00:00.000Z', 2, '2026-02-24T15:00:00.000Z', china],
    ['on the first day with business after a closing at the weekend', '2026-03-07T04:00:00.000Z', 1, '2026-03-09T04:00:00.000Z', china],
    ['not on a day without business, even after no days', '2026-03-07T04:00:00.000Z', 0, '2026-03-09T04:00:00.000Z', china],
  ])('%s', (_, cutOff, days, expected, calendar) => expect(due(cutOff, days, calendar)).toBe(expected));

  it('at the same time of day, though the clocks have changed in between', () =>
    expect(settlementDue(at('2026-03-07T22:00:00Z'), 1, 'America/New_York', undefined).toISOString()).toBe('2026-03-08T21:00:00.000Z'));
});

describe('a cron pattern', () => {
  it.each(['0 23 * * *', '*/15 9-17 * * 1-5', '0 0 L * *', '30 6 1,15 * *'])('is taken: %s', (cron) =>
    expect(cronProblem(shanghai(cron))).toBeUndefined(),
  );
  it.each([
    ['with seconds', '0 0 23 * * *', 'five fields'],
    ['by a nickname', '@daily', 'five fields'],
    ['of one date', '2026-01-01T00:00:00', 'five fields'],
    ['out of bounds', '60 23 * * *', 'cannot be read'],
    ['of words', 'every day at eleven pm', 'cannot be read'],
    ['that never comes true', '0 0 30 2 *', 'never'],
  ])('%s is refused', (_, cron, problem) => expect(cronProblem(shanghai(cron))).toContain(problem));
});
