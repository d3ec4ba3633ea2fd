import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, gt, inArray, like, lt, lte, or, type SQL } from 'drizzle-orm';
import { isImplicit } from './chart.js';
import {
  accountHistory,
  accounts,
  accountStatuses,
  entries,
  holds,
  progress,
  type AccountRow,
  type EntryRow,
  type HoldRow,
} from './ledger.tables.js';

export interface AccountSummary {
  account: string;
  currency: string;
  status: string;
  postedMinor: number;
  heldMinor: number;
  availableMinor: number;
  netMinor: number;
  minimumBalanceMinor?: number;
  netDebitCapMinor?: number;
  entries: number;
  revision: number;
  changedAt: string;
}

export interface BalanceAsOf {
  account: string;
  currency: string;
  postedMinor: number;
  heldMinor: number;
  availableMinor: number;
  /** Of the journal event that left it so; absent before the first. */
  revision?: number;
  at?: string;
}

export interface EntryView {
  number: number;
  kind: string;
  ref: string;
  transfers: EntryRow['transfers'];
  postedAt: string;
  revision: number;
  position?: string;
  corrects?: number;
  correctedBy?: number[];
  note?: string;
}

/** A journal revision, or a time as ISO 8601 in UTC. */
export type AsOf = { revision: number } | { time: string };

const historyRowsAtOnce = 20;
const mostCurrencies = 500;

/** What the projection knows of the books. Amounts are integers of minor units. */
export class LedgerQueries {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** Revision of the newest journal event that answers reflect; undefined before the first. */
  async revision(): Promise<number | undefined> {
    const [row] = await this.#database.select().from(progress).orderBy(desc(progress.revision)).limit(1);
    return row?.revision;
  }

  /** By account and currency. @param prefix such as `platform:` */
  async accounts(prefix: string | undefined, limit: number, after: string[] | undefined): Promise<Page<AccountSummary>> {
    const [account = '', currency = ''] = after ?? [];
    const later = after && or(gt(accounts.account, account), and(eq(accounts.account, account), gt(accounts.currency, currency)));
    const rows = await this.#database
      .select()
      .from(accounts)
      .where(and(prefix === undefined ? undefined : like(accounts.account, `${escaped(prefix)}%`), later))
      .orderBy(asc(accounts.account), asc(accounts.currency))
      .limit(limit + 1);
    const statuses = await this.#statuses(rows.map((row) => row.account));
    return toPage(
      rows,
      limit,
      (row) => [row.account, row.currency],
      (row) => summaryOf(row, statuses.get(row.account)),
    );
  }

  /** One account in all its currencies; undefined when there is no such account. */
  async account(account: string): Promise<{ account: string; status: string; balances: AccountSummary[] } | undefined> {
    const rows = await this.#database.select().from(accounts).where(eq(accounts.account, account)).orderBy(asc(accounts.currency));
    const status = (await this.#statuses([account])).get(account);
    if (rows.length === 0 && status === undefined) return undefined;
    return { account, status: status ?? 'open', balances: rows.map((row) => summaryOf(row, status)) };
  }

  /** The balance now, or as a journal revision or a time left it; undefined when there is no such account. */
  async balance(account: string, currency: string, asOf: AsOf | undefined): Promise<BalanceAsOf | undefined> {
    const upTo = asOf && ('revision' in asOf ? lte(accountHistory.revision, asOf.revision) : lte(accountHistory.at, asOf.time));
    const [row] = await this.#database
      .select()
      .from(accountHistory)
      .where(and(eq(accountHistory.account, account), eq(accountHistory.currency, currency), upTo))
      .orderBy(desc(accountHistory.revision))
      .limit(1);
    if (!row) return (await this.account(account)) && { account, currency, postedMinor: 0, heldMinor: 0, availableMinor: 0 };
    return { account, currency, ...amountsOf(row), revision: row.revision, at: row.at };
  }

  /** Newest first. */
  async entriesOf(account: string, limit: number, after: string[] | undefined): Promise<Page<EntryView>> {
    const [before = Infinity, lastRevision] = (after ?? []).map(Number);
    const numbers = new Set<number>();
    // The page before may have ended within an event: that one is read again, up to the entry that the page ended with.
    for (let upTo = lastRevision; numbers.size <= limit;) {
      const rows = await this.#historyOf(account, upTo);
      for (const row of rows) for (const number of row.entries) if (number < before) numbers.add(number);
      const oldest = rows.at(-1);
      if (!oldest) break;
      upTo = oldest.revision - 1;
    }
    const wanted = [...numbers].sort((a, b) => b - a).slice(0, limit + 1);
    const found =
      wanted.length === 0
        ? []
        : await this.#database.select().from(entries).where(inArray(entries.number, wanted)).orderBy(desc(entries.number));
    return toPage(found, limit, ({ number, revision }) => [number, revision], viewOf);
  }

  /** In the order of the books. */
  async entriesAbout(ref: string, limit: number, after: string[] | undefined): Promise<Page<EntryView>> {
    const later = after?.[0] === undefined ? undefined : gt(entries.number, Number(after[0]));
    const rows = await this.#database
      .select()
      .from(entries)
      .where(and(eq(entries.ref, ref), later))
      .orderBy(asc(entries.number))
      .limit(limit + 1);
    return toPage(rows, limit, ({ number }) => [number], viewOf);
  }

  async entry(number: number): Promise<EntryView | undefined> {
    const [row] = await this.#database.select().from(entries).where(eq(entries.number, number));
    return row && viewOf(row);
  }

  async hold(holdId: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(holds).where(eq(holds.holdId, holdId));
    return row && holdView(row);
  }

  /** Some events of an account, newest first, each in all its currencies. */
  async #historyOf(account: string, upTo: number | undefined) {
    const rows = (condition: SQL | undefined, limit: number) =>
      this.#database
        .select({ revision: accountHistory.revision, currency: accountHistory.currency, entries: accountHistory.entries })
        .from(accountHistory)
        .where(and(eq(accountHistory.account, account), condition))
        .orderBy(desc(accountHistory.revision), desc(accountHistory.currency))
        .limit(limit);
    const some = await rows(upTo === undefined ? undefined : lte(accountHistory.revision, upTo), historyRowsAtOnce);
    const oldest = some.at(-1);
    if (!oldest || some.length < historyRowsAtOnce) return some;
    const rest = and(eq(accountHistory.revision, oldest.revision), lt(accountHistory.currency, oldest.currency));
    return [...some, ...(await rows(rest, mostCurrencies))];
  }

  async #statuses(names: string[]): Promise<Map<string, string>> {
    if (names.length === 0) return new Map();
    const rows = await this.#database.select().from(accountStatuses).where(inArray(accountStatuses.account, names));
    return new Map(rows.map(({ account, status }) => [account, status]));
  }
}

/** So that a prefix means itself. */
const escaped = (prefix: string): string => prefix.replace(/[\\%_]/g, '\\$&');

function amountsOf({ postedMinor, heldMinor }: { postedMinor: bigint; heldMinor: bigint }) {
  const amounts = { postedMinor, heldMinor, availableMinor: postedMinor - heldMinor };
  return {
    postedMinor: toSafeInteger(amounts.postedMinor),
    heldMinor: toSafeInteger(heldMinor),
    availableMinor: toSafeInteger(amounts.availableMinor),
  };
}

function summaryOf(row: AccountRow, status: string | undefined): AccountSummary {
  const { account, currency, netMinor, minimumBalanceMinor, netDebitCapMinor, revision, changedAt } = row;
  return {
    account,
    currency,
    status: status ?? (isImplicit(account) ? 'open' : 'unknown'),
    ...amountsOf(row),
    netMinor: toSafeInteger(netMinor),
    ...(minimumBalanceMinor !== null && { minimumBalanceMinor: toSafeInteger(minimumBalanceMinor) }),
    ...(netDebitCapMinor !== null && { netDebitCapMinor: toSafeInteger(netDebitCapMinor) }),
    entries: row.entries,
    revision,
    changedAt,
  };
}

function viewOf({ number, kind, ref, transfers, postedAt, revision, position, corrects, correctedBy, note }: EntryRow): EntryView {
  return {
    ...{ number, kind, ref, transfers, postedAt, revision },
    ...(position !== null && { position: String(position) }),
    ...(corrects !== null && { corrects }),
    ...(correctedBy !== null && { correctedBy }),
    ...(note !== null && { note }),
  };
}

function holdView({ expiresAt, endedAt, entry, ...hold }: HoldRow): object {
  return { ...hold, ...(expiresAt !== null && { expiresAt }), ...(endedAt !== null && { endedAt }), ...(entry !== null && { entry }) };
}
