import { toPage, type Page } from '@tongbao/service';
import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import { bucketSql, type Period } from './period.js';
import { cursorOf } from './query-params.js';

export const revenueDimensions = ['platform', 'provider'] as const;
export type RevenueDimension = (typeof revenueDimensions)[number];

/** What every column comes from: an account of the hub, or the payments. */
const columns = {
  capturedMinor: 'captured',
  refundedMinor: 'refunded',
  feesMinor: 'fees',
  providerFeesMinor: 'provider_fees',
  providerFeesChargedOnMinor: 'charged_on',
  bankFeesMinor: 'bank_fees',
  lossesMinor: 'losses',
  exchangeMinor: 'exchange',
} as const;

type Column = keyof typeof columns;

/**
 * What the hub earned and what it bore, in minor units. Fees are net of what was given back; costs are positive. What providers keep is
 * `providerFeesMinor` by their bills, and `providerFeesChargedOnMinor` is what agreements had others bear of it.
 * net = fees + charged on - provider fees - bank fees - losses. What hub:fx got (`exchangeMinor`) is no part of it: it was given for in another currency.
 */
export interface Revenue extends RevenueAmounts, Partial<Record<RevenueDimension, string>> {
  /** First day of the day, week or month in the zone; left out for `total`. */
  period?: string;
  currency: string;
}

export interface RevenueAmounts extends Record<Column, number> {
  captures: number;
  refunds: number;
  netMinor: number;
}

export type RevenueTotal = RevenueAmounts & { currency: string };

export interface RevenueFilter {
  currency?: string | undefined;
  platform?: string | undefined;
  provider?: string | undefined;
}

/** What an account of the hub got (`1`) or gave (`-1`). */
const effectOn = (account: string): string =>
  `CASE WHEN payee = '${account}' THEN amount_minor WHEN payer = '${account}' THEN -amount_minor ELSE 0 END`;

/** Of what hub:provider-fees gave: to a provider, by its bill; of what it got: from a provider that gave it back, or from others who bear it. */
const withProvider = `(payee LIKE 'provider:%' OR payer LIKE 'provider:%')`;

const accounts = `'hub:fees', 'hub:provider-fees', 'hub:bank-fees', 'hub:losses', 'hub:fx'`;

const where = `hour >= $1 AND hour < $2 AND ($3::text IS NULL OR currency = $3) AND ($4::text IS NULL OR platform = $4) AND ($5::text IS NULL OR provider = $5)`;

const measured = `SELECT hour, currency, platform, provider, 0 AS captures, 0 AS refunds, 0 AS captured, 0 AS refunded,
    CASE WHEN kind LIKE 'fee-sweep%' THEN 0 ELSE ${effectOn('hub:fees')} END AS fees,
    CASE WHEN ${withProvider} THEN -(${effectOn('hub:provider-fees')}) ELSE 0 END AS provider_fees,
    CASE WHEN ${withProvider} THEN 0 ELSE ${effectOn('hub:provider-fees')} END AS charged_on,
    -(${effectOn('hub:bank-fees')}) AS bank_fees, -(${effectOn('hub:losses')}) AS losses, ${effectOn('hub:fx')} AS exchange
  FROM finance.ways JOIN finance.hourly_sums USING (way)
  WHERE (payer IN (${accounts}) OR payee IN (${accounts})) AND NOT external AND ${where}
  UNION ALL
  SELECT hour, currency, platform, provider, captures, refunds, captured_minor, refunded_minor, 0, 0, 0, 0, 0, 0 FROM finance.hourly_payments WHERE ${where}`;

const sums = [...Object.values(columns), 'captures', 'refunds'].map((column) => `sum(${column})::text AS ${column}`).join(', ');

type SumsRow = Record<(typeof columns)[Column] | 'captures' | 'refunds' | 'currency', string>;
type Row = SumsRow & { bucket: string } & Record<RevenueDimension, string>;

/** By period, currency and what else is asked for. */
export async function revenueOf(
  { tx }: Snapshot,
  period: Period,
  by: readonly RevenueDimension[],
  filter: RevenueFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Page<Revenue> & { totals: RevenueTotal[] }> {
  const given = [period.fromHour, period.toHour, filter.currency ?? null, filter.platform ?? null, filter.provider ?? null];
  const totals = await tx.query<SumsRow>(`SELECT currency, ${sums} FROM (${measured}) m GROUP BY currency ORDER BY currency`, given);
  const dimensions = revenueDimensions.map((dimension) => `${by.includes(dimension) ? dimension : `''`} AS ${dimension}`);
  const key = `bucket, currency, ${revenueDimensions.join(', ')}`;
  const rows = await tx.query<Row>(
    `SELECT * FROM (
       SELECT ${key}, ${sums} FROM (
         SELECT ${bucketSql(period.unit, 6)} AS bucket, currency, ${dimensions.join(', ')}, captures, refunds, ${Object.values(columns).join(', ')}
         FROM (${measured}) m
       ) m GROUP BY ${key}
     ) m WHERE ($6::text IS NOT NULL) AND ($7::text IS NULL OR (${key}) > ($7, $8, $9, $10)) ORDER BY ${key} LIMIT $11`,
    [...given, period.zone, ...(cursorOf(after, 4) ?? Array<null>(4).fill(null)), limit + 1],
  );
  return {
    ...toPage(
      rows,
      limit,
      (row) => [row.bucket, row.currency, ...revenueDimensions.map((dimension) => row[dimension])],
      (row) => revenueIn(row, period, by),
    ),
    totals: totals.map((row) => ({ currency: row.currency, ...amountsOf(row) })),
  };
}

function revenueIn(row: Row, { unit }: Period, by: readonly RevenueDimension[]): Revenue {
  const dimensions: Partial<Record<RevenueDimension, string>> = Object.fromEntries(by.map((dimension) => [dimension, row[dimension]]));
  return { ...(unit !== 'total' && { period: row.bucket }), currency: row.currency, ...dimensions, ...amountsOf(row) };
}

function amountsOf(row: SumsRow): RevenueAmounts {
  const entries = Object.entries(columns).map(([name, column]) => [name, inNumber(row[column])]);
  // One number for each column.
  const amounts = Object.fromEntries(entries) as Record<Column, number>;
  const { feesMinor, providerFeesChargedOnMinor, providerFeesMinor, bankFeesMinor, lossesMinor } = amounts;
  const netMinor = feesMinor + providerFeesChargedOnMinor - providerFeesMinor - bankFeesMinor - lossesMinor;
  return { captures: inNumber(row.captures), refunds: inNumber(row.refunds), ...amounts, netMinor };
}
