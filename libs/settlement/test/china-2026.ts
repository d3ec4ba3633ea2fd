import type { CalendarDays } from '../src/calendar.decide.js';
import { daysAfter } from '../src/calendar.zone.js';

const span = (first: string, days: number): string[] => Array.from({ length: days }, (_, index) => daysAfter(first, index));

/**
 * Business days of mainland China in 2026, by the notice of the General Office of the State Council of 2025-11-04: the holidays of each feast, and the
 * Saturdays and Sundays that are worked to make up for them.
 */
export const china2026: CalendarDays = {
  weekend: [6, 7],
  holidays: [
    ...span('2026-01-01', 3), // New Year
    ...span('2026-02-15', 9), // Spring Festival
    ...span('2026-04-04', 3), // Qingming
    ...span('2026-05-01', 5), // Labour Day
    ...span('2026-06-19', 3), // Dragon Boat
    ...span('2026-09-25', 3), // Mid-Autumn
    ...span('2026-10-01', 7), // National Day
  ],
  workdays: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
};
