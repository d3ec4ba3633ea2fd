import { toSafeInteger } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';
import { Problem } from '@tongbao/service';
import { newestRevision } from './as-of.js';
import { bucketBounds, offsetIn, type BucketUnit, type Offset } from './time-buckets.js';

/** A stretch of time of one account in one currency: from its start, up to but without its end. */
export interface HistoryPoint {
  start: string;
  end: string;
  openingMinor: number;
  closingMinor: number;
  /** Lowest and highest, as journal events left it; with the opening balance. */
  lowMinor: number;
  highMinor: number;
  /** Turnover. Closing = opening + credit - debit. */
  creditMinor: number;
  debitMinor: number;
  /** At the end. */
  heldMinor: number;
  availableMinor: number;
}

export interface BalanceHistory {
  account: string;
  currency: string;
  unit: BucketUnit;
  zone: string;
  points: HistoryPoint[];
  journalRevision?: number;
}

export interface HistoryQuestion {
  account: string;
  currency: string;
  unit: BucketUnit;
  zone: string;
  fromMs: number;
  toMs: number;
}

/** So that no answer reads more than a few ten thousand rows: a month of hours, a year of days, five years of months. */
export const mostPoints: Record<BucketUnit, number> = { hour: 744, day: 366, month: 60 };

const quarterHourMs = 15 * 60_000;

/** Balances where stretches of time meet; all debits before it are what turnover is the difference of. */
interface Level {
  posted: bigint;
  held: bigint;
  debited: bigint;
}

/**
 * The history of a balance, without a gap. What it costs depends on the points, not on the entries: the level at each bound is one row, and what lies
 * between is read by quarters of an hour.
 * @throws Problem invalid
 */
export async function balanceHistory(client: SqlClient, question: HistoryQuestion): Promise<BalanceHistory> {
  const { account, currency, unit, zone } = question;
  const bounds = boundsOf(question);
  return client.transaction(async (tx) => {
    const levels = await levelsAt(tx, account, currency, bounds);
    const ranges = await rangesBetween(tx, account, currency, bounds);
    const journalRevision = await newestRevision(tx);
    const points = levels.slice(1).map((closing, index) => pointOf(bounds, index, levels[index] ?? closing, closing, ranges.get(index)));
    return { account, currency, unit, zone, points, ...(journalRevision !== undefined && { journalRevision }) };
  });
}

function boundsOf({ unit, zone, fromMs, toMs }: HistoryQuestion): number[] {
  const most = mostPoints[unit];
  const bounds = bucketBounds(unit, offsetOf(zone), fromMs, toMs, most);
  if (bounds.length > most + 1)
    throw new Problem('invalid', `That is more than ${most} points: ask for a shorter time, or for longer points.`, 'from');
  if (bounds.some((bound) => bound % quarterHourMs !== 0))
    throw new Problem('invalid', 'zone must be a whole number of quarters of an hour ahead of UTC or behind it.', 'zone');
  return bounds;
}

function offsetOf(zone: string): Offset {
  try {
    return offsetIn(zone);
  } catch (error) {
    if (error instanceof RangeError) throw new Problem('invalid', 'zone must be a time zone such as Asia/Shanghai.', 'zone');
    throw error;
  }
}

/** What each bound found, from the newest journal event before it. */
async function levelsAt(tx: SqlClient, account: string, currency: string, bounds: readonly number[]): Promise<Level[]> {
  const times = JSON.stringify(bounds.map((bound) => new Date(bound).toISOString()));
  const rows = await tx.query<{ posted: string | null; held: string; debited: string }>(
    `SELECT h.posted_minor AS posted, h.held_minor AS held, h.debited_minor AS debited
     FROM json_array_elements_text($1::json) WITH ORDINALITY AS bound(at, place)
     LEFT JOIN LATERAL (
       SELECT revision FROM ledger.revisions WHERE at < bound.at ORDER BY at DESC, revision DESC LIMIT 1
     ) newest ON true
     LEFT JOIN LATERAL (
       SELECT posted_minor, held_minor, debited_minor FROM ledger.account_history
       WHERE account = $2 AND currency = $3 AND revision <= newest.revision ORDER BY revision DESC LIMIT 1
     ) h ON true
     ORDER BY bound.place`,
    [times, account, currency],
  );
  return rows.map(({ posted, held, debited }) =>
    posted === null ? { posted: 0n, held: 0n, debited: 0n } : { posted: BigInt(posted), held: BigInt(held), debited: BigInt(debited) },
  );
}

type Range = { low: bigint; high: bigint };

/** The lowest and the highest balance between bounds, where there was any change. */
async function rangesBetween(tx: SqlClient, account: string, currency: string, bounds: readonly number[]): Promise<Map<number, Range>> {
  const quarters = JSON.stringify(bounds.map((bound) => bound / quarterHourMs));
  const rows = await tx.query<{ place: string; low: string; high: string }>(
    `SELECT bound.place, q.low, q.high
     FROM (SELECT place - 1 AS place, value::integer AS first, lead(value::integer) OVER (ORDER BY place) AS next
           FROM json_array_elements_text($1::json) WITH ORDINALITY AS given(value, place)) bound
     CROSS JOIN LATERAL (
       SELECT min(low_minor) AS low, max(high_minor) AS high FROM ledger.quarter_hours
       WHERE account = $2 AND currency = $3 AND quarter >= bound.first AND quarter < bound.next
     ) q
     WHERE q.low IS NOT NULL`,
    [quarters, account, currency],
  );
  return new Map(rows.map(({ place, low, high }) => [Number(place), { low: BigInt(low), high: BigInt(high) }]));
}

function pointOf(bounds: readonly number[], index: number, opening: Level, closing: Level, range: Range | undefined): HistoryPoint {
  const { low = opening.posted, high = opening.posted } = range ?? {};
  const debit = closing.debited - opening.debited;
  const amounts = {
    openingMinor: opening.posted,
    closingMinor: closing.posted,
    lowMinor: low < opening.posted ? low : opening.posted,
    highMinor: high > opening.posted ? high : opening.posted,
    creditMinor: closing.posted - opening.posted + debit,
    debitMinor: debit,
    heldMinor: closing.held,
    availableMinor: closing.posted - closing.held,
  };
  return { start: timeAt(bounds, index), end: timeAt(bounds, index + 1), ...inNumbers(amounts) };
}

const timeAt = (bounds: readonly number[], index: number): string => new Date(bounds[index] ?? Number.NaN).toISOString();

function inNumbers<K extends string>(amounts: Record<K, bigint>): Record<K, number> {
  const numbers = Object.entries<bigint>(amounts).map(([name, value]) => [name, toSafeInteger(value)]);
  // The same keys, with numbers.
  return Object.fromEntries(numbers) as Record<K, number>;
}
