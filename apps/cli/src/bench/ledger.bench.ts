import { measureSql, type SqlCase } from './ledger-postgres.js';
import { ledgerProcess, StoreUnderTest } from './ledger-processes.js';
import { ledgerFigures, ledgerTables, type LedgerMeasured } from './ledger.report.js';
import type { PostCase, PostResult } from './ledger.program.js';
import type { PartReport } from './report.js';

export interface LedgerBenchSizes {
  /** Of each case of postings. */
  seconds: number;
  /** Each case is measured so many times, the cases in turn: what disturbs the machine for a while disturbs them all. */
  rounds: number;
  /** Of four accounts each, over which postings are spread. */
  groups: number;
  /** In the books that are started again. */
  entries: number;
  /** In the books whose memory is measured. */
  accounts: number;
}

const usualSizes: LedgerBenchSizes = { seconds: 8, rounds: 8, groups: 10_000, entries: 1_000_000, accounts: 1_000_000 };

const cases: PostCase[] = [
  ...[1, 8, 32].flatMap((callers): PostCase[] => [
    { way: 'one', accounts: 'spread', callers },
    { way: 'one', accounts: 'hot', callers },
  ]),
  { way: 'bulk', accounts: 'spread', callers: 40 },
  { way: 'bulk', accounts: 'hot', callers: 40 },
  { way: 'linked', accounts: 'spread', callers: 40 },
  { way: 'linked', accounts: 'hot', callers: 40 },
  { way: 'facts', accounts: 'spread', callers: 1 },
  { way: 'facts', accounts: 'hot', callers: 1 },
];

const sqlCases: SqlCase[] = [
  ...[1, 8, 16].flatMap((clients): SqlCase[] => [
    { entries: 1, accounts: 'spread', clients },
    { entries: 1, accounts: 'hot', clients },
  ]),
  ...[1, 8].flatMap((clients): SqlCase[] => [
    { entries: 100, accounts: 'spread', clients },
    { entries: 100, accounts: 'hot', clients },
  ]),
];

/** The ledger's writer over the embedded event store, a process each, and the same postings by PostgreSQL in the same run. */
export async function benchLedger({
  progress,
  sizes = usualSizes,
}: {
  progress: (line: string) => void;
  sizes?: LedgerBenchSizes;
}): Promise<PartReport> {
  progress('ledger: postings');
  const posted = await measurePostings(sizes);
  progress('ledger: the same postings by PostgreSQL');
  const sql = await measureSql(sqlCases, sizes);
  progress(`ledger: starts with ${sizes.entries} entries`);
  const starts = await measureStarts(sizes);
  progress(`ledger: ${sizes.accounts} accounts`);
  const accounts = await measureAccounts(sizes);
  const measured: LedgerMeasured = { posted, sql, ...starts, ...accounts };
  return { part: 'ledger', figures: ledgerFigures(measured), tables: ledgerTables(measured), detail: { sizes, ...measured } };
}

const measurePostings = ({ groups, seconds, rounds }: LedgerBenchSizes): Promise<PostResult[]> =>
  overStore(({ eventStoreUrl }) => ledgerProcess({ task: 'post', eventStoreUrl, cases, groups, seconds, rounds }));

/** Started again after a kill, after a graceful stop, and without its snapshots. */
const measureStarts = ({ entries, groups }: LedgerBenchSizes) =>
  overStore(async ({ eventStoreUrl }) => {
    const filled = await ledgerProcess({ task: 'fill', eventStoreUrl, entries, groups, graceful: false });
    const afterKill = await ledgerProcess({ task: 'restart', eventStoreUrl, snapshots: true });
    const fromZero = await ledgerProcess({ task: 'restart', eventStoreUrl, snapshots: false });
    await ledgerProcess({ task: 'fill', eventStoreUrl, entries: entries + 2_000, groups, graceful: true });
    const afterStop = await ledgerProcess({ task: 'restart', eventStoreUrl, snapshots: true });
    return { filled, afterKill, fromZero, afterStop };
  });

const measureAccounts = ({ accounts }: LedgerBenchSizes) =>
  overStore(async ({ eventStoreUrl }) => {
    const manyAccounts = await ledgerProcess({ task: 'accounts', eventStoreUrl, accounts }, ['--expose-gc']);
    const manyAccountsStart = await ledgerProcess({ task: 'restart', eventStoreUrl, snapshots: true });
    return { manyAccounts, manyAccountsStart };
  });

async function overStore<T>(measure: (store: StoreUnderTest) => Promise<T>): Promise<T> {
  const store = await StoreUnderTest.start();
  try {
    return await measure(store);
  } finally {
    await store.stop();
  }
}
