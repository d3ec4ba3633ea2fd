import { toPage, type Page } from '@tongbao/service';
import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import type { Period } from './period.js';
import { cursorOf } from './query-params.js';

/** What two platforms owe each other by the transfers between them, both directions set against each other. */
export interface Obligation {
  currency: string;
  debtor: string;
  creditor: string;
  /** From the debtor to the creditor, and the other way; the net is the difference. */
  grossMinor: number;
  counterMinor: number;
  netMinor: number;
}

/** What a platform owes to all others, and what all others owe it, pair by pair. */
export interface ObligationParty {
  currency: string;
  party: string;
  owesMinor: number;
  isOwedMinor: number;
}

export interface ObligationTotal {
  currency: string;
  pairs: number;
  grossMinor: number;
  netMinor: number;
}

/** A directly payable obligation of a bilateral settlement that has not been paid. */
export interface DueObligation {
  obligationId: string;
  settlementId: string;
  debtor: string;
  creditor: string;
  currency: string;
  amountMinor: number;
  since: string;
}

/** Which transfers count: those of a window, of all windows that are not settled, or of a period. */
export type ObligationScope = { window: string } | { unsettled: true } | { period: Period };

export interface ObligationFilter {
  currency?: string | undefined;
  party?: string | undefined;
}

interface OneWay {
  sql: string;
  given: unknown[];
}

const ofWindow = `SELECT w.currency, o.debtor, o.creditor, o.amount_minor AS amount
  FROM settlement.obligations o JOIN settlement.windows w ON w.window_id = o.window_id`;

/** What one platform paid the other directly ends an obligation and makes none. */
const ofPeriod = `SELECT w.currency, w.payer AS debtor, w.payee AS creditor, h.amount_minor AS amount
  FROM finance.ways w JOIN finance.hourly_sums h ON h.way = w.way
  WHERE w.payer LIKE 'platform:%' AND w.payee LIKE 'platform:%' AND NOT w.external AND w.kind <> 'obligation-paid' AND h.hour >= $3 AND h.hour < $4`;

function oneWayOf(scope: ObligationScope): OneWay {
  if ('window' in scope) return { sql: `${ofWindow} WHERE o.window_id = $3`, given: [scope.window] };
  if ('period' in scope) return { sql: ofPeriod, given: [scope.period.fromHour, scope.period.toHour] };
  return { sql: `${ofWindow} WHERE w.state <> 'settled'`, given: [] };
}

const pairsOf = (oneWay: string): string => `SELECT currency, LEAST(debtor, creditor) AS one, GREATEST(debtor, creditor) AS other,
    coalesce(sum(amount) FILTER (WHERE debtor < creditor), 0) AS onward, coalesce(sum(amount) FILTER (WHERE debtor > creditor), 0) AS backward
  FROM (${oneWay}) o
  WHERE ($1::text IS NULL OR currency = $1) AND ($2::text IS NULL OR debtor = $2 OR creditor = $2)
  GROUP BY 1, 2, 3`;

/** By currency and pair: one row for every two platforms with transfers between them. */
export async function obligationsOf(
  { tx }: Snapshot,
  scope: ObligationScope,
  filter: ObligationFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Page<Obligation> & { parties: ObligationParty[]; totals: ObligationTotal[] }> {
  const { sql, given } = oneWayOf(scope);
  const pairs = pairsOf(sql);
  const parameters = [filter.currency ?? null, filter.party ?? null, ...given];
  const next = parameters.length + 1;
  const rows = await tx.query<Record<'currency' | 'one' | 'other' | 'onward' | 'backward', string>>(
    `SELECT currency, one, other, onward::text, backward::text FROM (${pairs}) p
     WHERE ($${next}::text IS NULL OR (currency, one, other) > ($${next}, $${next + 1}, $${next + 2})) ORDER BY currency, one, other LIMIT $${next + 3}`,
    [...parameters, ...(cursorOf(after, 3) ?? [null, null, null]), limit + 1],
  );
  const totals = await tx.query<Record<'currency' | 'gross' | 'net', string> & { pairs: number }>(
    `SELECT currency, count(*)::integer AS pairs, sum(onward + backward)::text AS gross, sum(abs(onward - backward))::text AS net
     FROM (${pairs}) p GROUP BY currency ORDER BY currency`,
    parameters,
  );
  const parties = await tx.query<Record<'currency' | 'party' | 'owes' | 'owed', string>>(
    `SELECT currency, party, sum(GREATEST(owes, 0))::text AS owes, sum(GREATEST(-owes, 0))::text AS owed FROM (
       SELECT currency, one AS party, onward - backward AS owes FROM (${pairs}) p
       UNION ALL SELECT currency, other, backward - onward FROM (${pairs}) p
     ) sides GROUP BY currency, party ORDER BY currency, party`,
    parameters,
  );
  return {
    ...toPage(rows, limit, (row) => [row.currency, row.one, row.other], obligationOf),
    parties: parties.map(({ owes, owed, ...row }) => ({ ...row, owesMinor: inNumber(owes), isOwedMinor: inNumber(owed) })),
    totals: totals.map(({ gross, net, ...row }) => ({ ...row, grossMinor: inNumber(gross), netMinor: inNumber(net) })),
  };
}

function obligationOf({
  currency,
  one,
  other,
  onward,
  backward,
}: Record<'currency' | 'one' | 'other' | 'onward' | 'backward', string>): Obligation {
  const [there, back] = [inNumber(onward), inNumber(backward)];
  return there >= back
    ? { currency, debtor: one, creditor: other, grossMinor: there, counterMinor: back, netMinor: there - back }
    : { currency, debtor: other, creditor: one, grossMinor: back, counterMinor: there, netMinor: back - there };
}

const mostDue = 500;

/** What is to be paid directly and has not been; the oldest first. */
export async function dueObligations({ tx }: Snapshot, { currency, party }: ObligationFilter): Promise<DueObligation[]> {
  const rows = await tx.query<Omit<DueObligation, 'amountMinor'> & { amount: string }>(
    `SELECT obligation_id AS "obligationId", settlement_id AS "settlementId", debtor, creditor, currency, amount_minor::text AS amount, since
     FROM finance.due_obligations WHERE ($1::text IS NULL OR currency = $1) AND ($2::text IS NULL OR debtor = $2 OR creditor = $2)
     ORDER BY since, obligation_id LIMIT ${mostDue}`,
    [currency ?? null, party ?? null],
  );
  return rows.map(({ amount, ...row }) => ({ ...row, amountMinor: inNumber(amount) }));
}
