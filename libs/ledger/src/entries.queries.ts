import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { encodeCursor, toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, gte, inArray, lt, or, sql, type SQL } from 'drizzle-orm';
import { accountEvents, type Order, type Span } from './account-events.js';
import { integerIn } from './cursor-parts.js';
import { accounts, entries, type EntryRow } from './ledger.tables.js';

export interface EntryView {
  number: number;
  kind: string;
  ref: string;
  transfers: EntryRow['transfers'];
  postedAt: string;
  revision: number;
  /** Log position of the fact that it posts; absent for a command's entry. */
  sourcePosition?: string;
  corrects?: number;
  correctedBy?: number[];
  note?: string;
}

/** An entry as one of the accounts that it moved sees it. */
export interface AccountEntry extends EntryView {
  /** What it did to the account, by currency. */
  changes: { currency: string; amountMinor: number }[];
}

export interface EntryFilter {
  /** Type of the fact or command that it posts. */
  kind?: string | undefined;
  currency?: string | undefined;
  /** Where the money of the account went to or came from. */
  counterparty?: string | undefined;
  /** Posted at or after, in UTC. */
  from?: string | undefined;
  /** Posted before. */
  to?: string | undefined;
}

export interface EntryPage {
  order: Order;
  limit: number;
  after: string[] | undefined;
}

/** How many entries a page looks at to find those that a filter lets through: it ends there, and the next one goes on. */
const mostLookedAt = 5_000;
const lookedAtAtOnce = 500;
const mostCorrections = 100;

/** Entries by what they moved and by what they are about. Pages hold what was there when they were asked for; what comes meanwhile displaces nothing. */
export class EntryQueries {
  /** @param lookAt how many entries one page looks at */
  constructor(
    private readonly client: SqlClient,
    private readonly lookAt = mostLookedAt,
  ) {}

  /**
   * Entries that moved an account. With a filter, a page may hold fewer than asked for, or none, and have a next one.
   */
  ofAccount(account: string, filter: EntryFilter, page: EntryPage): Promise<Page<AccountEntry>> {
    return this.client.transaction(async (tx) => {
      const database = drizzleOver(tx);
      const span = withinPage(await spanOf(tx, filter), page);
      const matches = and(touching(account, filter), filter.kind === undefined ? undefined : eq(entries.kind, filter.kind));
      const view = (row: EntryRow): AccountEntry => ({ ...viewOf(row), changes: changesOf(row, account) });
      if (filter.kind !== undefined && (await this.#isRare(tx, filter.kind, span))) {
        const rows = await inOrder(database, and(matches, within(span)), page);
        return toPage(rows, page.limit, cursorOf, view);
      }
      const { rows, last } = await this.#search(tx, await leastMoved(database, account, filter), matches, span, page);
      const found = toPage(rows, page.limit, cursorOf, view);
      return last && found.next === undefined ? { items: found.items, next: encodeCursor([last.number, last.revision]) } : found;
    });
  }

  /** Entries about a payment, a payout, a bank line. */
  about(ref: string, filter: EntryFilter, page: EntryPage): Promise<Page<EntryView>> {
    return this.client.transaction(async (tx) => {
      const span = withinPage(await spanOf(tx, filter), page);
      const { kind, currency } = filter;
      const condition = and(
        eq(entries.ref, ref),
        within(span),
        kind === undefined ? undefined : eq(entries.kind, kind),
        currency === undefined ? undefined : containing({ currency }),
      );
      return toPage(await inOrder(drizzleOver(tx), condition, page), page.limit, cursorOf, viewOf);
    });
  }

  /** One entry, with those that correct it. */
  async entry(number: number): Promise<(EntryView & { corrections?: EntryView[] }) | undefined> {
    return this.client.transaction(async (tx) => {
      const database = drizzleOver(tx);
      const [row] = await database.select().from(entries).where(eq(entries.number, number));
      if (!row?.correctedBy) return row && viewOf(row);
      const wanted = row.correctedBy.slice(0, mostCorrections);
      const corrections = await database.select().from(entries).where(inArray(entries.number, wanted)).orderBy(asc(entries.number));
      return { ...viewOf(row), corrections: corrections.map(viewOf) };
    });
  }

  /** Whether all entries of a kind are few enough to be looked at for one page. */
  async #isRare(tx: SqlClient, kind: string, { firstEntry, endEntry }: Span): Promise<boolean> {
    const [row] = await tx.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM (
         SELECT FROM ledger.entries WHERE kind = $1 AND number >= $2 AND number < $3 ORDER BY number LIMIT ${this.lookAt}
       ) found`,
      [kind, firstEntry, endEntry],
    );
    return (row?.count ?? 0) < this.lookAt;
  }

  /** Goes through an account's entries until a page is full or enough were looked at; then with the last one looked at. */
  async #search(
    tx: SqlClient,
    { account, currencies }: { account: string; currencies: string[] },
    matches: SQL | undefined,
    span: Span,
    page: EntryPage,
  ): Promise<{ rows: EntryRow[]; last?: { number: number; revision: number } }> {
    const database = drizzleOver(tx);
    const rows: EntryRow[] = [];
    let lookedAt = 0;
    for await (const some of accountEvents(tx, account, currencies, span, page.order, Math.min(page.limit + 1, lookedAtAtOnce))) {
      const numbers = some.map(({ number }) => number);
      rows.push(...(await inOrder(database, and(inArray(entries.number, numbers), matches), page)));
      if (rows.length > page.limit) return { rows: rows.slice(0, page.limit + 1) };
      lookedAt += some.length;
      const last = some.at(-1);
      if (lookedAt >= this.lookAt && last) return { rows, last };
    }
    return { rows };
  }
}

const cursorOf = ({ number, revision }: EntryRow): [number, number] => [number, revision];

function inOrder(database: Database, condition: SQL | undefined, { order, limit }: EntryPage): Promise<EntryRow[]> {
  const direction = order === 'newest' ? desc : asc;
  return database
    .select()
    .from(entries)
    .where(condition)
    .orderBy(direction(entries.number))
    .limit(limit + 1);
}

const within = ({ firstEntry, endEntry }: Span): SQL | undefined => and(gte(entries.number, firstEntry), lt(entries.number, endEntry));

/** Has a transfer like this. */
const containing = (transfer: object): SQL => sql`${entries.transfers} @> ${JSON.stringify([transfer])}::jsonb`;

/** Has a transfer of the account, in the currency, with the counterparty. */
function touching(account: string, { currency, counterparty }: EntryFilter): SQL | undefined {
  const same = currency === undefined ? {} : { currency };
  const [to, from] = counterparty === undefined ? [{}, {}] : [{ to: counterparty }, { from: counterparty }];
  return or(containing({ ...same, from: account, ...to }), containing({ ...same, to: account, ...from }));
}

/** Of the account and its counterparty, the one whose entries are fewer, with the currencies to look in. */
async function leastMoved(
  database: Database,
  account: string,
  { counterparty, currency }: EntryFilter,
): Promise<{ account: string; currencies: string[] }> {
  const candidates = counterparty === undefined ? [account] : [account, counterparty];
  const rows = await database
    .select({ account: accounts.account, currency: accounts.currency, entries: accounts.entries })
    .from(accounts)
    .where(and(inArray(accounts.account, candidates), currency === undefined ? undefined : eq(accounts.currency, currency)));
  const all = candidates.map((candidate) => {
    const own = rows.filter((row) => row.account === candidate);
    return { account: candidate, currencies: own.map((row) => row.currency), moved: own.reduce((sum, row) => sum + row.entries, 0) };
  });
  return all.reduce((least, each) => (each.moved < least.moved ? each : least));
}

const everything: Span = { firstEntry: 0, endEntry: Number.MAX_SAFE_INTEGER, firstRevision: 0, endRevision: 2 ** 31 - 1 };

/** The entries and journal events of a time. */
async function spanOf(tx: SqlClient, { from, to }: EntryFilter): Promise<Span> {
  const [first, end] = [from && (await firstSince(tx, from)), to && (await firstSince(tx, to))];
  return {
    ...everything,
    ...(first && { firstEntry: first.entry, firstRevision: first.revision }),
    ...(end && { endEntry: end.entry, endRevision: end.revision }),
  };
}

/** The first journal event at or after a time; after all that there are when there is none. */
async function firstSince(tx: SqlClient, time: string): Promise<{ revision: number; entry: number }> {
  const [row] = await tx.query<{ revision: number; entry: string }>(
    'SELECT revision, first_entry AS entry FROM ledger.revisions WHERE at >= $1 ORDER BY at, revision LIMIT 1',
    [time],
  );
  return row ? { revision: row.revision, entry: Number(row.entry) } : { revision: everything.endRevision, entry: everything.endEntry };
}

/** What is left of a span after the page before. */
function withinPage(span: Span, { order, after }: EntryPage): Span {
  if (!after) return span;
  const [number, revision] = [integerIn(after, 0), integerIn(after, 1)];
  if (order === 'newest')
    return { ...span, endEntry: Math.min(span.endEntry, number), endRevision: Math.min(span.endRevision, revision + 1) };
  return { ...span, firstEntry: Math.max(span.firstEntry, number + 1), firstRevision: Math.max(span.firstRevision, revision) };
}

function viewOf({ number, kind, ref, transfers, postedAt, revision, position, corrects, correctedBy, note }: EntryRow): EntryView {
  return {
    ...{ number, kind, ref, transfers, postedAt, revision },
    ...(position !== null && { sourcePosition: String(position) }),
    ...(corrects !== null && { corrects }),
    ...(correctedBy !== null && { correctedBy }),
    ...(note !== null && { note }),
  };
}

function changesOf({ transfers }: EntryRow, account: string): AccountEntry['changes'] {
  const changes = new Map<string, bigint>();
  for (const { from, to, amountMinor, currency } of transfers) {
    const delta = (to === account ? BigInt(amountMinor) : 0n) - (from === account ? BigInt(amountMinor) : 0n);
    if (from === account || to === account) changes.set(currency, (changes.get(currency) ?? 0n) + delta);
  }
  return Array.from(changes, ([currency, amount]) => ({ currency, amountMinor: toSafeInteger(amount) }));
}
