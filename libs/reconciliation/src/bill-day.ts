import type { ReconciliationTerms } from '@tongbao/contracts';

/** From `from` (inclusive) to `to` (exclusive), ISO 8601 in UTC. */
export interface Period {
  from: string;
  to: string;
}

const dayMs = 86_400_000;
const pattern = /^\d{4}-\d{2}-\d{2}$/;

/** Such as `2026-03-01`, and in the calendar. */
export const isBillDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return pattern.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

const shifted = (day: string, by: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + by * dayMs).toISOString().slice(0, 10);

export const dayAfter = (day: string): string => shifted(day, 1);
export const dayBefore = (day: string): string => shifted(day, -1);

/** What the provider's day covers: from the hour at which it begins by the provider's clock to that hour of the next day. */
export const periodOf = (day: string, clock: Pick<ReconciliationTerms, 'timeZone' | 'dayBegins'>): Period => ({
  from: instantOf(day, clock).toISOString(),
  to: instantOf(dayAfter(day), clock).toISOString(),
});

/** The day of the provider that a time is in. */
export function billDayOf(at: string, clock: Pick<ReconciliationTerms, 'timeZone' | 'dayBegins'>): string {
  const day = new Date(Date.parse(at) + offsetMs(Date.parse(at), clock.timeZone)).toISOString().slice(0, 10);
  return at < periodOf(day, clock).from ? dayBefore(day) : day;
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A wall clock's time as an instant. Of a time that it shows twice, the first; one that it leaves out is as far behind the gap. */
function instantOf(day: string, { timeZone, dayBegins }: Pick<ReconciliationTerms, 'timeZone' | 'dayBegins'>): Date {
  const wall = Date.parse(`${day}T${dayBegins}:00Z`);
  const offsets = [wall - dayMs, wall + dayMs].map((near) => offsetMs(near, timeZone));
  const candidates = offsets.map((offset) => wall - offset).sort((a, b) => a - b);
  const shown = candidates.find((instant) => instant + offsetMs(instant, timeZone) === wall);
  return new Date(shown ?? candidates.at(-1) ?? wall);
}

/** How far a zone's clocks are ahead of UTC at an instant. */
function offsetMs(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(instant / 1_000) * 1_000;
}
