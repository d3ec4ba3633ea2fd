import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { china2026 } from '../test/china-2026.js';
import { calendarProblem, decideCalendar, type CalendarDays, type SetCalendar } from './calendar.decide.js';
import { BusinessCalendar, calendarFold } from './calendar.js';
import { daysAfter, instantOf, isDay, isTimeZone, wallTimeAt, weekdayOf } from './calendar.zone.js';

const china = new BusinessCalendar(china2026);

describe('the business days of China in 2026', () => {
  it.each([
    ['2026-01-02', false, 'a Friday of the New Year'],
    ['2026-01-04', true, 'a Sunday that is worked for it'],
    ['2026-02-14', true, 'the Saturday before the Spring Festival'],
    ['2026-02-16', false, 'a Monday of the Spring Festival'],
    ['2026-02-24', true, 'the Tuesday after it'],
    ['2026-02-28', true, 'a Saturday that is worked for it'],
    ['2026-03-07', false, 'a Saturday like any other'],
    ['2026-03-09', true, 'a Monday like any other'],
    ['2026-10-10', true, 'the Saturday after the National Day'],
  ])('%s: %s, %s', (day, isBusinessDay) => expect(china.isBusinessDay(day)).toBe(isBusinessDay));

  it('are 248, as the notice leaves them', () => {
    const days = Array.from({ length: 365 }, (_, index) => daysAfter('2026-01-01', index));
    expect(days.filter((day) => china.isBusinessDay(day))).toHaveLength(248);
  });

  it('leave nine days at a time without business at the Spring Festival', () => {
    expect(china.onOrAfter('2026-02-15')).toBe('2026-02-24');
    expect(china.firstDayBefore('2026-02-24')).toBe('2026-02-15');
    expect(china.onOrAfter('2026-02-14')).toBe('2026-02-14');
  });
});

describe('a calendar', () => {
  const set = (days: CalendarDays, name = 'cn'): SetCalendar => ({
    type: 'SetCalendar',
    name,
    days,
    by: 'operator:fin',
    now: '2026-01-01T00:00:00Z',
  });
  const days = { weekend: [6, 7], holidays: ['2026-05-01'], workdays: ['2026-05-09'] };
  const first = { type: 'CalendarSet' as const, name: 'cn', version: 1, ...days, by: 'operator:fin', setAt: '2026-01-01T00:00:00Z' };

  it('is set as a whole, and keeps its days in order', () => {
    const unordered = { weekend: [7, 6], holidays: ['2026-05-02', '2026-05-01'], workdays: [] };
    const inOrder = { weekend: [6, 7], holidays: ['2026-05-01', '2026-05-02'], workdays: [] };
    expect(decideCalendar(set(unordered), {})).toEqual({ events: [{ ...first, ...inOrder }] });
  });
  it('gets a version for each change', () => {
    const state = calendarFold.evolve(calendarFold.initial, first);
    expect(decideCalendar(set({ ...days, workdays: [] }), state)).toMatchObject({ events: [{ version: 2, workdays: [] }] });
  });
  it('set to what it is stays as it is', () => {
    expect(decideCalendar(set({ ...days, weekend: [7, 6] }), { set: first })).toEqual({ events: [] });
  });

  it.each<[string, string, Partial<CalendarDays>, string?]>([
    ['name', 'a name that would not fit into a stream', {}, 'China'],
    ['weekend', 'an eighth day of the week', { weekend: [8] }],
    ['weekend', 'a day of the week twice', { weekend: [6, 6] }],
    ['weekend', 'a week without business', { weekend: [1, 2, 3, 4, 5, 6, 7] }],
    ['holidays', 'a day that there is not', { holidays: ['2026-02-29'] }],
    ['holidays', 'a time', { holidays: ['2026-05-01T00:00:00Z'] }],
    ['holidays', 'a holiday twice', { holidays: ['2026-05-01', '2026-05-01'] }],
    ['workdays', 'a workday that is one anyway', { workdays: ['2026-05-08'] }],
    ['workdays', 'a workday that is a holiday', { holidays: ['2026-05-09'] }],
  ])('is refused for its %s: %s', (field, _, change, name = 'cn') => {
    expect(calendarProblem(name, { ...days, ...change })?.field).toBe(field);
    expect(decideCalendar(set({ ...days, ...change }, name), {})).toEqual({ refused: 'invalid' });
  });
});

describe('days and zones', () => {
  it('know which days there are, and which day of the week', () => {
    expect(['2026-02-28', '2028-02-29', '2026-02-29', '2026-13-01', '2026-1-1', ''].map(isDay)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(['2026-03-02', '2026-03-07', '2026-03-08'].map(weekdayOf)).toEqual([1, 6, 7]);
    expect(daysAfter('2026-02-28', 1)).toBe('2026-03-01');
  });
  it('are named as in the IANA database', () => {
    expect(['Asia/Shanghai', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+8'].map(isTimeZone)).toEqual([true, true, true, true]);
    expect(['Asia/Peking2', '+08:00', '', 'Asia Shanghai'].map(isTimeZone)).toEqual([false, false, false, false]);
  });
  it('show a time once, twice or not at all', () => {
    const newYork = (day: string, hour: number) => instantOf({ day, timeMs: hour * 3_600_000 }, 'America/New_York').toISOString();
    expect(newYork('2026-01-31', 12)).toBe('2026-01-31T17:00:00.000Z');
    expect(newYork('2026-11-01', 1.5)).toBe('2026-11-01T05:30:00.000Z'); // again an hour later
    expect(newYork('2026-03-08', 2.5)).toBe('2026-03-08T07:30:00.000Z'); // skipped: 03:30 by the new time
  });
  it('agree: what the clocks show at an instant is shown then', () => {
    const zone = fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC');
    const instant = fc.date({ min: new Date('2011-01-01T00:00:00Z'), max: new Date('2040-01-01T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, zone, (at, timeZone) => {
        const shown = wallTimeAt(at, timeZone);
        const first = instantOf(shown, timeZone);
        expect(wallTimeAt(first, timeZone)).toEqual(shown);
        expect(first <= at).toBe(true);
      }),
    );
  });
});
