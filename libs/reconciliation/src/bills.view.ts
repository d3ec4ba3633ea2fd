import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, desc, eq, gte, lt, lte } from 'drizzle-orm';
import { positionIn } from './cursor.js';
import type { RowOf } from './reconciliation.rows.js';
import { bills, days, runs } from './reconciliation.tables.js';

export interface BillFilter {
  provider?: string | undefined;
  status?: RowOf<'bills'>['status'] | undefined;
  /** First and last day. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Bills and runs as the API shows them. Amounts are integers of minor units. */
export class BillViews {
  readonly #database: Database;

  constructor(client: SqlClient) {
    this.#database = drizzleOver(client);
  }

  /** The one that came last first. */
  async bills({ provider, status, from, to }: BillFilter, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(bills)
      .where(
        and(
          provider === undefined ? undefined : eq(bills.provider, provider),
          status === undefined ? undefined : eq(bills.status, status),
          from === undefined ? undefined : gte(bills.day, from),
          to === undefined ? undefined : lte(bills.day, to),
          after && lt(bills.position, positionIn(after[0])),
        ),
      )
      .orderBy(desc(bills.position))
      .limit(limit + 1);
    return toPage(rows, limit, ({ position }) => [position], billSummary);
  }

  async bill(billId: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(bills).where(eq(bills.billId, billId));
    return row && { ...billSummary(row), problems: row.problems ?? [] };
  }

  /** The one that began last first. */
  async runs({ provider, from, to }: Omit<BillFilter, 'status'>, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(runs)
      .where(
        and(
          provider === undefined ? undefined : eq(runs.provider, provider),
          from === undefined ? undefined : gte(runs.day, from),
          to === undefined ? undefined : lte(runs.day, to),
          after && lt(runs.position, positionIn(after[0])),
        ),
      )
      .orderBy(desc(runs.position))
      .limit(limit + 1);
    return toPage(rows, limit, ({ position }) => [position], runSummary);
  }

  async run(runId: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(runs).where(eq(runs.runId, runId));
    return row && { ...runSummary(row), terms: row.terms, report: row.report };
  }

  /** What a day has, and what its last run came to. */
  async day(provider: string, day: string): Promise<object | undefined> {
    const [row] = await this.#database
      .select()
      .from(days)
      .where(and(eq(days.provider, provider), eq(days.day, day)));
    if (!row) return undefined;
    const { trade, fund, runs: count, runId, state } = row;
    return { provider, day, bills: { trade, fund }, runs: count, runId, state };
  }
}

function billSummary(row: RowOf<'bills'>): object {
  const { billId, provider, bill, day, status, from, to, sha256, bytes, payout, by, receivedAt, verified, rows, lines, problemCount } = row;
  const { sums, account, importedAt, acceptedBy, note } = row;
  return {
    ...{ billId, provider, bill, day, status, from, to, sha256, bytes, by, receivedAt },
    ...(payout && { payout }),
    ...{ verified, rows, lines, problemCount, sums, account, importedAt, acceptedBy, note },
  };
}

function runSummary(row: RowOf<'runs'>): object {
  const {
    runId,
    provider,
    day,
    number,
    state,
    from,
    to,
    bills: used,
    previousRunId,
    requestedBy,
    startedAt,
    endedAt,
    carried,
    code,
    detail,
  } = row;
  const breaks = row.report?.breaks ?? [];
  const count = (of: 'found' | 'known') => breaks.reduce((sum, each) => sum + each[of], 0);
  return {
    ...{ runId, provider, day, number, state, from, to, bills: used, previousRunId, requestedBy, startedAt, endedAt },
    ...(row.report && { matched: row.report.matched, breaks: { found: count('found'), known: count('known') }, carried }),
    ...(code !== null && { code, detail }),
  };
}
