import type { ModelSchedule } from '@tongbao/contracts';
import { Cron } from 'croner';
import type { BusinessCalendar } from './calendar.js';
import { daysAfter, instantOf, wallTimeAt } from './calendar.zone.js';

type Timetable = Pick<ModelSchedule, 'cron' | 'timeZone'>;

const secondMs = 1_000;

/** What is wrong with a cron pattern, in a sentence; undefined where it tells when to close. */
export function cronProblem(timetable: Timetable): string | undefined {
  if (!/^\S+(?: \S+){4}$/.test(timetable.cron))
    return 'cron must have five fields: minute, hour, day of the month, month, day of the week.';
  try {
    return patternOf(timetable).nextRun(new Date(0)) ? undefined : 'cron never comes true.';
  } catch (error) {
    return `cron cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * When the next window closes: by the wall clock of the time zone, so that a change to or from summer time moves no closing, leaves none out and doubles
 * none that has one time a day. With a calendar, a closing on a day without business is taken at the same time of the next day with business; where
 * that has a closing at that time anyway, they are one.
 * @param after the closing before it
 * @returns undefined when there is none any more
 */
export function nextClosing(timetable: Timetable, calendar: BusinessCalendar | undefined, after: Date): Date | undefined {
  const pattern = patternOf(timetable);
  if (!calendar) return pattern.nextRun(after) ?? undefined;
  const { timeZone } = timetable;
  const since = wallTimeAt(after, timeZone);
  for (let day = calendar.onOrAfter(since.day); ;) {
    const timeMs = day === since.day ? since.timeMs : -secondMs;
    const closings = daysMovedTo(day, calendar)
      .map((from) => {
        const before = from === since.day && day === from ? after : instantOf({ day: from, timeMs }, timeZone);
        return closingOf(pattern, timeZone, { from, to: day }, before);
      })
      .filter((closing) => closing !== undefined && closing > after);
    const first = closings.sort((one, other) => Number(one) - Number(other))[0];
    if (first) return first;
    const next = pattern.nextRun(new Date(instantOf({ day: daysAfter(day, 1), timeMs: 0 }, timeZone).getTime() - secondMs));
    if (!next) return undefined;
    day = calendar.onOrAfter(wallTimeAt(next, timeZone).day);
  }
}

/**
 * When the settlement of a window is asked for: so many days after its cut-off, at the same time of day; without a calendar every day counts. A day
 * without business is never the one.
 * @param timeZone whose days they are
 */
export function settlementDue(cutOff: Date, days: number, timeZone: string, calendar: BusinessCalendar | undefined): Date {
  const { day: first, timeMs } = wallTimeAt(cutOff, timeZone);
  let day = calendar ? first : daysAfter(first, days);
  if (calendar) for (let count = 0; count < days; count += 1) day = calendar.onOrAfter(daysAfter(day, 1));
  day = calendar?.onOrAfter(day) ?? day;
  return day === first ? cutOff : instantOf({ day, timeMs }, timeZone);
}

/** The days without business before a day with business, and that day. */
function daysMovedTo(day: string, calendar: BusinessCalendar): string[] {
  const days: string[] = [];
  for (let each = calendar.firstDayBefore(day); each <= day; each = daysAfter(each, 1)) days.push(each);
  return days;
}

/** The first time of the pattern after an instant, where that is on a day: at the same time of the day that it is moved to. */
function closingOf(pattern: Cron, timeZone: string, { from, to }: { from: string; to: string }, before: Date): Date | undefined {
  const next = pattern.nextRun(before);
  if (!next) return undefined;
  const { day, timeMs } = wallTimeAt(next, timeZone);
  if (day !== from) return undefined;
  return from === to ? next : instantOf({ day: to, timeMs }, timeZone);
}

const patternOf = ({ cron, timeZone }: Timetable): Cron => new Cron(cron, { mode: '5-part', timezone: timeZone, paused: true });
