import { EventStore } from '@tongbao/event-store';
import { randomUUID } from 'node:crypto';
import { HubClient } from '../hub-client.js';
import { orderOf, registerSeller } from './bench-orders.js';
import type { BenchContext } from './bench.js';
import { CommitWatcher } from './commit-watcher.js';
import { HubUnderTest } from './hub-under-test.js';
import { carriedRates, climb, entryP99LimitMs, problemOf } from './ladder.js';
import { loadPayments, type LoadTarget, type MeasuredLoad } from './payment-load.js';
import { untilReadModelsReach } from './read-models.js';
import { rounded, type Figure, type FigureTable, type PartReport } from './report.js';

const currency = 'USD';
const warmUpPerSecond = 200;
const warmUpSeconds = 15;
const stepSeconds = 10;

/** Committed payments a second of the whole hub, with latencies, by a ladder of open rates and a long run at the highest that it carries. */
export async function benchPayments({ seconds, rate, progress }: BenchContext): Promise<PartReport> {
  const hub = await HubUnderTest.start();
  const store = EventStore.connect(hub.eventStoreUrl);
  try {
    const seller = await registerSeller(hub, [currency]);
    const firstAcceptedMs = await firstPayment(hub, seller.apiKey);
    const watcher = await CommitWatcher.start(store);
    const target: LoadTarget = { hub, seller, watcher, currency };
    const load = async (perSecond: number, forSeconds: number): Promise<MeasuredLoad> => {
      const result = await loadPayments(target, perSecond, forSeconds);
      progress(`payments: ${perSecond}/s for ${forSeconds} s: ${problemOf(result) ?? 'carried'}, entry p99 ${rounded(result.entry.p99)} ms`);
      return result;
    };
    progress(`payments: warming up, ${warmUpPerSecond}/s for ${Math.min(warmUpSeconds, seconds)} s`);
    const warmUp = await load(warmUpPerSecond, Math.min(warmUpSeconds, seconds));
    const steps: MeasuredLoad[] = [];
    if (rate === undefined) {
      await climb(async (perSecond) => {
        const result = await load(perSecond, Math.min(stepSeconds, seconds));
        steps.push(result);
        return result;
      });
    }
    const longRuns = await longest(rate === undefined ? carriedRates(steps) : [rate], (perSecond) => load(perSecond, seconds), rate === undefined);
    const readModelsAfterMs = await untilReadModelsReach(hub, watcher.journalPosition, 300_000);
    await watcher.stop();
    return reportOf({ hub, firstAcceptedMs, warmUp, steps, longRuns, readModelsAfterMs });
  } finally {
    await store.close();
    await hub.stop();
  }
}

/** The start of everything, as who starts the hub sees it. @returns milliseconds from the process's start to the first payment accepted */
async function firstPayment(hub: HubUnderTest, token: string): Promise<number> {
  const startedMs = performance.now();
  const client = new HubClient(hub.url, { token });
  await client.post('/v1/payments', { body: orderOf(`first-${randomUUID()}`, 'user-1', currency), waitSeconds: 10 });
  await client.close();
  return hub.readyAfterMs + (performance.now() - startedMs);
}

/** The long run, at the highest rate that a short one carried; where it is too much for long, at the next lower ones. */
async function longest(candidates: readonly number[], load: (perSecond: number) => Promise<MeasuredLoad>, goDown: boolean): Promise<MeasuredLoad[]> {
  const runs: MeasuredLoad[] = [];
  for (const perSecond of candidates) {
    const run = await load(perSecond);
    runs.push(run);
    if (!goDown || problemOf(run) === undefined) break;
  }
  return runs;
}

interface Measured {
  hub: HubUnderTest;
  firstAcceptedMs: number;
  warmUp: MeasuredLoad;
  steps: MeasuredLoad[];
  longRuns: MeasuredLoad[];
  readModelsAfterMs: number;
}

function reportOf({ hub, firstAcceptedMs, warmUp, steps, longRuns, readModelsAfterMs }: Measured): PartReport {
  const best = longRuns.at(-1);
  if (!best) throw new Error(`not even ${steps[0]?.offeredPerSecond ?? 0} payments/s were carried: ${steps[0] ? (problemOf(steps[0]) ?? '') : ''}`);
  const figures: Figure[] = [
    { name: 'committed payments', value: best.committedPerSecond, unit: '/s', goal: '500', meaning: `with a durable ledger entry, of ${best.offeredPerSecond}/s offered for ${best.seconds} s (${problemOf(best) ?? 'carried'}); the load does not wait for answers` },
    { name: 'ledger entry durable, p99', value: best.entry.p99, unit: 'ms', goal: `< ${entryP99LimitMs}`, meaning: 'from when the request was due until its entry in the journal was received from the log' },
    { name: 'PaymentCaptured durable, p99', value: best.captured.p99, unit: 'ms', meaning: 'from when the request was due until the capture was received from the log' },
    { name: 'HTTP answer, p99', value: best.answer.p99, unit: 'ms', meaning: 'accepted only: the money may not have been taken yet' },
    { name: 'read models current after', value: readModelsAfterMs, unit: 'ms', meaning: 'from the end of the load until every projection had folded its last payment' },
    { name: 'first payment accepted', value: firstAcceptedMs, unit: 'ms', goal: '< 3000', meaning: 'from the start of the process on empty data, without registering the platform' },
    ...costFigures(best),
  ];
  const detail = { firstAcceptedMs, readyAfterMs: hub.readyAfterMs, warmUp, steps, longRuns, readModelsAfterMs, hubWarnings: hub.warnings().slice(0, 20) };
  return { part: 'payments', figures, tables: [loadTable([...steps, ...longRuns]), ...threadTables(best)], detail };
}

function costFigures({ hub, entry, loadCpuMs }: MeasuredLoad): Figure[] {
  const own: Figure = { name: 'CPU of the load', value: loadCpuMs / entry.count, unit: 'ms/payment', meaning: 'of this process: HTTP client and the watch on the log' };
  if (!hub) return [own];
  return [
    { name: 'CPU of the hub', value: hub.cpuMs / entry.count, unit: 'ms/payment', meaning: 'all threads of the process: HTTP, domain, event store, read models, garbage collection' },
    own,
    { name: 'memory of the hub', value: hub.residentBytes / 2 ** 20, unit: 'MiB', goal: '< 600', meaning: 'resident after all these payments' },
    { name: 'memory of the hub, peak', value: hub.peakResidentBytes / 2 ** 20, unit: 'MiB', meaning: 'the most it ever had resident' },
  ];
}

function loadTable(loads: readonly MeasuredLoad[]): FigureTable {
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    title: 'Loads, in the order in which they were made; latencies in ms from when a request was due: p50 / p95 / p99',
    columns: [right('offered/s'), right('s'), right('committed/s'), right('HTTP answer'), right('captured'), right('ledger entry'), right('429'), right('errors'), right('hub CPU ms'), { title: '' }],
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
  return [{ title: "The hub's threads in the long run", columns: [{ title: 'thread' }, { title: 'ms/payment', align: 'right' }, { title: 'of one core', align: 'right' }], rows }];
}
