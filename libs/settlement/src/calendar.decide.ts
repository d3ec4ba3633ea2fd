import type { CalendarEvent, CalendarSet, ProblemCode } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { isDeepStrictEqual } from 'node:util';
import type { CalendarState } from './calendar.js';
import { isDay, weekdayOf } from './calendar.zone.js';
import { nameProblem, type FieldProblem } from './model.rules.js';

export type CalendarDays = Pick<CalendarSet, 'weekend' | 'holidays' | 'workdays'>;

export interface SetCalendar {
  type: 'SetCalendar';
  name: string;
  days: CalendarDays;
  by: string;
  now: string;
}

export type CalendarRefusal = Extract<ProblemCode, 'invalid'>;

/** Decides a new version of a calendar; the days that it has already change nothing. */
export function decideCalendar({ name, days, by, now }: SetCalendar, { set }: CalendarState): Decision<CalendarEvent, CalendarRefusal> {
  if (calendarProblem(name, days)) return { refused: 'invalid' };
  const inOrder = { weekend: [...days.weekend].sort(), holidays: [...days.holidays].sort(), workdays: [...days.workdays].sort() };
  if (set && isDeepStrictEqual(inOrder, { weekend: set.weekend, holidays: set.holidays, workdays: set.workdays })) return { events: [] };
  return { events: [{ type: 'CalendarSet', name, version: (set?.version ?? 0) + 1, ...inOrder, by, setAt: now }] };
}

/** The first thing that is wrong with a calendar. */
export function calendarProblem(name: string, { weekend, holidays, workdays }: CalendarDays): FieldProblem | undefined {
  const wrongName = nameProblem(name);
  if (wrongName) return wrongName;
  if (weekend.some((day) => !Number.isInteger(day) || day < 1 || day > 7) || hasTwice(weekend))
    return { field: 'weekend', detail: 'weekend must hold days of the week, each once: 1 = Monday to 7 = Sunday.' };
  if (weekend.length > 6) return { field: 'weekend', detail: 'A week must have a day with business.' };
  for (const [field, days] of Object.entries({ holidays, workdays })) {
    const wrong = days.find((day) => !isDay(day));
    if (wrong !== undefined) return { field, detail: `${wrong} is no day such as 2026-10-01.` };
    if (hasTwice(days)) return { field, detail: `${field} must hold each day once.` };
  }
  const idle = workdays.find((day) => !weekend.includes(weekdayOf(day)));
  if (idle !== undefined) return { field: 'workdays', detail: `${idle} does not fall on the weekend: it has business anyway.` };
  const both = workdays.find((day) => holidays.includes(day));
  return both === undefined ? undefined : { field: 'workdays', detail: `${both} is a holiday as well.` };
}

const hasTwice = (values: readonly (string | number)[]): boolean => new Set(values).size < values.length;
