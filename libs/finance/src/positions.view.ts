import { toPage, type Page } from '@tongbao/service';
import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import { cursorOf } from './query-params.js';

/** Where a party stands in a currency, in minor units. Positive: the hub owes the party. */
export interface PartyPosition {
  party: string;
  currency: string;
  positionMinor: number;
  /** Of the windows that are open; only as it is now. */
  openNetMinor?: number;
  /** Of the windows that are closed and whose settlement has not paid; only as it is now. */
  unsettledNetMinor?: number;
  /** Left to the next settlement; only as it is now. */
  carriedMinor?: number;
}

/** All parties that were asked for, on whatever page. */
export interface PositionTotal {
  currency: string;
  parties: number;
  owedByHubMinor: number;
  owedToHubMinor: number;
  sumMinor: number;
}

export interface PositionFilter {
  currency?: string | undefined;
  party?: string | undefined;
}

export interface Positions extends Page<PartyPosition> {
  totals: PositionTotal[];
}

const where = `($1::text IS NULL OR p.currency = $1) AND ($2::text IS NULL OR p.party = $2)`;

const now = `SELECT p.party, p.currency, p.balance_minor AS balance FROM settlement.positions p WHERE ${where}`;

/** The last chunk that had begun by then, and of it what had happened by then. Only parties that had moved at all. */
const asOf = `SELECT p.party, p.currency, at.balance FROM settlement.positions p CROSS JOIN LATERAL (
    SELECT c.opening_minor + coalesce((
      SELECT sum((side ->> 2)::bigint) FROM regexp_split_to_table(rtrim(c.lines, E'\\n'), E'\\n') AS line, jsonb_array_elements(line::jsonb -> 3) AS side
      WHERE (line::jsonb ->> 0)::bigint <= $3 AND side -> 3 IS NULL
    ), 0)::bigint AS balance
    FROM settlement.statement_chunks c WHERE c.party = p.party AND c.currency = p.currency AND c.first_position <= $3
    ORDER BY c.first_position DESC, c.chunk DESC LIMIT 1
  ) at WHERE ${where}`;

/** By party and currency. */
export async function positionsNow(
  { tx }: Snapshot,
  filter: PositionFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Positions> {
  const given = [filter.currency ?? null, filter.party ?? null];
  const totals = await totalsOf({ tx }, now, given);
  const rows = await tx.query<Record<'party' | 'currency' | 'balance' | 'open' | 'unsettled' | 'carried', string>>(
    `SELECT p.*, coalesce(n.open, 0)::text AS open, coalesce(n.unsettled, 0)::text AS unsettled, coalesce(c.carried, 0)::text AS carried
     FROM (SELECT * FROM (${now}) p WHERE ($3::text IS NULL OR (p.party, p.currency) > ($3, $4)) ORDER BY p.party, p.currency LIMIT $5) p
     LEFT JOIN LATERAL (
       SELECT sum(n.received_minor - n.paid_minor) FILTER (WHERE w.state = 'open') AS open,
         sum(n.received_minor - n.paid_minor) FILTER (WHERE w.state <> 'open') AS unsettled
       FROM settlement.windows w JOIN settlement.window_nets n ON n.window_id = w.window_id AND n.party = p.party
       WHERE w.state <> 'settled' AND w.currency = p.currency
     ) n ON true
     LEFT JOIN LATERAL (
       SELECT sum(k.amount_minor) AS carried FROM settlement.carries k WHERE k.party = p.party AND k.currency = p.currency
     ) c ON true
     ORDER BY p.party, p.currency`,
    [...given, ...keyOf(after), limit + 1],
  );
  return {
    ...toPage(rows, limit, keyIn, ({ party, currency, balance, open, unsettled, carried }) => ({
      party,
      currency,
      positionMinor: inNumber(balance),
      openNetMinor: inNumber(open),
      unsettledNetMinor: inNumber(unsettled),
      carriedMinor: inNumber(carried),
    })),
    totals,
  };
}

/** The positions that everything up to a log position comes to. */
export async function positionsAsOf(
  { tx }: Snapshot,
  position: bigint,
  filter: PositionFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Positions> {
  const given = [filter.currency ?? null, filter.party ?? null, position];
  const totals = await totalsOf({ tx }, asOf, given);
  const rows = await tx.query<Record<'party' | 'currency' | 'balance', string>>(
    `SELECT * FROM (${asOf}) p WHERE ($4::text IS NULL OR (p.party, p.currency) > ($4, $5)) ORDER BY p.party, p.currency LIMIT $6`,
    [...given, ...keyOf(after), limit + 1],
  );
  return {
    ...toPage(rows, limit, keyIn, ({ party, currency, balance }) => ({ party, currency, positionMinor: inNumber(balance) })),
    totals,
  };
}

async function totalsOf({ tx }: Pick<Snapshot, 'tx'>, positions: string, given: unknown[]): Promise<PositionTotal[]> {
  const rows = await tx.query<{ currency: string; parties: number; byHub: string; toHub: string; sum: string }>(
    `SELECT currency, count(*)::integer AS parties, sum(GREATEST(balance, 0))::text AS "byHub", sum(GREATEST(-balance, 0))::text AS "toHub",
       sum(balance)::text AS sum FROM (${positions}) p GROUP BY currency ORDER BY currency`,
    given,
  );
  return rows.map(({ currency, parties, byHub, toHub, sum }) => ({
    currency,
    parties,
    owedByHubMinor: inNumber(byHub),
    owedToHubMinor: inNumber(toHub),
    sumMinor: inNumber(sum),
  }));
}

const keyOf = (after: string[] | undefined): (string | null)[] => cursorOf(after, 2) ?? [null, null];

const keyIn = ({ party, currency }: { party: string; currency: string }): string[] => [party, currency];
