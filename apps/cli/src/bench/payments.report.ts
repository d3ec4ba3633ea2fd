import type { HubUnderTest } from './hub-under-test.js';
import { entryP99LimitMs, problemOf } from './ladder.js';
import type { MeasuredLoad } from './payment-load.js';
import { rounded, type Figure, type FigureTable, type PartReport } from './report.js';

export interface MeasuredPayments {
  hub: HubUnderTest;
  /** From the start of the process. */
  firstAcceptedMs: number;
  warmUp: MeasuredLoad;
  /** The ladder; empty where one rate was asked for. */
  steps: MeasuredLoad[];
  /** The last one gives the figures. */
  longRuns: MeasuredLoad[];
  readModelsAfterMs: number;
}

/** @throws Error when there was no long run, because not even the lowest rate was carried */
export function paymentsReport({ hub, ...measured }: MeasuredPayments): PartReport {
  const { steps, longRuns, firstAcceptedMs, readModelsAfterMs } = measured;
  const best = longRuns.at(-1);
  if (!best)
    throw new Error(`no rate is carried: ${steps.map((step) => `${step.offeredPerSecond}/s: ${problemOf(step) ?? 'carried'}`).join('; ')}`);
  const figures: Figure[] = [
    ...commitFigures(best, '>= 500'),
    {
      name: 'read models current after',
      value: readModelsAfterMs,
      unit: 'ms',
      meaning: 'from the end of the load until every projection had folded its last payment',
    },
    {
      name: 'first payment accepted',
      value: firstAcceptedMs,
      unit: 'ms',
      goal: '< 3000',
      meaning: 'from the start of the process on empty data, without registering the platform',
    },
    ...costFigures(best),
  ];
  const detail = { ...measured, readyAfterMs: hub.readyAfterMs, hubWarnings: hub.warnings().slice(0, 20) };
  return { part: 'payments', figures, tables: [loadTable([...steps, ...longRuns]), ...threadTables(best)], detail };
}

export function commitFigures(load: MeasuredLoad, goal: string): Figure[] {
  const { offeredPerSecond, seconds, committedPerSecond, entry, captured, answer } = load;
  const offered = `of ${offeredPerSecond}/s offered for ${seconds} s (${problemOf(load) ?? 'carried'})`;
  return [
    {
      name: 'committed payments',
      value: committedPerSecond,
      unit: '/s',
      goal,
      meaning: `with a durable ledger entry, ${offered}; the load does not wait for answers`,
    },
    {
      name: 'ledger entry durable, p99',
      value: entry.p99,
      unit: 'ms',
      goal: `< ${entryP99LimitMs}`,
      meaning: 'from when the request was due until its entry in the journal was received from the log',
    },
    {
      name: 'PaymentCaptured durable, p99',
      value: captured.p99,
      unit: 'ms',
      meaning: 'from when the request was due until the capture was received from the log',
    },
    { name: 'HTTP answer, p99', value: answer.p99, unit: 'ms', meaning: 'accepted only: the money may not have been taken yet' },
  ];
}

function costFigures({ hub, entry, loadCpuMs }: MeasuredLoad): Figure[] {
  const own: Figure = {
    name: 'CPU of the load',
    value: loadCpuMs / entry.count,
    unit: 'ms/payment',
    meaning: 'of this process: HTTP client and the watch on the log',
  };
  if (!hub) return [own];
  return [
    {
      name: 'CPU of the hub',
      value: hub.cpuMs / entry.count,
      unit: 'ms/payment',
      meaning: 'all threads of the process: HTTP, domain, event store, read models, garbage collection',
    },
    own,
    {
      name: 'memory of the hub',
      value: hub.residentBytes / 2 ** 20,
      unit: 'MiB',
      goal: '< 600',
      meaning: 'resident after all these payments',
    },
    { name: 'memory of the hub, peak', value: hub.peakResidentBytes / 2 ** 20, unit: 'MiB', meaning: 'the most it ever had resident' },
  ];
}

export function loadTable(loads: readonly MeasuredLoad[]): FigureTable {
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    title: 'Loads, in the order in which they were made; latencies in ms from when a request was due: p50 / p95 / p99',
    columns: [
      right('offered/s'),
      right('s'),
      right('committed/s'),
      right('HTTP answer'),
      right('captured'),
      right('ledger entry'),
      right('429'),
      right('errors'),
      right('hub CPU ms'),
      { title: '' },
    ],
    rows: loads.map((load) => [
      load.offeredPerSecond,
      load.seconds,
      rounded(load.committedPerSecond),
      ...[load.answer, load.captured, load.entry].map(({ p50, p95, p99 }) => [p50, p95, p99].map(rounded).join(' / ')),
      load.overloaded,
      load.errors,
      load.hub && rounded(load.hub.cpuMs / Math.max(load.entry.count, 1)),
      problemOf(load) ?? 'carried',
    ]),
  };
}

/** Where the hub's time goes, by the names of its threads. */
function threadTables({ hub, entry, seconds }: MeasuredLoad): FigureTable[] {
  if (!hub) return [];
  const rows = Object.entries(hub.threadMs)
    .sort(([, one], [, other]) => other - one)
    .filter(([, ms]) => ms > 0)
    .map(([name, ms]) => [name, rounded(ms / entry.count), `${Math.round(ms / (seconds * 10))} %`]);
  return [
    {
      title: "The hub's threads in the long run",
      columns: [{ title: 'thread' }, { title: 'ms/payment', align: 'right' }, { title: 'of one core', align: 'right' }],
      rows,
    },
  ];
}
