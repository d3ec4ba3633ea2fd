import { toPage, type Page } from '@tongbao/service';
import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import { cursorOf } from './query-params.js';

/** What may be asked for the age of. */
export const agedThings = [
  'payables',
  'receivables',
  'unsettled',
  'transfers',
  'obligations',
  'suspense',
  'transit',
  'disputes',
  'reserves',
] as const;
export type AgedThing = (typeof agedThings)[number];

/** Something with an age. Of a position there is a line for each bucket that has a part of it. */
export interface AgedLine {
  /** The party, or the account. */
  account: string;
  currency: string;
  amountMinor: number;
  /** Days up to which the bucket goes; null: older than all. */
  upToDays: number | null;
  /** What it is about: a payment, a payout, a window; not there for positions and reserves. */
  ref?: string;
  /** Since when it waits; not there for positions and reserves. */
  since?: string;
  /** A state of the window or transfer, or the kind of the entry that opened the line. */
  status?: string;
}

export interface AgedTotal {
  currency: string;
  amountMinor: number;
  /** In the order of the buckets' limits, the oldest last. */
  buckets: { upToDays: number | null; amountMinor: number; lines: number }[];
}

export interface AgeFilter {
  currency?: string | undefined;
  party?: string | undefined;
}

/** Things that a party is concerned with; the others are the hub's own affair. */
export const agedThingsOfParties = [
  'payables',
  'receivables',
  'unsettled',
  'transfers',
  'obligations',
  'reserves',
] as const satisfies AgedThing[];

/** Lines as `account, currency, ref, amount, since, status`; the parameters are currency and party. */
const filtered = (account: string): string => `($1::text IS NULL OR currency = $1) AND ($2::text IS NULL OR ${account} = $2)`;

const openLines = (prefix: string): string =>
  `SELECT account, currency, ref, amount_minor AS amount, since, kind AS status FROM finance.open_lines WHERE account LIKE '${prefix}' AND ${filtered('account')}`;

const waiting: Record<Exclude<AgedThing, 'payables' | 'receivables' | 'reserves'>, string> = {
  unsettled: `SELECT n.party AS account, w.currency, w.window_id AS ref, n.received_minor - n.paid_minor AS amount, w.closed_at AS since, w.state AS status
    FROM settlement.windows w JOIN settlement.window_nets n ON n.window_id = w.window_id
    WHERE w.state IN ('closed', 'settling') AND n.received_minor <> n.paid_minor
      AND ($1::text IS NULL OR w.currency = $1) AND ($2::text IS NULL OR n.party = $2)`,
  transfers: `SELECT account, currency, id AS ref, amount_minor AS amount, since, direction || ' ' || status AS status FROM finance.open_transfers
    WHERE ($1::text IS NULL OR currency = $1) AND ($2::text IS NULL OR account IN ($2, 'liquidity:' || $2))`,
  obligations: `SELECT debtor AS account, currency, obligation_id AS ref, amount_minor AS amount, since, 'to ' || creditor AS status
    FROM finance.due_obligations WHERE ($1::text IS NULL OR currency = $1) AND ($2::text IS NULL OR debtor = $2 OR creditor = $2)`,
  suspense: openLines('hub:suspense'),
  transit: openLines('transit:%'),
  disputes: openLines('dispute:%'),
};

/**
 * The age of a balance that only sums are known of: first in, first out. What has come last is what is left, so the newest hours that come to the balance
 * are what it is made of; what is older than all limits takes the rest.
 */
const balances: Record<Extract<AgedThing, 'payables' | 'receivables' | 'reserves'>, { balances: string; side: string }> = {
  payables: { balances: positions('>'), side: 'payee' },
  receivables: { balances: positions('<'), side: 'payer' },
  reserves: {
    balances: `SELECT account, currency, amount_minor AS balance FROM finance.open_lines
      WHERE account LIKE 'reserve:%' AND ($1::text IS NULL OR currency = $1) AND ($2::text IS NULL OR account = 'reserve:' || $2)`,
    side: 'payee',
  },
};

function positions(sign: '<' | '>'): string {
  return `SELECT party AS account, currency, balance_minor AS balance FROM settlement.positions WHERE balance_minor ${sign} 0 AND ${filtered('party')}`;
}

/** Buckets as rows `place, from_days, up_to`; parameter 3 is the list of their limits, 4 the present hour. The first takes what is of the future, too. */
const buckets = `SELECT place, up_to, lag(up_to) OVER (ORDER BY place) AS from_days FROM (
    SELECT ordinality::integer AS place, value::integer AS up_to FROM json_array_elements_text($3::json) WITH ORDINALITY
    UNION ALL SELECT json_array_length($3::json) + 1, NULL
  ) limits`;

function firstInFirstOut({ balances: of, side }: { balances: string; side: string }): string {
  return `SELECT account, currency, '' AS ref, CASE WHEN balance < 0 THEN -part ELSE part END AS amount, NULL::text AS since, NULL::text AS status, place, up_to
    FROM (
      SELECT account, currency, balance, place, up_to,
        CASE WHEN up_to IS NULL THEN GREATEST(abs(balance) - newer, 0) ELSE LEAST(GREATEST(abs(balance) - newer, 0), came) END AS part
      FROM (
        SELECT b.account, b.currency, b.balance, k.place, k.up_to, coalesce(s.came, 0) AS came,
          coalesce(sum(s.came) OVER (PARTITION BY b.account, b.currency ORDER BY k.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer
        FROM (${of}) b CROSS JOIN (${buckets}) k LEFT JOIN LATERAL (
          SELECT sum(h.amount_minor) AS came FROM finance.ways w JOIN finance.hourly_sums h ON h.way = w.way
          WHERE w.${side} = b.account AND w.currency = b.currency AND NOT w.external AND k.up_to IS NOT NULL
            AND h.hour > $4::integer - k.up_to * 24 AND (k.from_days IS NULL OR h.hour <= $4::integer - k.from_days * 24)
        ) s ON true
      ) running
    ) parts WHERE part <> 0`;
}

/** In hours. */
const age = `$4::integer - floor(extract(epoch FROM l.since::timestamptz) / 3600)::integer`;

const bySince = (lines: string): string => `SELECT l.*, k.place, k.up_to FROM (${lines}) l JOIN (${buckets}) k
  ON (k.from_days IS NULL OR ${age} >= k.from_days * 24) AND (k.up_to IS NULL OR ${age} < k.up_to * 24)`;

const linesOf = (thing: AgedThing): string =>
  thing === 'payables' || thing === 'receivables' || thing === 'reserves' ? firstInFirstOut(balances[thing]) : bySince(waiting[thing]);

interface Row {
  account: string;
  currency: string;
  ref: string;
  amount: string;
  since: string | null;
  status: string | null;
  place: number;
  upTo: number | null;
}

/**
 * What waits, by account; with its sums over all accounts that were asked for.
 * @param limits of the buckets, in days, ascending
 */
export async function agesOf(
  { tx }: Snapshot,
  thing: AgedThing,
  filter: AgeFilter,
  limits: readonly number[],
  now: Date,
  limit: number,
  after: string[] | undefined,
): Promise<Page<AgedLine> & { totals: AgedTotal[] }> {
  const presentHour = Math.floor(now.getTime() / 3_600_000);
  const given = [filter.currency ?? null, filter.party ?? null, JSON.stringify(limits), presentHour];
  const rows = await tx.query<Row>(
    `SELECT account, currency, ref, amount::text, since, status, place, up_to AS "upTo" FROM (${linesOf(thing)}) l
     WHERE ($5::text IS NULL OR (account, currency, ref, place) > ($5, $6, $7, $8::integer)) ORDER BY account, currency, ref, place LIMIT $9`,
    [...given, ...(cursorOf(after, 4) ?? [null, null, null, null]), limit + 1],
  );
  return {
    ...toPage(rows, limit, ({ account, currency, ref, place }) => [account, currency, ref, place], lineOf),
    totals: await totalsOf({ tx }, thing, given, limits),
  };
}

/** Of several things that wait, what they come to. */
export async function ageTotalsOf(
  { tx }: Snapshot,
  things: readonly AgedThing[],
  filter: AgeFilter,
  limits: readonly number[],
  now: Date,
): Promise<Partial<Record<AgedThing, AgedTotal[]>>> {
  const given = [filter.currency ?? null, filter.party ?? null, JSON.stringify(limits), Math.floor(now.getTime() / 3_600_000)];
  const all: Partial<Record<AgedThing, AgedTotal[]>> = {};
  for (const thing of things) all[thing] = await totalsOf({ tx }, thing, given, limits);
  return all;
}

async function totalsOf({ tx }: Pick<Snapshot, 'tx'>, thing: AgedThing, given: unknown[], limits: readonly number[]): Promise<AgedTotal[]> {
  const rows = await tx.query<{ currency: string; place: number; amount: string; lines: number }>(
    `SELECT currency, place, sum(amount)::text AS amount, count(*)::integer AS lines FROM (${linesOf(thing)}) l GROUP BY currency, place`,
    given,
  );
  return [...new Set(rows.map(({ currency }) => currency))].sort().map((currency) => {
    const own = rows.filter((row) => row.currency === currency);
    const amounts = [...limits, null].map((upToDays, index) => {
      const found = own.find(({ place }) => place === index + 1);
      return { upToDays, amountMinor: found ? inNumber(found.amount) : 0, lines: found?.lines ?? 0 };
    });
    return { currency, amountMinor: amounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0), buckets: amounts };
  });
}

const lineOf = ({ account, currency, ref, amount, since, status, upTo }: Row): AgedLine => ({
  ...{ account, currency, amountMinor: inNumber(amount), upToDays: upTo },
  ...(ref !== '' && { ref }),
  ...(since !== null && { since }),
  ...(status !== null && { status }),
});
