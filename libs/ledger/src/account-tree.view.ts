import { toSafeInteger } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { momentOf, newestRevision, type AsOf, type Moment } from './as-of.js';

/** Accounts of one currency together. */
export interface TreeTotal {
  currency: string;
  /** How many have ever been touched in the currency. */
  accounts: number;
  postedMinor: number;
  heldMinor: number;
  availableMinor: number;
  /** What the balances above 0, and those below, come to. Posted = credit - debit. */
  creditMinor: number;
  debitMinor: number;
}

/** One step down: an account, or all that begin alike (`user:u1:*`). Those of a prefix add up to its totals. */
export interface TreeItem extends TreeTotal {
  name: string;
}

export interface AccountTree extends Page<TreeItem> {
  /** `*`, `platform:*`. */
  prefix: string;
  totals: TreeTotal[];
  /** Where another moment was asked for: the journal event that is meant. */
  asOf?: Moment;
  journalRevision?: number;
}

export interface TreeQuestion {
  /** `platform:*`, `liquidity:platform:*`, at any level; `*` or nothing for all. */
  prefix: string | undefined;
  asOf: AsOf | undefined;
  limit: number;
  after: string[] | undefined;
}

/** Sums as the database gives them. */
interface SumRow {
  name: string;
  currency: string;
  /** 0: not there yet at the moment asked for. */
  accounts: string;
  posted: string;
  held: string;
  credit: string;
}

/**
 * What accounts add up to, level by level: all of them, a kind, what lies below. Kinds are kept added up; below them only what a page shows is, or the
 * accounts of one branch.
 * @throws Problem invalid, account_not_found where there never was any
 */
export async function accountTree(client: SqlClient, { prefix: asked, asOf, limit, after }: TreeQuestion): Promise<AccountTree> {
  const prefix = prefixOf(asked);
  return client.transaction(async (tx) => {
    const journalRevision = await newestRevision(tx);
    const moment = asOf && (await momentOf(tx, asOf));
    // Before the first event nothing was there.
    const revision = asOf && (moment?.revision ?? -1);
    const level = prefix === '' ? await topLevel(tx, revision) : await levelBelow(tx, prefix, revision, limit, after);
    if (level.totals.length === 0 && prefix !== '') await mustExist(tx, prefix);
    const page = toPage(level.rows.filter(isAfter(after)), limit, ({ name, currency }) => [name, currency], itemOf);
    return {
      prefix: `${prefix}*`,
      totals: level.totals.map(totalOf),
      ...page,
      items: page.items.filter(({ accounts }) => accounts > 0),
      ...(moment && { asOf: moment }),
      ...(journalRevision !== undefined && { journalRevision }),
    };
  });
}

/** @returns '', or with its last colon */
function prefixOf(asked = '*'): string {
  const name = asked.replace(/:?\*?$/, '');
  if (name !== '' && !/^[^:*\s]+(:[^:*\s]+)*$/.test(name))
    throw new Problem('invalid', 'prefix must be the beginning of accounts, such as platform:*.', 'prefix');
  return name === '' ? '' : `${name}:`;
}

/** Behind every name that begins with the prefix. */
const endOf = (prefix: string): string => `${prefix.slice(0, -1)};`;

const isAfter =
  (after: string[] | undefined) =>
  ({ name, currency }: SumRow): boolean => {
    const [lastName = '', lastCurrency = ''] = after ?? [];
    return name > lastName || (name === lastName && currency > lastCurrency);
  };

interface Level {
  totals: SumRow[];
  rows: SumRow[];
}

/** All kinds: there are few. */
async function topLevel(tx: SqlClient, revision: number | undefined): Promise<Level> {
  const rows = await kindSums(tx, revision);
  const totals = new Map<string, SumRow>();
  for (const row of rows) totals.set(row.currency, plus(totals.get(row.currency), row));
  return { rows, totals: [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)) };
}

function plus(sum: SumRow | undefined, row: SumRow): SumRow {
  if (!sum) return row;
  const added = (field: 'accounts' | 'posted' | 'held' | 'credit'): string => String(BigInt(sum[field]) + BigInt(row[field]));
  return { ...sum, accounts: added('accounts'), posted: added('posted'), held: added('held'), credit: added('credit') };
}

const sums = 's.accounts, s.posted_minor AS posted, s.held_minor AS held, s.credit_minor AS credit';

/** What each kind comes to, by name and currency, kept so by the projection. @param kind with its colon */
export function kindSums(tx: SqlClient, revision: number | undefined, kind?: string): Promise<SumRow[]> {
  const [condition, parameters] = kind === undefined ? ['', []] : ['WHERE s.prefix = $1', [kind]];
  if (revision === undefined)
    return tx.query<SumRow>(
      `SELECT s.prefix || '*' AS name, s.currency, ${sums} FROM ledger.totals s ${condition} ORDER BY s.prefix, s.currency`,
      parameters,
    );
  return tx.query<SumRow>(
    `SELECT t.prefix || '*' AS name, t.currency, ${sums} FROM ledger.totals t CROSS JOIN LATERAL (
       SELECT h.* FROM ledger.total_history h
       WHERE h.prefix = t.prefix AND h.currency = t.currency AND h.revision <= $${parameters.length + 1} ORDER BY h.revision DESC LIMIT 1
     ) s ${condition} ORDER BY t.prefix, t.currency`,
    [...parameters, revision],
  );
}

async function levelBelow(
  tx: SqlClient,
  prefix: string,
  revision: number | undefined,
  limit: number,
  after: string[] | undefined,
): Promise<Level> {
  const isKind = prefix.indexOf(':') === prefix.length - 1;
  const totals = isKind ? await kindSums(tx, revision, prefix) : await branchSums(tx, prefix, revision);
  const from = after ?? ['', ''];
  const rows = [...(await leaves(tx, prefix, revision, limit, from)), ...(await branches(tx, prefix, revision, limit, from))];
  return { totals, rows: rows.sort((a, b) => (a.name < b.name || (a.name === b.name && a.currency < b.currency) ? -1 : 1)) };
}

/** A balance as it is, or as a revision left it; 0 accounts where there was none yet. `$1` is the revision. */
const balanceAt = (revision: number | undefined): string =>
  revision === undefined
    ? 'CROSS JOIN LATERAL (SELECT 1 AS accounts, a.posted_minor AS posted, a.held_minor AS held, $1::integer AS revision) b'
    : `LEFT JOIN LATERAL (
         SELECT 1 AS accounts, h.posted_minor AS posted, h.held_minor AS held FROM ledger.account_history h
         WHERE h.account = a.account AND h.currency = a.currency AND h.revision <= $1 ORDER BY h.revision DESC LIMIT 1
       ) b ON true`;

const added = `COALESCE(sum(b.accounts), 0)::text AS accounts, COALESCE(sum(b.posted), 0)::text AS posted, COALESCE(sum(b.held), 0)::text AS held,
  COALESCE(sum(GREATEST(b.posted, 0)), 0)::text AS credit`;

async function branchSums(tx: SqlClient, prefix: string, revision: number | undefined): Promise<SumRow[]> {
  const rows = await tx.query<SumRow>(
    `SELECT $2 AS name, a.currency, ${added} FROM ledger.accounts a ${balanceAt(revision)}
     WHERE a.account > $2 AND a.account < $3 GROUP BY a.currency ORDER BY a.currency`,
    [revision ?? null, prefix, endOf(prefix)],
  );
  return rows.filter(({ accounts }) => accounts !== '0');
}

/** Accounts directly below a prefix. */
function leaves(
  tx: SqlClient,
  prefix: string,
  revision: number | undefined,
  limit: number,
  [name = '', currency = '']: string[],
): Promise<SumRow[]> {
  return tx.query<SumRow>(
    `SELECT a.account AS name, a.currency, COALESCE(b.accounts, 0)::text AS accounts, COALESCE(b.posted, 0)::text AS posted,
       COALESCE(b.held, 0)::text AS held, GREATEST(b.posted, 0)::text AS credit
     FROM (
       SELECT account, currency, posted_minor, held_minor FROM ledger.accounts
       WHERE parent = $2 AND (account, currency) > ($3, $4) ORDER BY account, currency LIMIT $5
     ) a ${balanceAt(revision)} ORDER BY a.account, a.currency`,
    [revision ?? null, prefix, name, currency, limit + 1],
  );
}

/** What lies further below, by the next part of its name. Each branch is found by one look into the index, however many accounts it has. */
function branches(
  tx: SqlClient,
  prefix: string,
  revision: number | undefined,
  limit: number,
  [name = '', currency = '']: string[],
): Promise<SumRow[]> {
  const branch = `left(parent, length($2) + position(':' IN substr(parent, length($2) + 1)))`;
  const start = name.replace(/\*$/, '');
  return tx.query<SumRow>(
    `WITH RECURSIVE branch(prefix, place) AS (
       (SELECT ${branch}, 1 FROM ledger.accounts WHERE parent > $2 AND parent >= $4 AND parent < $3 ORDER BY parent LIMIT 1)
       UNION ALL
       SELECT next.prefix, branch.place + 1 FROM branch CROSS JOIN LATERAL (
         SELECT ${branch} AS prefix FROM ledger.accounts WHERE parent >= rtrim(branch.prefix, ':') || ';' AND parent < $3 ORDER BY parent LIMIT 1
       ) next WHERE branch.place < $5
     )
     SELECT branch.prefix || '*' AS name, s.currency, s.accounts, s.posted, s.held, s.credit FROM branch CROSS JOIN LATERAL (
       SELECT a.currency, ${added} FROM ledger.accounts a ${balanceAt(revision)}
       WHERE a.account > branch.prefix AND a.account < rtrim(branch.prefix, ':') || ';' GROUP BY a.currency
     ) s WHERE (branch.prefix || '*', s.currency) > ($6, $7) ORDER BY 1, 2 LIMIT $5`,
    // One more for the next page, and one that the page before may have ended within.
    [revision ?? null, prefix, endOf(prefix), start, limit + 2, name, currency],
  );
}

/** An empty sum of a prefix that nobody knows must not pass for one of zero. */
async function mustExist(tx: SqlClient, prefix: string): Promise<void> {
  const [row] = await tx.query('SELECT 1 AS there FROM ledger.accounts WHERE account > $1 AND account < $2 LIMIT 1', [
    prefix,
    endOf(prefix),
  ]);
  if (!row) throw new Problem('account_not_found', `There is no account ${prefix}*.`);
}

function totalOf({ currency, accounts, posted, held, credit }: SumRow): TreeTotal {
  const [balance, reserved, credits] = [BigInt(posted), BigInt(held), BigInt(credit)];
  return {
    currency,
    accounts: Number(accounts),
    postedMinor: toSafeInteger(balance),
    heldMinor: toSafeInteger(reserved),
    availableMinor: toSafeInteger(balance - reserved),
    creditMinor: toSafeInteger(credits),
    debitMinor: toSafeInteger(credits - balance),
  };
}

const itemOf = (row: SumRow): TreeItem => ({ name: row.name, ...totalOf(row) });
