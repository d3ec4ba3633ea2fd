import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';

/**
 * What the hub has in a currency from exchanges, in minor units. hub:fx gets what parties sell and gives what they buy; whatever the hub sells and buys itself to
 * be even goes over hub:fx, too (`otherMinor`). A position below 0 is what the hub is short of.
 */
export interface FxPosition {
  currency: string;
  /** Sold by parties, and bought by them. */
  soldMinor: number;
  boughtMinor: number;
  /** Everything else that came to hub:fx, less what left it. */
  otherMinor: number;
  /** sold - bought + other: what the ledger has on hub:fx. */
  positionMinor: number;
  /** At rates that are locked, and not exchanged yet: what is to come, and what is to go. */
  lockedInMinor: number;
  lockedOutMinor: number;
  /** Of payouts that wait for a rate. */
  awaitingRateMinor: number;
  /** What roundings of what was bought have left out, exactly: numerator / denominator of a minor unit, as a decimal. Above 0: kept by the hub. */
  roundingMinor: string;
}

interface Row {
  currency: string;
  sold: string;
  bought: string;
  other: string;
  lockedIn: string;
  lockedOut: string;
  awaiting: string;
  rounding: string;
}

const moved = `SELECT w.currency,
    CASE WHEN w.payee = 'hub:fx' AND w.kind = 'exchange-sold' THEN s.amount_minor ELSE 0 END AS sold,
    CASE WHEN w.payer = 'hub:fx' AND w.kind = 'exchange-bought' THEN s.amount_minor ELSE 0 END AS bought,
    CASE WHEN w.kind IN ('exchange-sold', 'exchange-bought') THEN 0 WHEN w.payee = 'hub:fx' THEN s.amount_minor ELSE -s.amount_minor END AS other,
    0 AS locked_in, 0 AS locked_out, 0 AS awaiting, 0::numeric AS rounding
  FROM finance.ways w JOIN finance.hourly_sums s USING (way) WHERE (w.payee = 'hub:fx' OR w.payer = 'hub:fx') AND NOT w.external`;

const live = `FROM settlement.exchanges e JOIN settlement.settlements t USING (settlement_id) WHERE t.status <> 'aborted'`;

const isLocked = `e.status IN ('locked', 'holding', 'held', 'requested', 'refused')`;

const asked = `SELECT e.currency, 0, 0, 0, CASE WHEN ${isLocked} THEN e.sold_minor ELSE 0 END, 0,
    CASE WHEN e.status = 'awaiting_rate' THEN e.sold_minor ELSE 0 END, 0 ${live}
  UNION ALL
  SELECT e.pay_in, 0, 0, 0, 0, CASE WHEN ${isLocked} THEN e.bought_minor ELSE 0 END, 0,
    CASE WHEN e.status = 'exchanged' THEN e.rounding_numerator::numeric / e.rounding_denominator ELSE 0 END ${live} AND e.bought_minor IS NOT NULL`;

const sums = ['sold', 'bought', 'other', 'awaiting', 'rounding']
  .map((column) => `coalesce(sum(${column}), 0)::text AS ${column}`)
  .join(', ');

/** By currency. */
export async function fxPositions({ tx }: Snapshot, currency: string | undefined): Promise<FxPosition[]> {
  const rows = await tx.query<Row>(
    `SELECT currency, ${sums}, sum(locked_in)::text AS "lockedIn", sum(locked_out)::text AS "lockedOut" FROM (${moved} UNION ALL ${asked}) m
     WHERE $1::text IS NULL OR currency = $1 GROUP BY currency ORDER BY currency`,
    [currency ?? null],
  );
  return rows.map((row) => ({
    currency: row.currency,
    soldMinor: inNumber(row.sold),
    boughtMinor: inNumber(row.bought),
    otherMinor: inNumber(row.other),
    positionMinor: inNumber(String(BigInt(row.sold) - BigInt(row.bought) + BigInt(row.other))),
    lockedInMinor: inNumber(row.lockedIn),
    lockedOutMinor: inNumber(row.lockedOut),
    awaitingRateMinor: inNumber(row.awaiting),
    roundingMinor: decimal(row.rounding),
  }));
}

/** Without the zeros that a division leaves behind: 0.0080000000 is 0.008. */
const decimal = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
