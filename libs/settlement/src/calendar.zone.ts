/** A day and a time of day on a wall clock. */
export interface WallTime {
  /** `2026-01-31` */
  day: string;
  /** Milliseconds since midnight, as the clock shows them. */
  timeMs: number;
}

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** True for names of the IANA database, such as Asia/Shanghai; bare offsets are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What the clocks of a zone show at an instant. */
export function wallTimeAt(instant: Date, timeZone: string): WallTime {
  const shown = shownAt(instant.getTime(), timeZone);
  return { day: dayOf(shown), timeMs: shown - startOf(dayOf(shown)) };
}

/**
 * When the clocks of a zone show a time: the first instant where they show it twice; where they skip it, as much later as they are put forward.
 */
export function instantOf({ day, timeMs }: WallTime, timeZone: string): Date {
  const wanted = startOf(day) + timeMs;
  const before = wanted - offsetAt(wanted - dayMs, timeZone);
  const after = wanted - offsetAt(wanted + dayMs, timeZone);
  const shown = [before, after].filter((instant) => shownAt(instant, timeZone) === wanted);
  return new Date(shown.length > 0 ? Math.min(...shown) : before);
}

/** The day that comes so many after another one. */
export const daysAfter = (day: string, days: number): string => dayOf(startOf(day) + days * dayMs);

/** 1 = Monday to 7 = Sunday. */
export const weekdayOf = (day: string): number => new Date(startOf(day)).getUTCDay() || 7;

/** True for days that there are: not for February 30th. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(startOf(text)) && dayOf(startOf(text)) === text;

const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const dayOf = (shown: number): string => new Date(shown).toISOString().slice(0, 10);
const offsetAt = (instant: number, timeZone: string): number => shownAt(instant, timeZone) - instant;

/** What the clocks show, as if it were UTC. */
function shownAt(instant: number, timeZone: string): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const seconds = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return seconds + (((instant % 1_000) + 1_000) % 1_000);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const numbers = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', calendar: 'gregory', ...numbers });
  formats.set(timeZone, format);
  return format;
}
