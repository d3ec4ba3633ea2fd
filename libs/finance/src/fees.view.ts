import { toPage, type Page } from '@tongbao/service';
import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import { bucketSql, type Period } from './period.js';
import { cursorOf } from './query-params.js';

/** What fees are told apart by, beside period and currency. */
export const feeDimensions = ['party', 'kind', 'platform', 'provider'] as const;
export type FeeDimension = (typeof feeDimensions)[number];

/** Fees of the hub, in minor units. A dimension that was not asked for is not there; an empty one is not known. */
export interface Fee extends Partial<Record<FeeDimension, string>> {
  /** First day of the day, week or month in the zone; left out for `total`. */
  period?: string;
  currency: string;
  chargedMinor: number;
  /** Given back: by refunds, disputes, corrections. */
  returnedMinor: number;
  netMinor: number;
  transfers: number;
}

export type FeeTotal = Pick<Fee, 'currency' | 'chargedMinor' | 'returnedMinor' | 'netMinor' | 'transfers'>;

export type FeeFilter = Partial<Record<FeeDimension | 'currency', string | undefined>>;

/** Whoever stands on the other side of the hub's fees. */
const party = `CASE WHEN payee = 'hub:fees' THEN payer ELSE payee END`;

/** What leaves hub:fees for the bank is no fee that was given back. */
const fees = `SELECT hour, currency, ${party} AS party, kind, platform, provider, payee = 'hub:fees' AS charged, amount_minor AS amount, transfers
  FROM finance.ways JOIN finance.hourly_sums USING (way)
  WHERE (payee = 'hub:fees' OR payer = 'hub:fees') AND kind NOT LIKE 'fee-sweep%' AND NOT external AND hour >= $1 AND hour < $2
    AND ($3::text IS NULL OR currency = $3) AND ($4::text IS NULL OR ${party} = $4) AND ($5::text IS NULL OR kind = $5)
    AND ($6::text IS NULL OR platform = $6) AND ($7::text IS NULL OR provider = $7)`;

const sums = `coalesce(sum(amount) FILTER (WHERE charged), 0)::text AS charged, coalesce(sum(amount) FILTER (WHERE NOT charged), 0)::text AS returned,
  sum(transfers)::text AS transfers`;

interface SumsRow {
  currency: string;
  charged: string;
  returned: string;
  transfers: string;
}

type Row = SumsRow & { bucket: string } & Record<FeeDimension, string>;

/** By period, currency and what else is asked for. */
export async function feesOf(
  { tx }: Snapshot,
  period: Period,
  by: readonly FeeDimension[],
  filter: FeeFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Page<Fee> & { totals: FeeTotal[] }> {
  const given = [
    ...[period.fromHour, period.toHour, filter.currency ?? null],
    ...feeDimensions.map((dimension) => filter[dimension] ?? null),
  ];
  const totals = await tx.query<SumsRow>(`SELECT currency, ${sums} FROM (${fees}) f GROUP BY currency ORDER BY currency`, given);
  const dimensions = feeDimensions.map((dimension) => `${by.includes(dimension) ? dimension : `''`} AS ${dimension}`);
  const key = `bucket, currency, ${feeDimensions.join(', ')}`;
  const rows = await tx.query<Row>(
    `SELECT * FROM (
       SELECT ${key}, ${sums} FROM (
         SELECT ${bucketSql(period.unit, 8)} AS bucket, currency, ${dimensions.join(', ')}, charged, amount, transfers FROM (${fees}) f
       ) f GROUP BY ${key}
     ) f WHERE ($8::text IS NOT NULL) AND ($9::text IS NULL OR (${key}) > ($9, $10, $11, $12, $13, $14)) ORDER BY ${key} LIMIT $15`,
    [...given, period.zone, ...(cursorOf(after, 6) ?? Array<null>(6).fill(null)), limit + 1],
  );
  return {
    ...toPage(
      rows,
      limit,
      (row) => [row.bucket, row.currency, ...feeDimensions.map((dimension) => row[dimension])],
      (row) => feeOf(row, period, by),
    ),
    totals: totals.map((row) => ({ currency: row.currency, ...amountsOf(row) })),
  };
}

function feeOf(row: Row, { unit }: Period, by: readonly FeeDimension[]): Fee {
  const dimensions: Partial<Record<FeeDimension, string>> = Object.fromEntries(by.map((dimension) => [dimension, row[dimension]]));
  return { ...(unit !== 'total' && { period: row.bucket }), currency: row.currency, ...dimensions, ...amountsOf(row) };
}

function amountsOf({ charged, returned, transfers }: SumsRow): Omit<FeeTotal, 'currency'> {
  const [chargedMinor, returnedMinor] = [inNumber(charged), inNumber(returned)];
  return { chargedMinor, returnedMinor, netMinor: chargedMinor - returnedMinor, transfers: inNumber(transfers) };
}
