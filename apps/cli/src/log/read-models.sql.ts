import { setTimeout as delay } from 'node:timers/promises';
import type { JournalTransfer } from '@tongbao/contracts';
import { SqlError, type SqlClient } from '@tongbao/read-model';
import { CommandFailed } from '../exit-codes.js';
import type { AccountRow, EntryRow, ReadModels } from './read-models.js';

const lookEveryMs = 100;
const accountsAtOnce = 2_000;
const shownExtras = 20;

type AccountSelection = Omit<AccountRow, 'entries'> & { entries: string };

interface EntrySelection {
  number: string;
  revision: number;
  kind: string;
  ref: string;
  position: string | null;
  transfers: JournalTransfer[];
  corrects: string | null;
  correctedBy: number[] | null;
  note: string | null;
  postedAt: string;
}

const entryColumns =
  'number, revision, kind, ref, position, transfers, corrects, corrected_by AS "correctedBy", note, posted_at AS "postedAt"';

/** The rows as they are in the database. */
export class SqlReadModels implements ReadModels {
  readonly entriesAtOnce = 1_000;

  /** @param patienceMs how long the rows may take to come up to the journal */
  constructor(
    private readonly sql: SqlClient,
    private readonly patienceMs = 10_000,
  ) {}

  async behind(position: bigint): Promise<string | undefined> {
    const giveUpAt = performance.now() + this.patienceMs;
    for (;;) {
      const reached = await this.#position();
      if (reached >= position) return undefined;
      if (performance.now() > giveUpAt) return `the rows are those of position ${reached}, and the journal goes to ${position}`;
      await delay(lookEveryMs);
    }
  }

  async entries(begin: number, end: number): Promise<EntryRow[]> {
    const rows = await this.sql.query<EntrySelection>(
      `SELECT ${entryColumns} FROM ledger.entries WHERE number >= $1 AND number < $2 ORDER BY number`,
      [begin, end],
    );
    return rows.map((row) => ({
      ...row,
      number: Number(row.number),
      corrects: row.corrects === null ? null : Number(row.corrects),
      correctedBy: row.correctedBy ?? [],
    }));
  }

  async entriesFrom(begin: number): Promise<number[]> {
    const rows = await this.sql.query<{ number: string }>(
      `SELECT number FROM ledger.entries WHERE number >= $1 OR number < 0 ORDER BY number LIMIT ${shownExtras}`,
      [begin],
    );
    return rows.map(({ number }) => Number(number));
  }

  async *accounts(): AsyncGenerator<readonly AccountRow[]> {
    let after: readonly [string, string] = ['', ''];
    for (;;) {
      const rows = await this.sql.query<AccountSelection>(
        `SELECT a.account, a.currency, s.status, a.posted_minor AS "postedMinor", a.held_minor AS "heldMinor", a.net_minor AS "netMinor",
           a.debited_minor AS "debitedMinor", a.payout_held_minor AS "payoutHeldMinor", a.minimum_balance_minor AS "minimumBalanceMinor",
           a.net_debit_cap_minor AS "netDebitCapMinor", a.entries, a.revision, a.changed_at AS "changedAt"
         FROM ledger.accounts a LEFT JOIN ledger.account_statuses s ON s.account = a.account
         WHERE (a.account, a.currency) > ($1, $2) ORDER BY a.account, a.currency LIMIT ${accountsAtOnce}`,
        [...after],
      );
      if (rows.length > 0)
        yield rows.map(({ entries, status, ...row }) => ({ ...row, entries: Number(entries), status: status ?? undefined }));
      const last = rows.at(-1);
      if (!last || rows.length < accountsAtOnce) return;
      after = [last.account, last.currency];
    }
  }

  close(): Promise<void> {
    return this.sql.close();
  }

  /** Log position that the projection has come to. */
  async #position(): Promise<bigint> {
    try {
      const [row] = await this.sql.query<{ position: string }>('SELECT position FROM ledger.hub_generations WHERE live');
      return BigInt(row?.position ?? 0);
    } catch (error) {
      if (error instanceof SqlError)
        throw new CommandFailed(`there are no rows of the ledger in this database: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
