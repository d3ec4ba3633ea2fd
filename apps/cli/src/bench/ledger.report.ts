import type { Latency } from './latency-recorder.js';
import type { SqlResult } from './ledger-postgres.js';
import type { Accounts } from './ledger-purchases.js';
import type { LedgerResults, PostResult, Way } from './ledger.program.js';
import { rounded, type Figure, type FigureTable } from './report.js';

export interface LedgerMeasured {
  posted: PostResult[];
  sql: SqlResult[];
  filled: LedgerResults['fill'];
  afterKill: LedgerResults['restart'];
  afterStop: LedgerResults['restart'];
  fromZero: LedgerResults['restart'];
  manyAccounts: LedgerResults['accounts'];
  manyAccountsStart: LedgerResults['restart'];
}

type Rated = { accounts: Accounts; perSecond: number[]; latency: Latency };

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function rateOf<T extends Rated>(results: readonly T[], wanted: (result: T) => boolean, accounts: Accounts): number {
  const found = results.find((each) => each.accounts === accounts && wanted(each));
  return found ? meanOf(found.perSecond) : NaN;
}

export function ledgerFigures(measured: LedgerMeasured): Figure[] {
  const { posted, sql } = measured;
  const ledger = (way: Way, callers: number, accounts: Accounts) =>
    rateOf(posted, (each) => each.way === way && each.callers === callers, accounts);
  const database = (entries: number, clients: number, accounts: Accounts) =>
    rateOf(sql, (each) => each.entries === entries && each.clients === clients, accounts);
  const bulk = ledger('bulk', 40, 'spread');
  const ratio = (name: string, to: number, meaning: string, goal?: string): Figure => ({
    ...{ name, value: bulk / to, unit: '', meaning },
    ...(goal !== undefined && { goal }),
  });
  return [
    {
      name: 'one a command, 32 at a time',
      value: ledger('one', 32, 'spread'),
      unit: 'entries/s',
      goal: '>= 5000',
      meaning: 'three transfers each, durable before the answer',
    },
    {
      name: 'in bulk',
      value: bulk,
      unit: 'entries/s',
      goal: '>= 20000',
      meaning: 'a hundred a call, each decided on its own; 40 calls at a time',
    },
    {
      name: 'hot account, in bulk',
      value: ledger('bulk', 40, 'hot') / bulk,
      unit: '',
      goal: '>= 0.95',
      meaning: 'of spread, when one provider and one fee account are in every entry',
    },
    {
      name: 'hot account, 32 at a time',
      value: ledger('one', 32, 'hot') / ledger('one', 32, 'spread'),
      unit: '',
      goal: '>= 0.95',
      meaning: 'the same with one entry a command',
    },
    ratio(
      'to SQL, spread',
      database(1, 16, 'spread'),
      'bulk to one PL/pgSQL function with row locks at 16 clients, that one spread',
      '>= 10',
    ),
    ratio('to SQL, hot', database(1, 16, 'hot'), 'the same, when that one has a hot account'),
    ratio('to SQL, batched', database(100, 8, 'spread'), 'bulk to a set-based function for a hundred entries at 8 clients, spread'),
    ...startFigures(measured),
  ];
}

function startFigures({ afterKill, afterStop, fromZero, manyAccounts, manyAccountsStart }: LedgerMeasured): Figure[] {
  const start = (name: string, { milliseconds, entries }: LedgerResults['restart'], meaning: string, goal?: string): Figure => ({
    ...{ name, value: milliseconds / 1_000, unit: 's', meaning: `${entries} entries; ${meaning}` },
    ...(goal !== undefined && { goal }),
  });
  return [
    start('start after a kill', afterKill, 'from the newest snapshot, and the journal after it', '<= 5'),
    start('start after a stop', afterStop, 'from the snapshot that a graceful stop takes', '<= 5'),
    start('start without snapshots', fromZero, 'the whole journal is folded'),
    {
      name: 'memory an account',
      value: manyAccounts.heapBytes,
      unit: 'bytes',
      meaning: `of the heap, at ${manyAccounts.accounts} accounts`,
    },
    start(`start with many accounts`, manyAccountsStart, `${manyAccountsStart.accounts} accounts, from their snapshot`),
    {
      name: 'snapshot of many accounts',
      value: manyAccounts.snapshotMilliseconds,
      unit: 'ms',
      meaning: 'in the background, until it is durable',
    },
    {
      name: 'writer held up by it',
      value: Math.max(manyAccounts.freezeMilliseconds, manyAccounts.longestHoldUpMilliseconds),
      unit: 'ms',
      goal: '<= 10',
      meaning: 'at most at a time',
    },
  ];
}

const wayNames: Record<Way, string> = {
  one: 'ledger, one entry a command',
  bulk: 'ledger, bulk of 100',
  linked: 'ledger, 100 linked',
  facts: 'ledger, facts in batches of 500',
};

export function ledgerTables({ posted, sql }: LedgerMeasured): FigureTable[] {
  const lines = [
    ...posted.map((each) => ({ ...each, name: wayNames[each.way], at: each.callers })),
    ...sql.map((each) => ({ ...each, name: each.entries === 1 ? 'SQL function' : 'SQL function, 100 entries', at: each.clients })),
  ];
  const spread = lines.filter(({ accounts }) => accounts === 'spread');
  const rows = spread.map((line) => {
    const hot = lines.find(({ name, at, accounts }) => name === line.name && at === line.at && accounts === 'hot');
    const rates = [line, hot].map((each) => (each ? Math.round(meanOf(each.perSecond)) : undefined));
    const { p50, p99 } = line.latency;
    const hotP99 = hot && rounded(hot.latency.p99);
    return [line.name, line.at, ...rates, rounded(p50), rounded(p99), hotP99];
  });
  const right = (title: string) => ({ title, align: 'right' as const });
  return [
    {
      title: 'Entries a second, durable, three transfers each; latency of a call in ms',
      columns: [{ title: '' }, right('at a time'), right('spread'), right('hot account'), right('p50'), right('p99'), right('p99, hot')],
      rows,
    },
  ];
}
