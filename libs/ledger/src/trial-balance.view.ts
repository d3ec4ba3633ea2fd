import { account as accountNames, isCash } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';
import { momentOf, newestRevision, type AsOf, type Moment } from './as-of.js';

/** Sums of one currency. What is at providers and banks is cash; what is owed to parties, wallets, liquidity and payouts, or withheld, is clients' money. */
export interface CurrencyBalance {
  currency: string;
  accounts: number;
  creditsMinor: number;
  debitsMinor: number;
  sumMinor: number;
  cashMinor: number;
  clientMoneyMinor: number;
}

export interface GroupBalance {
  /** An account, or a kind of accounts such as `user:*`. */
  account: string;
  currency: string;
  accounts: number;
  postedMinor: number;
  heldMinor: number;
}

/** Money that waits to be explained. */
export interface OpenLine {
  account: string;
  currency: string;
  ref: string;
  amountMinor: number;
  kind: string;
  entry: number;
  since: string;
  ageSeconds: number;
}

export interface Check {
  check: 'sums_to_zero' | 'client_money_covered' | 'transit_explained' | 'suspense_explained';
  currency: string;
  passed: boolean;
  /** By how much it fails; 0 when it passes. */
  differenceMinor: number;
}

export interface TrialBalance {
  currencies: CurrencyBalance[];
  balances: GroupBalance[];
  checks: Check[];
  /** The oldest lines of transit and suspense. */
  openLines: OpenLine[];
  openLineCount: number;
  journalRevision?: number;
}

/** The same as a journal event left it; what waited in transit and suspense then is told by balances only. */
export interface TrialBalanceAsOf extends Pick<TrialBalance, 'currencies' | 'balances' | 'checks' | 'journalRevision'> {
  /** The journal event that is meant; absent where there was none yet. */
  asOf?: Moment;
}

const mostLines = 500;

type Texts<T> = { [K in keyof T]: string };

/** Accounts of which there may be any number are shown as one line a kind; the rest one by one. */
const grouped = '^(user|creator|transit|liquidity|reserve|dispute):';

const clientMoney = `GREATEST(payout_held_minor, CASE WHEN account ~ '^(platform|creator|user|liquidity|transit|reserve|dispute):' THEN posted_minor ELSE 0 END, 0)`;

/**
 * The trial balance with the checks that can fail, from the projection: kinds of which there may be any number from what is kept of them, all other
 * accounts row by row.
 */
export async function trialBalance(sql: SqlClient, now: Date): Promise<TrialBalance> {
  return sql.transaction(async (tx) => {
    const kinds = await kindsNow(tx);
    const currencies = currenciesOf(kinds);
    const lines = await tx.query<{ account_kind: string; currency: string; lines: string; amount: string }>(
      `SELECT CASE WHEN account = '${accountNames.suspense}' THEN 'suspense' ELSE 'transit' END AS account_kind, currency, count(*) AS lines, sum(amount_minor) AS amount
       FROM ledger.open_lines GROUP BY 1, 2`,
    );
    const balances = balancesOf(kinds, await singlesNow(tx));
    const checks = currencies.flatMap(({ currency, sumMinor, cashMinor, clientMoneyMinor }) => [
      checkOf('sums_to_zero', currency, Math.abs(sumMinor)),
      checkOf('client_money_covered', currency, Math.max(0, clientMoneyMinor - cashMinor)),
      ...(['transit', 'suspense'] as const).map((kind) => {
        const explained = Number(lines.find((line) => line.account_kind === kind && line.currency === currency)?.amount ?? 0);
        const name = kind === 'suspense' ? accountNames.suspense : 'transit:*';
        const posted = balances.find((each) => each.account === name && each.currency === currency)?.postedMinor ?? 0;
        return checkOf(`${kind}_explained`, currency, Math.abs(posted - explained));
      }),
    ]);
    const openLineCount = lines.reduce((sum, line) => sum + Number(line.lines), 0);
    const journalRevision = await newestRevision(tx);
    const openLines = await oldestLines(tx, now);
    return { currencies, balances, checks, openLines, openLineCount, ...(journalRevision !== undefined && { journalRevision }) };
  });
}

/**
 * The trial balance as a journal revision or a time left it: kinds from what was kept of them, other accounts one by one.
 * @throws Problem invalid for a revision that is not there yet
 */
export async function trialBalanceAsOf(sql: SqlClient, asOf: AsOf): Promise<TrialBalanceAsOf> {
  return sql.transaction(async (tx) => {
    const journalRevision = await newestRevision(tx);
    const newest = journalRevision === undefined ? {} : { journalRevision };
    const moment = await momentOf(tx, asOf);
    if (!moment) return { currencies: [], balances: [], checks: [], ...newest };
    const kinds = await kindsAsOf(tx, moment.revision);
    const currencies = currenciesOf(kinds);
    const balances = balancesOf(kinds, await singlesAsOf(tx, moment.revision));
    const checks = currencies.flatMap(({ currency, sumMinor, cashMinor, clientMoneyMinor }) => [
      checkOf('sums_to_zero', currency, Math.abs(sumMinor)),
      checkOf('client_money_covered', currency, Math.max(0, clientMoneyMinor - cashMinor)),
    ]);
    return { currencies, balances, checks, asOf: moment, ...newest };
  });
}

const checkOf = (check: Check['check'], currency: string, differenceMinor: number): Check => ({
  check,
  currency,
  passed: differenceMinor === 0,
  differenceMinor,
});

async function oldestLines(tx: SqlClient, now: Date): Promise<OpenLine[]> {
  const rows = await tx.query<Omit<OpenLine, 'amountMinor' | 'entry' | 'ageSeconds'> & { amountMinor: string; entry: string }>(
    `SELECT account, currency, ref, amount_minor AS "amountMinor", kind, entry, since FROM ledger.open_lines ORDER BY since, entry LIMIT ${mostLines}`,
  );
  return rows.map((row) => ({
    ...row,
    amountMinor: toSafeInteger(BigInt(row.amountMinor)),
    entry: Number(row.entry),
    ageSeconds: Math.max(0, Math.floor((now.getTime() - Date.parse(row.since)) / 1_000)),
  }));
}

/** What a kind of accounts came to. */
interface KindRow {
  prefix: string;
  currency: string;
  isGroup: boolean;
  accounts: string;
  posted: string;
  held: string;
  credit: string;
  clientMoney: string;
}

/** A kind's accounts; `kind` is a row that has its prefix. OFFSET 0 keeps the planner from reading all accounts for all kinds at once. */
const accountsOfKind = `SELECT * FROM ledger.accounts WHERE account > kind.prefix AND account < rtrim(kind.prefix, ':') || ';' OFFSET 0`;

const singleKinds = `(SELECT DISTINCT prefix FROM ledger.totals WHERE prefix !~ '${grouped}') kind`;

function kindsNow(tx: SqlClient): Promise<KindRow[]> {
  return tx.query<KindRow>(
    `SELECT prefix, currency, true AS "isGroup", accounts::text, posted_minor::text AS posted, held_minor::text AS held, credit_minor::text AS credit,
       client_money_minor::text AS "clientMoney" FROM ledger.totals WHERE prefix ~ '${grouped}'
     UNION ALL
     SELECT kind.prefix, a.currency, false, count(*)::text, sum(a.posted_minor)::text, sum(a.held_minor)::text, sum(GREATEST(a.posted_minor, 0))::text,
       sum(${clientMoney})::text FROM ${singleKinds} CROSS JOIN LATERAL (${accountsOfKind}) a GROUP BY kind.prefix, a.currency`,
  );
}

function kindsAsOf(tx: SqlClient, revision: number): Promise<KindRow[]> {
  return tx.query<KindRow>(
    `SELECT t.prefix, t.currency, t.prefix ~ '${grouped}' AS "isGroup", was.accounts, was.posted_minor AS posted, was.held_minor AS held,
       was.credit_minor AS credit, was.client_money_minor AS "clientMoney"
     FROM ledger.totals t CROSS JOIN LATERAL (
       SELECT * FROM ledger.total_history h
       WHERE h.prefix = t.prefix AND h.currency = t.currency AND h.revision <= $1 ORDER BY h.revision DESC LIMIT 1
     ) was`,
    [revision],
  );
}

function currenciesOf(kinds: readonly KindRow[]): CurrencyBalance[] {
  return [...new Set(kinds.map(({ currency }) => currency))].sort().map((currency) => {
    const own = kinds.filter((kind) => kind.currency === currency);
    const sum = (amountOf: (kind: KindRow) => bigint): bigint => own.reduce((total, kind) => total + amountOf(kind), 0n);
    const [posted, credits] = [sum((kind) => BigInt(kind.posted)), sum((kind) => BigInt(kind.credit))];
    return {
      currency,
      accounts: own.reduce((total, kind) => total + Number(kind.accounts), 0),
      creditsMinor: toSafeInteger(credits),
      debitsMinor: toSafeInteger(credits - posted),
      sumMinor: toSafeInteger(posted),
      cashMinor: toSafeInteger(-sum((kind) => (isCash(kind.prefix) ? BigInt(kind.posted) : 0n))),
      clientMoneyMinor: toSafeInteger(sum((kind) => BigInt(kind.clientMoney))),
    };
  });
}

function balancesOf(kinds: readonly KindRow[], singles: readonly Texts<GroupBalance>[]): GroupBalance[] {
  const groups = kinds
    .filter(({ isGroup }) => isGroup)
    .map(({ prefix, currency, accounts, posted, held }) => ({
      ...{ account: `${prefix}*`, currency },
      ...inNumbers({ accounts, postedMinor: posted, heldMinor: held }),
    }));
  const rows = singles.map(({ account, currency, ...amounts }) => ({ account, currency, ...inNumbers(amounts) }));
  return [...groups, ...rows].sort(byAccount);
}

function singlesNow(tx: SqlClient): Promise<Texts<GroupBalance>[]> {
  return tx.query<Texts<GroupBalance>>(
    `SELECT a.account, a.currency, '1' AS accounts, a.posted_minor AS "postedMinor", a.held_minor AS "heldMinor"
     FROM ${singleKinds} CROSS JOIN LATERAL (${accountsOfKind}) a`,
  );
}

function singlesAsOf(tx: SqlClient, revision: number): Promise<Texts<GroupBalance>[]> {
  return tx.query<Texts<GroupBalance>>(
    `SELECT a.account, a.currency, '1' AS accounts, was.posted_minor AS "postedMinor", was.held_minor AS "heldMinor"
     FROM ${singleKinds} CROSS JOIN LATERAL (${accountsOfKind}) a
     CROSS JOIN LATERAL (
       SELECT posted_minor, held_minor FROM ledger.account_history h
       WHERE h.account = a.account AND h.currency = a.currency AND h.revision <= $1 ORDER BY h.revision DESC LIMIT 1
     ) was`,
    [revision],
  );
}

const byAccount = (a: GroupBalance, b: GroupBalance): number => {
  const [left, right] = [`${a.account} ${a.currency}`, `${b.account} ${b.currency}`];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** Sums come as decimal text. */
function inNumbers<K extends string>(amounts: Record<K, string>): Record<K, number> {
  const numbers = Object.entries<string>(amounts).map(([name, value]) => [name, toSafeInteger(BigInt(value))]);
  // The same keys, with numbers.
  return Object.fromEntries(numbers) as Record<K, number>;
}
