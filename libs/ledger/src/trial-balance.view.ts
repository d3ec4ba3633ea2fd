import { account as accountNames } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';

/** Sums of one currency. What is at providers and banks is cash; what is owed to parties, wallets, liquidity and payouts is clients' money. */
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
}

const mostLines = 500;

type Texts<T> = { [K in keyof T]: string };

/** Accounts of which there may be any number are shown as one line a kind; the rest one by one. */
const groupOf = `CASE WHEN account ~ '^(user|creator|transit|liquidity|reserve|dispute):' THEN split_part(account, ':', 1) || ':*' ELSE account END`;

const clientMoney = `GREATEST(payout_held_minor, CASE WHEN account ~ '^(platform|creator|user|liquidity|transit):' THEN posted_minor ELSE 0 END, 0)`;

/** The trial balance with the checks that can fail, from the projection. */
export async function trialBalance(sql: SqlClient, now: Date): Promise<TrialBalance> {
  return sql.transaction(async (tx) => {
    const currencies = await currencyBalances(tx);
    const lines = await tx.query<{ account_kind: string; currency: string; lines: string; amount: string }>(
      `SELECT CASE WHEN account = '${accountNames.suspense}' THEN 'suspense' ELSE 'transit' END AS account_kind, currency, count(*) AS lines, sum(amount_minor) AS amount
       FROM ledger.open_lines GROUP BY 1, 2`,
    );
    const balances = await groupBalances(tx);
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
    return { currencies, balances, checks, openLines: await oldestLines(tx, now), openLineCount };
  });
}

const checkOf = (check: Check['check'], currency: string, differenceMinor: number): Check => ({
  check,
  currency,
  passed: differenceMinor === 0,
  differenceMinor,
});

async function currencyBalances(tx: SqlClient): Promise<CurrencyBalance[]> {
  const rows = await tx.query<Texts<CurrencyBalance>>(
    `SELECT currency, count(*) AS accounts,
       COALESCE(sum(posted_minor) FILTER (WHERE posted_minor > 0), 0) AS "creditsMinor", COALESCE(-sum(posted_minor) FILTER (WHERE posted_minor < 0), 0) AS "debitsMinor",
       sum(posted_minor) AS "sumMinor", COALESCE(-sum(posted_minor) FILTER (WHERE account ~ '^(provider|bank):'), 0) AS "cashMinor", sum(${clientMoney}) AS "clientMoneyMinor"
     FROM ledger.accounts GROUP BY currency ORDER BY currency`,
  );
  return rows.map(({ currency, ...amounts }) => ({ currency, ...inNumbers(amounts) }));
}

async function groupBalances(tx: SqlClient): Promise<GroupBalance[]> {
  const rows = await tx.query<Texts<GroupBalance>>(
    `SELECT ${groupOf} AS account, currency, count(*) AS accounts, sum(posted_minor) AS "postedMinor", sum(held_minor) AS "heldMinor"
     FROM ledger.accounts GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  return rows.map(({ account, currency, ...amounts }) => ({ account, currency, ...inNumbers(amounts) }));
}

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

/** Sums come as decimal text. */
function inNumbers<K extends string>(amounts: Record<K, string>): Record<K, number> {
  const numbers = Object.entries<string>(amounts).map(([name, value]) => [name, toSafeInteger(BigInt(value))]);
  // The same keys, with numbers.
  return Object.fromEntries(numbers) as Record<K, number>;
}
