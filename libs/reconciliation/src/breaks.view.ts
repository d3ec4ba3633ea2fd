import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { stringify } from 'csv-stringify/sync';
import { and, count, desc, eq, gte, inArray, isNotNull, isNull, lt, sql, sum, type SQL } from 'drizzle-orm';
import { ageCuts, ageOf, ages, type Age } from './ages.js';
import type { BreakStatus } from './break.js';
import { positionIn } from './cursor.js';
import type { RowOf } from './reconciliation.rows.js';
import { breaks } from './reconciliation.tables.js';

export interface BreakFilter {
  provider?: string | undefined;
  kind?: RowOf<'breaks'>['kind'] | undefined;
  status?: BreakStatus | undefined;
  owner?: string | undefined;
  /** Whether it waits for an approval. */
  proposed?: boolean | undefined;
  currency?: string | undefined;
  age?: Age | undefined;
  day?: string | undefined;
}

export interface BreakTotals {
  count: number;
  byKind: { kind: string; currency: string; age: Age; count: number; differenceMinor: number }[];
}

type Total = { kind: string; currency: string; older: number; count: number; difference: string | null };

/** Breaks as the API shows them. Amounts are integers of minor units, signed as our money at the provider changes: bill less events. */
export class BreakViews {
  readonly #client: SqlClient;

  constructor(client: SqlClient) {
    this.#client = client;
  }

  /** The newest first; with totals of all that the filter lets through, of the same moment as the rows. */
  async breaks(
    filter: BreakFilter,
    now: Date,
    limit: number,
    after: string[] | undefined,
  ): Promise<Page<object> & { totals: BreakTotals }> {
    const condition = conditionOf(filter, now);
    return this.#client.transaction(async (tx) => {
      const database = drizzleOver(tx);
      const rows = await database
        .select()
        .from(breaks)
        .where(and(condition, after && lt(breaks.position, positionIn(after[0]))))
        .orderBy(desc(breaks.position))
        .limit(limit + 1);
      const page = toPage(
        rows,
        limit,
        ({ position }) => [position],
        (row) => breakSummary(row, now),
      );
      return { ...page, totals: await totalsOf(database, condition, now) };
    });
  }

  async break(breakId: string, now: Date): Promise<object | undefined> {
    const [row] = await drizzleOver(this.#client).select().from(breaks).where(eq(breaks.breakId, breakId));
    if (!row) return undefined;
    const { subject, says, extra, differences, comments, proposal, closing } = row;
    return { ...breakSummary(row, now), subject, says, ...(extra && { extra }), differences, comments, proposal, closing };
  }

  /** Page by page, so that as many as there are need no memory. */
  async *csv(filter: BreakFilter, now: Date): AsyncGenerator<string> {
    yield stringify([[...csvColumns]]);
    const database = drizzleOver(this.#client);
    for (let after: bigint | undefined; ;) {
      const rows = await database
        .select()
        .from(breaks)
        .where(and(conditionOf(filter, now), after === undefined ? undefined : lt(breaks.position, after)))
        .orderBy(desc(breaks.position))
        .limit(csvPage);
      if (rows.length > 0)
        yield stringify(
          rows.map((row) => csvRow(row, now)),
          { escape_formulas: true },
        );
      if (rows.length < csvPage) return;
      after = rows.at(-1)?.position;
    }
  }
}

const csvPage = 500;

async function totalsOf(database: Database, condition: SQL | undefined, now: Date): Promise<BreakTotals> {
  const rows: Total[] = await database
    .select({
      kind: breaks.kind,
      currency: breaks.currency,
      older: olderThan(now),
      count: count(),
      difference: sum(breaks.differenceMinor),
    })
    .from(breaks)
    .where(condition)
    .groupBy(sql`1`, sql`2`, sql`3`)
    .orderBy(sql`1`, sql`2`, sql`3`);
  return {
    count: rows.reduce((all, row) => all + row.count, 0),
    byKind: rows.map(({ kind, currency, older, count: rowCount, difference }) => ({
      ...{ kind, currency, age: ageOf(older), count: rowCount },
      differenceMinor: toSafeInteger(BigInt(difference ?? 0)),
    })),
  };
}

const olderThan = (now: Date) =>
  sql<number>`(${sql.join(
    ageCuts(now).map((cut) => sql`(${breaks.occurredAt} < ${cut})::int`),
    sql` + `,
  )})`;

function conditionOf({ provider, kind, status, owner, proposed, currency, age, day }: BreakFilter, now: Date): SQL | undefined {
  const equal = (
    column: typeof breaks.provider | typeof breaks.owner | typeof breaks.currency | typeof breaks.day,
    value: string | undefined,
  ) => (value === undefined ? undefined : eq(column, value));
  return and(
    equal(breaks.provider, provider),
    kind === undefined ? undefined : inArray(breaks.kind, [kind]),
    status === undefined ? undefined : inArray(breaks.status, [status]),
    owner === '' ? isNull(breaks.owner) : equal(breaks.owner, owner),
    proposed === undefined ? undefined : proposed ? isNotNull(breaks.proposal) : isNull(breaks.proposal),
    equal(breaks.currency, currency),
    equal(breaks.day, day),
    age && ofAge(age, now),
  );
}

function ofAge(age: Age, now: Date): SQL | undefined {
  const cuts = ageCuts(now);
  const index = ages.indexOf(age);
  const [notBefore, before] = [cuts[index], cuts[index - 1]];
  return and(
    notBefore === undefined ? undefined : gte(breaks.occurredAt, notBefore),
    before === undefined ? undefined : lt(breaks.occurredAt, before),
  );
}

const ageOfRow = ({ occurredAt }: RowOf<'breaks'>, now: Date): Age => ageOf(ageCuts(now).filter((cut) => occurredAt < cut).length);

function breakSummary(row: RowOf<'breaks'>, now: Date): object {
  const {
    breakId,
    provider,
    kind,
    status,
    day,
    runId,
    movement,
    ourKey,
    providerRef,
    paymentKey,
    paymentId,
    on,
    currency,
    occurredAt,
    foundAt,
  } = row;
  return {
    ...{ breakId, provider, kind, status, day, runId, movement, ourKey, providerRef, paymentKey, paymentId, on, currency },
    ...{ differenceMinor: toSafeInteger(row.differenceMinor), occurredAt, foundAt, age: ageOfRow(row, now), owner: row.owner },
    isProposed: row.proposal !== null,
    proposalId: row.proposal?.proposalId ?? null,
  };
}

const csvColumns = [
  'breakId',
  'provider',
  'day',
  'kind',
  'movement',
  'status',
  'age',
  'occurredAt',
  'foundAt',
  'currency',
  'differenceMinor',
  'on',
  'ourKey',
  'providerRef',
  'paymentId',
  'owner',
  'note',
] as const;

/** A text that would be taken for a formula by a spreadsheet is quoted by the writer. */
const csvRow = (row: RowOf<'breaks'>, now: Date): string[] => [
  row.breakId,
  row.provider,
  row.day,
  row.kind,
  row.movement,
  row.status,
  ageOfRow(row, now),
  row.occurredAt,
  row.foundAt,
  row.currency,
  String(row.differenceMinor),
  row.on.join(' '),
  row.ourKey ?? '',
  row.providerRef ?? '',
  row.paymentId ?? '',
  row.owner ?? '',
  row.closing?.note ?? '',
];
