import { cpus } from 'node:os';
import { loadGenerator, type ClusterUnderTest } from './cluster-under-test.js';
import { elsewhere, sumOf, type Used } from './cluster-usage.js';
import { entryP99LimitMs, problemOf } from './ladder.js';
import type { MeasuredLoad } from './payment-load.js';
import { commitFigures, loadTable } from './payments.report.js';
import { rounded, type Figure, type FigureTable, type PartReport } from './report.js';

/** A load, and what each program used meanwhile. */
export type ClusterLoad = MeasuredLoad & { usages: Record<string, Used> };

export interface MeasuredClusterPayments {
  hub: ClusterUnderTest;
  /** Milliseconds of CPU a second, by program, when nothing is asked of the hub. */
  rest: Record<string, number>;
  warmUp: ClusterLoad;
  /** The ladder; empty where one rate was asked for. */
  steps: ClusterLoad[];
  /** The last one gives the figures. */
  longRuns: ClusterLoad[];
  readModelsAfterMs: number;
  /** After the long runs. */
  memory: Record<string, Used>;
  /** The rate of the long run, through the gateway. */
  gateway: ClusterLoad;
}

const goalPerSecond = 400;

/** @throws Error when there was no long run, because not even the lowest rate was carried */
export function clusterPaymentsReport({ hub, ...measured }: MeasuredClusterPayments): PartReport {
  const { steps, longRuns, gateway, readModelsAfterMs } = measured;
  const best = longRuns.at(-1);
  if (!best)
    throw new Error(`no rate is carried: ${steps.map((step) => `${step.offeredPerSecond}/s: ${problemOf(step) ?? 'carried'}`).join('; ')}`);
  const figures: Figure[] = [
    ...commitFigures(best, `>= ${goalPerSecond}`),
    {
      name: 'read models current after',
      value: readModelsAfterMs,
      unit: 'ms',
      meaning: 'from the end of the load until payment, ledger and settlement had folded its last payment',
    },
    ...costFigures(hub, best),
    {
      name: 'through the gateway: ledger entry durable, p99',
      value: gateway.entry.p99,
      unit: 'ms',
      goal: `< ${entryP99LimitMs}`,
      meaning: `of ${gateway.offeredPerSecond}/s offered for ${gateway.seconds} s (${problemOf(gateway) ?? 'carried'})`,
    },
  ];
  const tables = [
    { ...loadTable([...steps, ...longRuns, gateway]), title: loadTitle },
    ...(best.entry.count > 0 ? [programTable({ hub, ...measured }, best)] : []),
  ];
  return { part: 'payments', figures, tables, detail: { ...measured, warnings: hub.warnings().slice(0, 20) } };
}

const loadTitle =
  'Loads on the payment service itself, past the gateway, as behind a load balancer; the last one through the gateway. In the order in which they\n' +
  'were made; latencies in ms from when a request was due: p50 / p95 / p99; the hub is all its processes with Kafka, PostgreSQL, Redis and the store';

function costFigures(hub: ClusterUnderTest, { usages, entry, seconds }: ClusterLoad): Figure[] {
  const used = new Map(Object.entries(usages));
  if (used.size === 0) return [];
  const all = sumOf(used, [...hub.programs, loadGenerator]);
  return [
    {
      name: 'CPU of everything',
      value: all.cpuMs / Math.max(entry.count, 1),
      unit: 'ms/payment',
      meaning: 'all programs of the hub, and the load generator; the table below has each',
    },
    {
      name: 'CPU of everything else on the machine',
      value: (used.get(elsewhere)?.cpuMs ?? 0) / (seconds * 1_000 * cpus().length),
      unit: 'of the machine',
      goal: '~ 0',
      meaning: 'what the hub could not have: the higher, the less the other figures say',
    },
    {
      name: 'memory of everything',
      value: all.residentBytes / 2 ** 20,
      unit: 'MiB',
      meaning: 'resident after all these payments',
    },
  ];
}

/** Where the time goes, and the memory. */
function programTable({ hub, rest, memory, gateway }: MeasuredClusterPayments, best: ClusterLoad): FigureTable {
  const names = [...hub.programs, loadGenerator];
  const perPayment = (load: ClusterLoad, ms: number) => rounded(ms / Math.max(load.entry.count, 1));
  const ofACore = (msPerSecond: number) => `${Math.round(msPerSecond / 10)} %`;
  const row = (name: string, each: readonly string[]) => {
    const [long, through, end] = [best.usages, gateway.usages, memory].map((usages) => sumOf(new Map(Object.entries(usages)), each));
    const atRest = each.reduce((sum, program) => sum + (rest[program] ?? 0), 0);
    return [
      name,
      perPayment(best, long?.cpuMs ?? 0),
      ofACore((long?.cpuMs ?? 0) / best.seconds),
      perPayment(gateway, through?.cpuMs ?? 0),
      ofACore(atRest),
      name === elsewhere ? undefined : Math.round((end?.residentBytes ?? 0) / 2 ** 20),
    ];
  };
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    title: `What each program used in the long run (${best.offeredPerSecond}/s), through the gateway, and at rest; memory after the long run`,
    columns: [
      { title: 'program' },
      right('ms/payment'),
      right('of one core'),
      right('ms/payment through the gateway'),
      right('at rest, of one core'),
      right('MiB'),
    ],
    rows: [...names.map((name) => row(name, [name])), row('all of these', names), row(elsewhere, [elsewhere])],
  };
}
