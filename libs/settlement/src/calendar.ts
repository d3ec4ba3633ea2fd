import type { CalendarEvent, CalendarSet } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import { daysAfter, weekdayOf } from './calendar.zone.js';

/** A calendar as its own stream tells it. */
export interface CalendarState {
  set?: CalendarSet;
}

export const calendarStream = (name: string): string => `calendar-${name}`;

export const calendarFold: Fold<CalendarState, CalendarEvent> = { initial: {}, evolve: (_, event) => ({ set: event }) };

/** On which days there is business. */
export class BusinessCalendar {
  readonly #weekend: ReadonlySet<number>;
  readonly #holidays: ReadonlySet<string>;
  readonly #workdays: ReadonlySet<string>;

  constructor({ weekend, holidays, workdays }: Pick<CalendarSet, 'weekend' | 'holidays' | 'workdays'>) {
    this.#weekend = new Set(weekend);
    this.#holidays = new Set(holidays);
    this.#workdays = new Set(workdays);
  }

  isBusinessDay(day: string): boolean {
    return !this.#holidays.has(day) && (this.#workdays.has(day) || !this.#weekend.has(weekdayOf(day)));
  }

  /** The day itself where there is business on it, else the next one with business. */
  onOrAfter(day: string): string {
    let found = day;
    // Ends: a weekend leaves at least one day of the week, and there are only so many holidays.
    while (!this.isBusinessDay(found)) found = daysAfter(found, 1);
    return found;
  }

  /** The first of the days without business right before a day; the day itself where there is none. */
  firstDayBefore(day: string): string {
    let found = day;
    while (!this.isBusinessDay(daysAfter(found, -1))) found = daysAfter(found, -1);
    return found;
  }
}
