import type { Count, Timestamp } from '../values.js';

/** Facts of a `calendar-<name>` stream: on which days there is business. Written by settlement. */
export type CalendarEvent = CalendarSet;

/**
 * A day of the calendar, without a time.
 *
 * @pattern ^\d{4}-\d{2}-\d{2}$
 */
export type CalendarDay = string;

/** The whole calendar: each version takes the place of the one before. */
export interface CalendarSet {
  type: 'CalendarSet';
  name: string;
  version: Count;
  /** Days of the week without business, 1 = Monday to 7 = Sunday. */
  weekend: Count[];
  /** Days without business, whatever day of the week they are. */
  holidays: CalendarDay[];
  /** Days with business that fall on a weekend, such as the Saturdays that make up for a long holiday in China. */
  workdays: CalendarDay[];
  by: string;
  setAt: Timestamp;
}
