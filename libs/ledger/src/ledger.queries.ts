import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, gte, inArray, lt, lte, sql } from 'drizzle-orm';
import { momentOf, revisionOf, type AsOf } from './as-of.js';
import { isImplicit, partyBehind } from './chart.js';
import { accountHistory, accounts, accountStatuses, type AccountRow } from './ledger.tables.js';

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

export interface AccountView {
  account: string;
  status: string;
  /** The only ones that commands may move in it; absent = all. */
  currencies?: string[];
  metadata?: Record<string, string>;
  balances: AccountSummary[];
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

/** What the projection knows of the books. Amounts are integers of minor units. */
export class LedgerQueries {
  readonly #database: Database;

  constructor(private readonly client: SqlClient) {
    this.#database = drizzleOver(client);
  }

  /** By account and currency. @param prefix such as `platform:` */
  async accounts(prefix: string | undefined, limit: number, after: string[] | undefined): Promise<Page<AccountSummary>> {
    const [account = '', currency = ''] = after ?? [];
    const later = after && sql`(${accounts.account}, ${accounts.currency}) > (${account}, ${currency})`;
    const within = prefix === undefined ? undefined : and(gte(accounts.account, prefix), lt(accounts.account, `${prefix}${lastCharacter}`));
    const rows = await this.#database
      .select()
      .from(accounts)
      .where(and(within, later))
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
  async account(account: string): Promise<AccountView | undefined> {
    const rows = await this.#database.select().from(accounts).where(eq(accounts.account, account)).orderBy(asc(accounts.currency));
    const [known] = await this.#database.select().from(accountStatuses).where(eq(accountStatuses.account, account));
    if (rows.length === 0 && !known) return undefined;
    const balances = rows.map((row) => summaryOf(row, known?.status));
    return {
      account,
      status: known?.status ?? balances[0]?.status ?? 'open',
      ...(known?.currencies && { currencies: known.currencies }),
      ...(known?.metadata && { metadata: Object.fromEntries(known.metadata.map(({ name, value }) => [name, value])) }),
      balances,
    };
  }

  /**
   * The balance now, or as a journal revision or a time left it; undefined when there is no such account.
   * @throws Problem invalid for a revision that is not there yet
   */
  async balance(account: string, currency: string, asOf: AsOf | undefined): Promise<BalanceAsOf | undefined> {
    if (asOf && 'revision' in asOf) await momentOf(this.client, asOf);
    const upTo = asOf && lte(accountHistory.revision, revisionOf(asOf));
    const [row] = await this.#database
      .select()
      .from(accountHistory)
      .where(and(eq(accountHistory.account, account), eq(accountHistory.currency, currency), upTo))
      .orderBy(desc(accountHistory.revision))
      .limit(1);
    if (!row) return (await this.account(account)) && { account, currency, postedMinor: 0, heldMinor: 0, availableMinor: 0 };
    return { account, currency, ...amountsOf(row), revision: row.revision, at: row.at };
  }

  async #statuses(names: string[]): Promise<Map<string, string>> {
    if (names.length === 0) return new Map();
    const rows = await this.#database.select().from(accountStatuses).where(inArray(accountStatuses.account, names));
    return new Map(rows.map(({ account, status }) => [account, status]));
  }
}

/** Behind every other one, in the order of their bytes. */
const lastCharacter = '\u{10FFFF}';

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
    status: status ?? (isImplicit(account) || partyBehind(account) !== undefined ? 'open' : 'unknown'),
    ...amountsOf(row),
    netMinor: toSafeInteger(netMinor),
    ...(minimumBalanceMinor !== null && { minimumBalanceMinor: toSafeInteger(minimumBalanceMinor) }),
    ...(netDebitCapMinor !== null && { netDebitCapMinor: toSafeInteger(netDebitCapMinor) }),
    entries: row.entries,
    revision,
    changedAt,
  };
}
