import type { SqlClient } from '@tongbao/read-model';
import { Problem } from '@tongbao/service';
import { oneOf, timeIn } from './query-params.js';

/** What a period is cut into. `total`: nothing. */
export const periodUnits = ['day', 'week', 'month', 'total'] as const;
export type PeriodUnit = (typeof periodUnits)[number];

export interface PeriodQuery {
  from?: string;
  to?: string;
  unit?: string;
  zone?: string;
}

/** Whole hours since 1970, from `fromHour` up to but without `toHour`, cut into the days, weeks or months of a time zone. */
export interface Period {
  unit: PeriodUnit;
  zone: string;
  fromHour: number;
  toHour: number;
  /** As times in UTC; null where the period has no end on that side. */
  from: string | null;
  to: string | null;
}

const hourMs = 3_600_000;
/** Hours since 1970 are 32-bit integers in tables. */
const endless = 2 ** 31 - 1;

/**
 * `from` and `to` are days of the zone (`2026-01-31`) or times at full hours; `to` is exclusive.
 * @throws Problem invalid
 */
export async function periodIn(tx: SqlClient, query: PeriodQuery, usualZone: string): Promise<Period> {
  const zone = hourlyZone(query.zone ?? usualZone);
  const unit = oneOf(periodUnits, query.unit ?? 'total', 'unit');
  const [fromHour, toHour] = [await hourIn(tx, query.from, 'from', zone), await hourIn(tx, query.to, 'to', zone)];
  if (fromHour !== undefined && toHour !== undefined && toHour < fromHour)
    throw new Problem('invalid', 'to must not be before from.', 'to');
  return { unit, zone, fromHour: fromHour ?? 0, toHour: toHour ?? endless, from: timeOf(fromHour), to: timeOf(toHour) };
}

/** As an answer tells it. */
export const periodText = ({ unit, zone, from, to }: Period): object => ({ unit, zone, from, to });

const timeOf = (hour: number | undefined): string | null => (hour === undefined ? null : new Date(hour * hourMs).toISOString());

async function hourIn(tx: SqlClient, text: string | undefined, field: string, zone: string): Promise<number | undefined> {
  const time = await boundIn(tx, text, field, zone);
  if (time === undefined) return undefined;
  const hour = time / hourMs;
  if (Number.isInteger(hour) && hour >= 0 && hour < endless) return hour;
  throw new Problem('invalid', `${field} must be a day such as 2026-01-31, or a time at a full hour.`, field);
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

/** A time, or the beginning of a day of a zone, in milliseconds since 1970. @throws Problem invalid */
export async function boundIn(tx: SqlClient, text: string | undefined, field: string, zone: string): Promise<number | undefined> {
  return text !== undefined && isDay(text) ? beginningOf(tx, text, zone) : timeIn(text, field);
}

async function beginningOf(tx: SqlClient, day: string, zone: string): Promise<number> {
  const [row] = await tx.query<{ second: string }>(`SELECT extract(epoch FROM ($1::timestamp AT TIME ZONE $2))::bigint AS second`, [
    day,
    zone,
  ]);
  return Number(row?.second) * 1_000;
}

/** @throws Problem invalid for a time zone that nobody knows */
export function zoneIn(zone: string): string {
  formatIn(zone);
  return zone;
}

/**
 * A time zone whose days begin at full hours of UTC: what is summed up by the hour can be cut there.
 * @throws Problem invalid
 */
function hourlyZone(zone: string): string {
  const format = formatIn(zone);
  const year = new Date().getUTCFullYear();
  for (let month = 0; month < 12; month += 1) {
    const minute = format.formatToParts(Date.UTC(year, month)).find(({ type }) => type === 'minute')?.value;
    if (Number(minute) !== 0)
      throw new Problem('invalid', 'zone must be whole hours ahead of UTC or behind it: sums are kept by the hour.', 'zone');
  }
  return zone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  // `+08:00` means the opposite to the database.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) throw noZone();
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, minute: 'numeric' });
    formats.set(zone, format);
    return format;
  } catch (error) {
    if (error instanceof RangeError) throw noZone();
    throw error;
  }
}

const noZone = (): Problem => new Problem('invalid', 'zone must be a time zone such as Asia/Shanghai.', 'zone');

/** The first day of what an hour falls into, as SQL of the column `hour`; `zone` is the number of a parameter. */
export function bucketSql(unit: PeriodUnit, zoneParameter: number): string {
  if (unit === 'total') return `''`;
  return `to_char(date_trunc('${unit}', to_timestamp(hour::bigint * 3600) AT TIME ZONE $${zoneParameter}), 'YYYY-MM-DD')`;
}
