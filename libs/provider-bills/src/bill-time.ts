import { CellRefused } from './bill-problem.js';

const clock = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)(?::(\d\d))?$/;
const hourMs = 3_600_000;
/** Chinese providers' clocks: Beijing, UTC+8 all the year. */
export const beijingHours = 8;

/**
 * `2026-01-31 09:05:00` of a clock so many hours ahead of UTC, as ISO 8601 in UTC.
 * @throws CellRefused `time_malformed`, also for a day that no calendar has
 */
export function parseClock(text: string, hoursAhead: number, field: string): string {
  const match = clock.exec(text);
  if (match !== null) {
    const [, year, month, day, hour, minute, second = '00'] = match;
    const local = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)));
    // Date.UTC turns February 30 into March 2: what it made must read as what was written.
    if (local.toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}:${second}`)) {
      return new Date(local.getTime() - hoursAhead * hourMs).toISOString();
    }
  }
  throw new CellRefused('time_malformed', field, text, 'not a time as YYYY-MM-DD hh:mm:ss');
}

/** Seconds since 1970 as ISO 8601. */
export function parseEpochSeconds(seconds: unknown, field: string): string {
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds < 0 || seconds > 253_402_300_799) {
    throw new CellRefused('time_malformed', field, String(seconds), 'not seconds since 1970');
  }
  return new Date(seconds * 1000).toISOString();
}

/** ISO 8601 as `2026-01-31 09:05:00` of a clock so many hours ahead of UTC. */
export const formatClock = (at: string, hoursAhead: number): string =>
  new Date(Date.parse(at) + hoursAhead * hourMs).toISOString().slice(0, 19).replace('T', ' ');

/** `2026年01月31日 09:05:00`, as Alipay writes periods. */
export const formatChineseClock = (at: string): string => {
  const text = formatClock(at, beijingHours);
  return `${text.slice(0, 4)}年${text.slice(5, 7)}月${text.slice(8, 10)}日${text.slice(10)}`;
};

/** @throws CellRefused `time_malformed` */
export const parseChineseClock = (text: string, field: string): string =>
  parseClock(text.replace('年', '-').replace('月', '-').replace('日', ''), beijingHours, field);
