import { toPage, type Page } from '@tongbao/service';
import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import { cursorOf, integerOf } from './query-params.js';

/** What the parties of a settlement come to, or the one that is asked for. In minor units. */
interface Sums {
  payOutMinor: number;
  collectMinor: number;
  /** Left to the next settlement: positive, the hub owes it. */
  carriedOutMinor: number;
}

export interface SettlementItem extends Sums {
  settlementId: string;
  model: string;
  currency: string;
  /** As `GET /v1/settlement/settlements` shows it. */
  status: string;
  windowIds: string[];
  requestedAt: string;
  settledAt: string | null;
  cutOff: string | null;
  parties: number;
  /** Of the party that is asked for. */
  party?: { carriedInMinor: number; netMinor: number; payableMinor: number; action: string };
}

export interface SettlementTotal extends Sums {
  currency: string;
  status: string;
  settlements: number;
}

export const settlementStatuses = [
  'requested',
  'calculated',
  'mismatched',
  'verified',
  'approved',
  'paying',
  'settled',
  'aborted',
] as const;

export interface SettlementFilter {
  party?: string | undefined;
  currency?: string | undefined;
  model?: string | undefined;
  status?: (typeof settlementStatuses)[number] | undefined;
  /** Asked for at or after, and before; milliseconds since 1970. */
  from?: number | undefined;
  to?: number | undefined;
}

/** Where there are legs, each moves on its own. */
const payOut = `CASE WHEN p.legs IS NULL THEN CASE WHEN p.action = 'pay_out' THEN p.payable_minor END
  WHEN p.legs -> 'received' ->> 'action' = 'pay_out' THEN (p.legs -> 'received' ->> 'payableMinor')::bigint END`;
const collect = `CASE WHEN p.legs IS NULL THEN CASE WHEN p.action = 'collect' THEN -p.payable_minor END
  WHEN p.legs -> 'paid' ->> 'action' = 'collect' THEN (p.legs -> 'paid' ->> 'payableMinor')::bigint END`;

/** That its payments are told is progress of a settled settlement and no status of its own. */
const filtered = `SELECT s.settlement_id AS id, s.model, s.currency, CASE WHEN s.status = 'marked' THEN 'settled' ELSE s.status END AS status,
    s.window_ids AS "windowIds", s.requested_at AS "requestedAt", s.settled_at AS "settledAt", s.cut_off::text AS "cutOff",
    s.requested_position::text AS key, parts.*
  FROM settlement.settlements s CROSS JOIN LATERAL (
    SELECT count(*)::integer AS parties, coalesce(sum(${payOut}), 0)::text AS "payOut", coalesce(sum(${collect}), 0)::text AS collect,
      coalesce(sum(p.carried_out_minor), 0)::text AS "carriedOut",
      min(p.carried_in_minor)::text AS "carriedIn", min(p.net_minor)::text AS net, min(p.payable_minor)::text AS payable, min(p.action) AS action
    FROM settlement.settlement_parties p WHERE p.settlement_id = s.settlement_id AND ($1::text IS NULL OR p.party = $1)
  ) parts
  WHERE ($1::text IS NULL OR parts.parties > 0) AND ($2::text IS NULL OR s.currency = $2) AND ($3::text IS NULL OR s.model = $3)
    AND ($4::text IS NULL OR s.status = $4 OR (s.status = 'marked' AND $4 = 'settled'))
    AND ($5::text IS NULL OR s.requested_at >= $5) AND ($6::text IS NULL OR s.requested_at < $6)`;

type Row = Omit<SettlementItem, 'settlementId' | 'party' | keyof Sums> &
  Record<'id' | 'key' | 'payOut' | 'collect' | 'carriedOut' | 'carriedIn' | 'net' | 'payable' | 'action', string>;

/** Settlements, the newest first. */
export async function settlementsOf(
  { tx }: Snapshot,
  filter: SettlementFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Page<SettlementItem> & { totals: SettlementTotal[] }> {
  const { party = null, currency = null, model = null, status = null } = filter;
  const given = [party, currency, model, status, timeText(filter.from), timeText(filter.to)];
  const totals = await tx.query<Record<'currency' | 'status' | 'payOut' | 'collect' | 'carriedOut', string> & { settlements: number }>(
    `SELECT currency, status, count(*)::integer AS settlements, sum("payOut"::numeric)::text AS "payOut", sum(collect::numeric)::text AS collect,
       sum("carriedOut"::numeric)::text AS "carriedOut" FROM (${filtered}) s GROUP BY currency, status ORDER BY currency, status`,
    given,
  );
  const [key] = cursorOf(after, 1) ?? [];
  const rows = await tx.query<Row>(
    `SELECT * FROM (${filtered}) s WHERE ($7::bigint IS NULL OR key::bigint < $7) ORDER BY key::bigint DESC LIMIT $8`,
    [...given, key === undefined ? null : integerOf(key), limit + 1],
  );
  return {
    ...toPage(
      rows,
      limit,
      (row) => [row.key],
      (row) => itemOf(row, party !== null),
    ),
    totals: totals.map((row) => ({ currency: row.currency, status: row.status, settlements: row.settlements, ...sumsOf(row) })),
  };
}

function itemOf(row: Row, isOfParty: boolean): SettlementItem {
  const { id: settlementId, model, currency, status, windowIds, requestedAt, settledAt, cutOff, parties, action } = row;
  return {
    ...{ settlementId, model, currency, status, windowIds, requestedAt, settledAt, cutOff, parties },
    ...sumsOf(row),
    ...(isOfParty && {
      party: { carriedInMinor: inNumber(row.carriedIn), netMinor: inNumber(row.net), payableMinor: inNumber(row.payable), action },
    }),
  };
}

const sumsOf = ({ payOut, collect, carriedOut }: Record<'payOut' | 'collect' | 'carriedOut', string>): Sums => ({
  payOutMinor: inNumber(payOut),
  collectMinor: inNumber(collect),
  carriedOutMinor: inNumber(carriedOut),
});

const timeText = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());
