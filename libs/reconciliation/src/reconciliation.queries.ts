import type { ReconciliationTerms } from '@tongbao/contracts';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, count, eq, gt, inArray, isNotNull, isNull, lt, max, min, ne, not, or, sql } from 'drizzle-orm';
import type { RowOf } from './reconciliation.rows.js';
import {
  bankLines,
  bills,
  breaks,
  carriedLines,
  days,
  proposedTerms,
  providerPayouts,
  runs,
  terms,
  timeMarks,
} from './reconciliation.tables.js';
import type { TakenIn } from './run.matching.js';

export type OpenBreak = Pick<RowOf<'breaks'>, 'breakId' | 'movement' | 'on' | 'says'> & { paymentKey?: string };

const pageRows = 500;

/** All rows of a query that takes those after the last one: as one answer they would hold up the thread of the database, and this one, for all others. */
async function pageByPage<Row>(pageAfter: (last?: Row) => Promise<Row[]>): Promise<Row[]> {
  const all: Row[] = [];
  for (let page = await pageAfter(); page.length > 0; page = await pageAfter(page.at(-1))) {
    for (const row of page) all.push(row);
    if (page.length < pageRows) break;
  }
  return all;
}

/** What jobs read of their own projection to decide the next step. */
export class ReconciliationQueries {
  readonly #database: Database;

  constructor(client: SqlClient) {
    this.#database = drizzleOver(client);
  }

  async termsOf(provider: string): Promise<ReconciliationTerms | undefined> {
    const [row] = await this.#database.select().from(terms).where(eq(terms.provider, provider));
    return row?.terms;
  }

  allTerms(): Promise<RowOf<'terms'>[]> {
    return this.#database.select().from(terms).orderBy(asc(terms.provider));
  }

  allProposedTerms(): Promise<RowOf<'proposedTerms'>[]> {
    return this.#database.select().from(proposedTerms).orderBy(asc(proposedTerms.provider));
  }

  /** Bills that nobody has read yet, in the order in which they came. */
  async unreadBills(): Promise<string[]> {
    const rows = await this.#database
      .select({ billId: bills.billId })
      .from(bills)
      .where(eq(bills.status, 'received'))
      .orderBy(asc(bills.position));
    return rows.map(({ billId }) => billId);
  }

  async day(provider: string, day: string): Promise<RowOf<'days'> | undefined> {
    const [row] = await this.#database
      .select()
      .from(days)
      .where(and(eq(days.provider, provider), eq(days.day, day)));
    return row;
  }

  /** In order, so that each finds what the day before has carried. */
  async allDays(): Promise<{ provider: string; day: string }[]> {
    return this.#database.select({ provider: days.provider, day: days.day }).from(days).orderBy(asc(days.provider), asc(days.day));
  }

  async carriedDigest(runId: string): Promise<string | null> {
    const [row] = await this.#database.select({ digest: runs.carriedDigest }).from(runs).where(eq(runs.runId, runId));
    return row?.digest ?? null;
  }

  async carriedBy(runId: string): Promise<TakenIn[]> {
    const rows = await pageByPage((last?: { number: number }) =>
      this.#database
        .select({ number: carriedLines.number, side: carriedLines.side, movement: carriedLines.movement })
        .from(carriedLines)
        .innerJoin(runs, and(eq(runs.runId, carriedLines.runId), lt(carriedLines.number, runs.carried)))
        .where(and(eq(carriedLines.runId, runId), last && gt(carriedLines.number, last.number)))
        .orderBy(asc(carriedLines.number))
        .limit(pageRows),
    );
    return rows.map(({ side, movement }) => ({ side, movement }));
  }

  /** What was missing on other days and may turn up: not yet explained, or by a run of this very day. A note does not make it turn up less. */
  missingBreaks(provider: string, day: string): Promise<OpenBreak[]> {
    return this.#open(
      and(
        eq(breaks.provider, provider),
        ne(breaks.day, day),
        inArray(breaks.kind, ['missing_at_provider', 'missing_here']),
        ne(breaks.movement, 'payout'),
        or(inArray(breaks.status, ['open', 'resolved']), and(eq(breaks.status, 'explained'), eq(breaks.explainedBy, day))),
      ),
    );
  }

  /** What runs of a day have found and is open, or was explained by a try of this run that was killed. */
  breaksOfDay(provider: string, day: string, runId: string): Promise<OpenBreak[]> {
    const isOpen = or(eq(breaks.status, 'open'), and(eq(breaks.status, 'explained'), sql`${breaks.closing} ->> 'runId' = ${runId}`));
    return this.#open(and(eq(breaks.provider, provider), eq(breaks.day, day), ne(breaks.movement, 'payout'), isOpen));
  }

  openPayoutBreaks(provider: string): Promise<OpenBreak[]> {
    return this.#open(and(eq(breaks.provider, provider), eq(breaks.status, 'open'), eq(breaks.movement, 'payout')));
  }

  async #open(condition: ReturnType<typeof and>): Promise<OpenBreak[]> {
    const { breakId, movement, on, says, paymentKey } = breaks;
    const rows = await pageByPage((last?: { breakId: string }) =>
      this.#database
        .select({ breakId, movement, on, says, paymentKey })
        .from(breaks)
        .where(and(condition, last && gt(breakId, last.breakId)))
        .orderBy(asc(breakId))
        .limit(pageRows),
    );
    return rows.map(({ paymentKey: key, ...row }) => ({ ...row, ...(key !== null && { paymentKey: key }) }));
  }

  /** A place of the log after which all is that was written after a time, also where a clock was set back meanwhile; 0 where none is known. */
  async positionBefore(at: string): Promise<bigint> {
    const [later] = await this.#database
      .select({ position: min(timeMarks.position) })
      .from(timeMarks)
      .where(gt(timeMarks.at, at));
    const [before] = await this.#database
      .select({ position: max(timeMarks.position) })
      .from(timeMarks)
      .where(later?.position == null ? undefined : lt(timeMarks.position, later.position));
    return BigInt(before?.position ?? 0);
  }

  /** Payouts by bills that are no line of our bank yet, the oldest first. */
  openPayouts(provider: string): Promise<RowOf<'providerPayouts'>[]> {
    return this.#database
      .select()
      .from(providerPayouts)
      .where(and(eq(providerPayouts.provider, provider), isNull(providerPayouts.lineId)))
      .orderBy(asc(providerPayouts.paidAt), asc(providerPayouts.providerRef));
  }

  /** Lines of our bank that a provider paid and that are no payout of its bills yet, the oldest first. */
  openPayoutLines(provider: string): Promise<RowOf<'bankLines'>[]> {
    return this.#database
      .select()
      .from(bankLines)
      .where(and(eq(bankLines.provider, provider), eq(bankLines.status, 'open')))
      .orderBy(asc(bankLines.bookedAt), asc(bankLines.lineId));
  }

  /** Those that have paid us out, by their bills or by our bank. */
  async providersWithPayouts(): Promise<string[]> {
    const byBills = await this.#database.selectDistinct({ provider: providerPayouts.provider }).from(providerPayouts);
    const byBank = await this.#database
      .selectDistinct({ provider: bankLines.provider })
      .from(bankLines)
      .where(isNotNull(bankLines.provider));
    return [...new Set([...byBills, ...byBank].flatMap(({ provider }) => provider ?? []))];
  }

  async bankLine(bank: string, lineId: string): Promise<RowOf<'bankLines'> | undefined> {
    const [row] = await this.#database
      .select()
      .from(bankLines)
      .where(and(eq(bankLines.bank, bank), eq(bankLines.lineId, lineId)));
    return row;
  }

  /** Open breaks by kind and by whether they are older than times. */
  openBreaks(cuts: readonly string[]): Promise<{ kind: string; older: number; count: number }[]> {
    const older = olderThan(breaks.occurredAt, cuts);
    return this.#database
      .select({ kind: breaks.kind, older, count: count() })
      .from(breaks)
      .where(eq(breaks.status, 'open'))
      .groupBy(sql`1`, sql`2`);
  }

  openBankLines(cuts: readonly string[]): Promise<{ older: number; count: number }[]> {
    const older = olderThan(bankLines.bookedAt, cuts);
    return this.#database
      .select({ older, count: count() })
      .from(bankLines)
      .where(and(eq(bankLines.status, 'open'), isNull(bankLines.provider)))
      .groupBy(sql`1`);
  }

  /** By status; without those that are unfit while another bill is in their place. */
  async billCounts(): Promise<{ status: string; count: number }[]> {
    const used = sql`CASE ${bills.bill} WHEN 'trade' THEN ${days.trade} ELSE ${days.fund} END`;
    const isInPlace = and(eq(bills.status, 'unfit'), isNotNull(used));
    return this.#database
      .select({ status: bills.status, count: count() })
      .from(bills)
      .leftJoin(days, and(eq(days.provider, bills.provider), eq(days.day, bills.day)))
      .where(not(sql`coalesce(${isInPlace}, false)`))
      .groupBy(bills.status);
  }
}

/** How many of the times, which go back, something is older than. */
const olderThan = (column: typeof breaks.occurredAt | typeof bankLines.bookedAt, cuts: readonly string[]) =>
  sql<number>`(${sql.join(
    cuts.map((cut) => sql`(${column} < ${cut})::int`),
    sql` + `,
  )})`;
