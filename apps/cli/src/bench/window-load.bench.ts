import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EventStore } from '@tongbao/event-store';
import { registerBankAccounts, registerSeller, type Seller } from './bench-orders.js';
import type { BenchContext } from './bench.js';
import { approvesAll, closeWindow } from './closing.js';
import { CommitWatcher } from './commit-watcher.js';
import { HubUnderTest } from './hub-under-test.js';
import { InFlightLoad, Recording, type Phase } from './in-flight-load.js';
import { loadPayments, type MeasuredLoad } from './payment-load.js';
import { rounded, type Figure, type FigureTable, type PartReport } from './report.js';
import { SettlementLog } from './settlement-log.js';

const run = promisify(execFile);
const auditor = fileURLToPath(new URL('../../../auditor/dist/main.js', import.meta.url));

const currency = 'CNY';
const payments = 200;
/** Of a phase; phases without closings and with them take turns, so that whatever else the machine does meets both. */
const phaseSeconds = 5;
const turns = 6;
const warmUpSeconds = 8;
const closeEveryMs = 1_000;
const markingPerSecond = 100;
const markingSeconds = 15;

interface Measured {
  without: Phase;
  with: Phase;
  pairs: { without: Phase; with: Phase }[];
  closings: number;
  closeCommandMs: number[];
  refused: number;
  audit: Audit;
  atRest: MeasuredLoad;
  marking: MeasuredLoad;
  markedPerSecond: number;
  marked: number;
}

interface Audit {
  ok: boolean;
  figures: Record<string, number>;
  problems: string[];
}

/** What intake feels of closings, again and again, with many payments in flight; of the telling of their payments afterwards; and whether each side was in one window. */
export async function benchWindowLoad({ progress }: BenchContext): Promise<PartReport> {
  const hub = await HubUnderTest.start({ TONGBAO_CURRENCIES: currency, ...approvesAll });
  const store = EventStore.connect(hub.eventStoreUrl);
  const watcher = await CommitWatcher.start(store);
  const log = await SettlementLog.start(store);
  try {
    const seller = await registerSeller(hub, [currency]);
    await registerBankAccounts(hub);
    const measured = await measure({ hub, store, watcher, log, seller, progress });
    return reportOf(measured);
  } finally {
    await log.stop();
    await watcher.stop();
    await store.close();
    await hub.stop();
  }
}

interface Setup {
  hub: HubUnderTest;
  store: EventStore;
  watcher: CommitWatcher;
  log: SettlementLog;
  seller: Seller;
  progress: (line: string) => void;
}

async function measure(setup: Setup): Promise<Measured> {
  const { hub, watcher, log, seller, progress } = setup;
  const { settlements, ...phases } = await measurePhases(setup);
  await hub.untilAtRest();
  progress(`window-load: ${markingPerSecond} payments/s, to compare with`);
  const load = () => loadPayments({ hub, seller, watcher, currency }, markingPerSecond, markingSeconds);
  const atRest = await load();
  await hub.untilAtRest();
  // From here on the settlements have what they pay from, and tell their payments when it is paid.
  await hub.as('finance').post('/v1/sandbox/providers/alipay/pay-out', { body: { currency } });
  await Promise.all(settlements.map((settlementId) => log.when('SettlementSettled', settlementId)));
  const startedMs = performance.now();
  progress(`window-load: the same while ${phases.asked} payments are told`);
  const marking = await load();
  const ends = await Promise.all(settlements.map((settlementId) => log.when('PaymentsMarked', settlementId)));
  const marked = settlements.reduce((sum, settlementId) => sum + log.toldOf(settlementId), 0);
  const seconds = (Math.max(...ends) - startedMs) / 1_000;
  progress('window-load: the auditor reads the log');
  await hub.untilAtRest();
  return { ...phases, atRest, marking, marked, markedPerSecond: marked / seconds, audit: await auditOf(hub) };
}

async function measurePhases({ hub, seller, watcher, log, progress }: Setup) {
  const load = new InFlightLoad({ hub, seller, watcher, currency, payments });
  const all = { without: new Recording(), with: new Recording() };
  const pairs: Measured['pairs'] = [];
  const settlements: string[] = [];
  const closeCommandMs: number[] = [];
  const close = async () => {
    const { settlementId, commandMs } = await closeWindow(hub, currency);
    settlements.push(settlementId);
    closeCommandMs.push(commandMs);
    // The next one's settlement must know what this one carries.
    await log.when('SettlementPaying', settlementId);
  };
  await load.record(new Recording(), warmUpSeconds);
  await close();
  for (let pair = 0; pair < turns; pair += 1) {
    progress(`window-load: ${payments} payments in flight, phases ${pair + 1} of ${turns}`);
    const own = { without: new Recording(all.without), with: new Recording(all.with) };
    // Each kind comes first as often as the other.
    for (const kind of pair % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const stop = new AbortController();
      const closing = kind === 'with' ? closeAgainAndAgain(close, stop.signal) : Promise.resolve();
      await load.record(own[kind], phaseSeconds);
      stop.abort();
      await closing;
    }
    pairs.push({ without: own.without.phase(), with: own.with.phase() });
  }
  await load.end();
  await close();
  const { asked, refused } = load;
  return {
    without: all.without.phase(),
    with: all.with.phase(),
    pairs,
    settlements,
    closings: settlements.length,
    closeCommandMs,
    asked,
    refused,
  };
}

async function closeAgainAndAgain(close: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await close();
    await delay(closeEveryMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** By code that shares nothing with the hub's: each side of each transfer in one window, settled once, told once. */
async function auditOf({ eventStoreUrl }: HubUnderTest): Promise<Audit> {
  const args = ['--max-old-space-size=3072', auditor, '--event-store', eventStoreUrl, '--json'];
  // Exit code 1 says that something does not hold: the report says what.
  const { stdout } = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'stdout' in error && String(error.stdout).startsWith('{'))
      return { stdout: String(error.stdout) };
    throw error;
  });
  // What the auditor prints with --json.
  const audit = JSON.parse(stdout) as Audit;
  if (!audit.ok) throw new Error(`the audit of the log finds ${audit.problems.length} problems: ${audit.problems.slice(0, 5).join('; ')}`);
  return audit;
}

function reportOf(measured: Measured): PartReport {
  const { audit, closings, refused } = measured;
  const about = `with ${payments} payments in flight at any moment, ${phaseSeconds} s in turn without and with closings`;
  return {
    part: 'window-load',
    figures: [
      { name: 'intake without closings, p99', value: measured.without.entry.p99, unit: 'ms', meaning: `to the ledger entry, ${about}` },
      {
        name: 'intake with closings, p99',
        value: measured.with.entry.p99,
        unit: 'ms',
        meaning: `a closing and its settlement each ${closeEveryMs} ms`,
      },
      {
        name: 'ratio of the two',
        value: measured.with.entry.p99 / measured.without.entry.p99,
        unit: '',
        goal: '<= 1.1',
        meaning: `${refused} requests were asked to come again`,
      },
      {
        name: 'closings',
        value: closings,
        unit: '',
        meaning: `the close command took ${rounded(worst(measured.closeCommandMs))} ms at most`,
      },
      {
        name: 'sides in two windows or none',
        value: audit.problems.length,
        unit: '',
        goal: '0',
        meaning: `by the auditor, over ${audit.figures['captured'] ?? 0} payments in ${audit.figures['windows'] ?? 0} windows`,
      },
      ...markingFigures(measured),
    ],
    tables: [pairsTable(measured)],
    detail: measured,
  };
}

function markingFigures({ atRest, marking, marked, markedPerSecond }: Measured): Figure[] {
  const intake = `of a payment's ledger entry at ${markingPerSecond}/s`;
  return [
    { name: 'payments told', value: markedPerSecond, unit: '/s', meaning: `${marked} payments of settled windows, throttled` },
    { name: 'intake at rest, p99', value: atRest.entry.p99, unit: 'ms', meaning: `${intake}, nothing else going on` },
    { name: 'intake while they are told, p99', value: marking.entry.p99, unit: 'ms', goal: 'unchanged', meaning: intake },
  ];
}

const worst = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);

const pairsTable = ({ pairs, without, with: closing }: Measured): FigureTable => ({
  title: `Phases of ${phaseSeconds} s; ms to the ledger entry`,
  columns: [
    { title: 'phases' },
    { title: 'without: /s', align: 'right' },
    { title: 'p50', align: 'right' },
    { title: 'p99', align: 'right' },
    { title: 'with closings: /s', align: 'right' },
    { title: 'p50', align: 'right' },
    { title: 'p99', align: 'right' },
  ],
  rows: [...pairs.map((pair, index) => ({ name: String(index + 1), ...pair })), { name: 'all', without, with: closing }].map((row) => [
    row.name,
    ...[row.without, row.with].flatMap(({ perSecond, entry }) => [perSecond, entry.p50, entry.p99]).map(rounded),
  ]),
});
