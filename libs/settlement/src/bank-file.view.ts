import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { and, desc, eq, lt } from 'drizzle-orm';
import { BankFileQueries } from './bank-file.queries.js';
import { bankFiles, payoutRuns } from './bank-file.tables.js';
import type { RowOf } from './settlement.rows.js';

/** Files to and from a bank, as the API shows them. */
export class BankFileViews {
  readonly #database: Database;
  readonly #queries: BankFileQueries;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
    this.#queries = new BankFileQueries(sql);
  }

  /** Files that came from the bank, the newest first, and where its statements do not follow one another. */
  async files(
    bank: string,
    status: string | undefined,
    limit: number,
    after: string[] | undefined,
  ): Promise<Page<object> & { gaps: object[] }> {
    const rows = await this.#database
      .select()
      .from(bankFiles)
      .where(
        and(
          eq(bankFiles.bank, bank),
          status === undefined ? undefined : eq(bankFiles.status, statusOf(status)),
          after && lt(bankFiles.position, integerOf(after[0])),
        ),
      )
      .orderBy(desc(bankFiles.position))
      .limit(limit + 1);
    const page = toPage(rows, limit, (row) => [row.position], shownFile);
    return { ...page, gaps: await this.#queries.gaps(bank) };
  }

  /** The newest first. */
  async runs(bank: string, limit: number, after: string[] | undefined): Promise<Page<object> & { waiting: object }> {
    const rows = await this.#database
      .select()
      .from(payoutRuns)
      .where(and(eq(payoutRuns.bank, bank), after && lt(payoutRuns.sequence, Number(integerOf(after[0])))))
      .orderBy(desc(payoutRuns.sequence))
      .limit(limit + 1);
    const waiting = await this.#queries.pending(bank);
    const sums = [...(waiting?.sums ?? [])].map(([currency, amount]) => ({ currency, amountMinor: toSafeInteger(amount) }));
    const page = toPage(rows, limit, (row) => [row.sequence], shownRun);
    return { ...page, waiting: { instructions: waiting?.count ?? 0, sums } };
  }

  async run(bank: string, sequence: number): Promise<object | undefined> {
    const [row] = await this.#database
      .select()
      .from(payoutRuns)
      .where(and(eq(payoutRuns.bank, bank), eq(payoutRuns.sequence, sequence)));
    if (!row) return undefined;
    const instructions = await this.#queries.instructionsOf(row);
    return { ...shownRun(row), instructions: instructions.map(shownInstruction) };
  }
}

const statuses = ['proposed', 'accepted', 'rejected', 'acknowledged'] as const;

function statusOf(text: string): (typeof statuses)[number] {
  const found = statuses.find((each) => each === text);
  if (!found) throw new Problem('invalid', `status must be one of ${statuses.join(', ')}.`, 'status');
  return found;
}

/** A number that a cursor carries: whoever sends it may have made it up. */
function integerOf(part: string | undefined): bigint {
  if (part !== undefined && /^\d{1,18}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}

function shownFile(row: RowOf<'bankFiles'>): object {
  const { bank, fileId, name, status, message, by, at, lines, reports, problem, note } = row;
  return { bank, fileId, name, status, message, by, at, lines, reports, problem, note };
}

function shownRun(row: RowOf<'payoutRuns'>): object {
  const { bank, sequence, runId, status, reason, closedBy, closedAt, executionDate, collectionDate, cutOff, releasedBy, files } = row;
  const dates = { closedAt, executionDate, collectionDate, cutOff: String(cutOff) };
  return { bank, sequence, runId, status, reason, closedBy, ...dates, releasedBy, files };
}

function shownInstruction(row: RowOf<'instructions'>): object {
  const { key, attempt, endToEndId, direction, amountMinor, currency, accountNumber, holder, reference, status, code, information } = row;
  const money = { direction, amountMinor: toSafeInteger(amountMinor), currency };
  return { key, attempt, endToEndId, ...money, accountNumber, holder, reference, status, code, information, takenAt: row.takenAt };
}
