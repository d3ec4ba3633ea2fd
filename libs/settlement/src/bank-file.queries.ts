import type { AcceptedStatement } from '@tongbao/contracts';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, count, desc, eq, gt, lte, ne, sql as text } from 'drizzle-orm';
import { bankFiles, bankStatements, instructions, newestRuns, payoutRuns } from './bank-file.tables.js';
import { gapsOf, type StatementGap } from './bank-statement.gaps.js';
import type { RowOf } from './settlement.rows.js';

/** What waits for the next run. */
export interface PendingInstructions {
  count: number;
  oldestTakenAt: string;
  sums: Map<string, bigint>;
}

/** Statements that are looked at for gaps: some years of them. */
const statementsLookedAt = 2_000;

/** What the processes of a bank of files read of their own projection. */
export class BankFileQueries {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** The newest run of a bank, and where in the log it ends. */
  async newestRun(bank: string): Promise<{ sequence: number; cutOff: bigint }> {
    const [row] = await this.#database.select().from(newestRuns).where(eq(newestRuns.bank, bank));
    return row ?? { sequence: 0, cutOff: 0n };
  }

  async pending(bank: string): Promise<PendingInstructions | undefined> {
    const { cutOff } = await this.newestRun(bank);
    const waiting = and(eq(instructions.bank, bank), eq(instructions.status, 'taken'), gt(instructions.takenPosition, cutOff));
    const rows = await this.#database
      .select({
        currency: instructions.currency,
        count: count(),
        oldestTakenAt: text<string>`min(${instructions.takenAt})`,
        sum: text<string>`sum(${instructions.amountMinor})::text`,
      })
      .from(instructions)
      .where(waiting)
      .groupBy(instructions.currency);
    if (rows.length === 0) return undefined;
    return {
      count: rows.reduce((all, each) => all + each.count, 0),
      oldestTakenAt: rows.map(({ oldestTakenAt }) => oldestTakenAt).sort()[0] ?? '',
      sums: new Map(rows.map(({ currency, sum }) => [currency, BigInt(sum)])),
    };
  }

  /** Runs whose files are not out, in their order. */
  unwrittenRuns(bank: string): Promise<RowOf<'payoutRuns'>[]> {
    return this.#database
      .select()
      .from(payoutRuns)
      .where(and(eq(payoutRuns.bank, bank), ne(payoutRuns.status, 'written')))
      .orderBy(asc(payoutRuns.sequence));
  }

  async run(bank: string, runId: string): Promise<RowOf<'payoutRuns'> | undefined> {
    const [row] = await this.#database
      .select()
      .from(payoutRuns)
      .where(and(eq(payoutRuns.bank, bank), eq(payoutRuns.runId, runId)));
    return row;
  }

  /** What a run has: of a key that was given anew before the run closed, the newest attempt alone. */
  async instructionsOf({ bank, afterPosition, cutOff }: RowOf<'payoutRuns'>): Promise<RowOf<'instructions'>[]> {
    const span = and(gt(instructions.takenPosition, afterPosition), lte(instructions.takenPosition, cutOff));
    const rows = await this.#database
      .select()
      .from(instructions)
      .where(and(eq(instructions.bank, bank), span, ne(instructions.status, 'withdrawn')))
      .orderBy(asc(instructions.takenPosition));
    return [...new Map(rows.map((row) => [row.key, row])).values()];
  }

  async instruction(key: string, attempt: number): Promise<RowOf<'instructions'> | undefined> {
    const [row] = await this.#database
      .select()
      .from(instructions)
      .where(and(eq(instructions.key, key), eq(instructions.attempt, attempt)));
    return row;
  }

  /** The newest instruction that a bank calls by this name. */
  async instructionCalled(bank: string, endToEndId: string): Promise<RowOf<'instructions'> | undefined> {
    const [row] = await this.#database
      .select()
      .from(instructions)
      .where(and(eq(instructions.bank, bank), eq(instructions.endToEndId, endToEndId)))
      .orderBy(desc(instructions.attempt))
      .limit(1);
    return row;
  }

  /** Files that came by themselves, of which nothing counts, and which nobody has seen to. */
  async rejectedFiles(bank: string): Promise<number> {
    const unseen = and(eq(bankFiles.bank, bank), eq(bankFiles.status, 'rejected'), eq(bankFiles.by, 'hub'));
    const [row] = await this.#database.select({ count: count() }).from(bankFiles).where(unseen);
    return row?.count ?? 0;
  }

  /** Where the bank's statements do not follow one another. */
  async gaps(bank: string): Promise<StatementGap[]> {
    return gapsOf(await this.#statements(bank));
  }

  async #statements(bank: string): Promise<AcceptedStatement[]> {
    const rows = await this.#database
      .select({ statement: bankStatements.statement })
      .from(bankStatements)
      .where(eq(bankStatements.bank, bank))
      .orderBy(desc(bankStatements.position), desc(bankStatements.identity))
      .limit(statementsLookedAt);
    return rows.map(({ statement }) => statement).reverse();
  }
}
