import { EventStore } from '@tongbao/event-store';
import { randomUUID } from 'node:crypto';
import { HubClient } from '../hub-client.js';
import { orderOf, registerSeller, type Seller } from './bench-orders.js';
import type { BenchContext } from './bench.js';
import { CommitWatcher } from './commit-watcher.js';
import { HubUnderTest } from './hub-under-test.js';
import { carriedRates, climb, problemOf } from './ladder.js';
import { loadPayments, type LoadTarget, type MeasuredLoad } from './payment-load.js';
import { paymentsReport } from './payments.report.js';
import { untilReadModelsReach } from './read-models.js';
import { rounded, type PartReport } from './report.js';

const currency = 'USD';
const warmUpPerSecond = 200;
const warmUpSeconds = 15;
const stepSeconds = 10;
const patienceMs = 300_000;

type Load = (perSecond: number, seconds: number) => Promise<MeasuredLoad>;

/** Committed payments a second of the whole hub, with latencies, by a ladder of open rates and a long run at the highest that it carries. */
export async function benchPayments({ seconds, rate, progress }: BenchContext): Promise<PartReport> {
  const hub = await HubUnderTest.start();
  const store = EventStore.connect(hub.eventStoreUrl);
  try {
    const seller = await registerSeller(hub, [currency]);
    const firstAcceptedMs = await firstPayment(hub, seller);
    const watcher = await CommitWatcher.start(store);
    const load = toldLoad({ hub, seller, watcher, currency }, progress);
    const warmUp = await load(warmUpPerSecond, Math.min(warmUpSeconds, seconds));
    const steps = rate === undefined ? await climb((perSecond) => load(perSecond, Math.min(stepSeconds, seconds))) : [];
    const longRuns = rate === undefined ? await longest(carriedRates(steps), load, seconds) : [await load(rate, seconds)];
    const readModelsAfterMs = await untilReadModelsReach(hub, watcher.journalPosition, patienceMs);
    await watcher.stop();
    return paymentsReport({ hub, firstAcceptedMs, warmUp, steps, longRuns, readModelsAfterMs });
  } finally {
    await store.close();
    await hub.stop();
  }
}

/** A load that says what it does. */
export const toldLoad =
  (target: LoadTarget, progress: BenchContext['progress']): Load =>
  async (perSecond, seconds) => {
    progress(`payments: ${perSecond}/s for ${seconds} s`);
    const result = await loadPayments(target, perSecond, seconds);
    const [sample] = result.errorSamples;
    progress(
      `payments: ${problemOf(result) ?? 'carried'}, entry p99 ${rounded(result.entry.p99)} ms${sample === undefined ? '' : `, ${sample}`}`,
    );
    return result;
  };

/** The start of everything, as who starts the hub sees it. @returns milliseconds from the process's start to the first payment accepted */
async function firstPayment(hub: HubUnderTest, { signer }: Seller): Promise<number> {
  const startedMs = performance.now();
  const client = new HubClient(hub.url, { signer });
  await client.post('/v1/payments', { body: orderOf(`first-${randomUUID()}`, 'user-1', currency) });
  await client.close();
  return hub.readyAfterMs + (performance.now() - startedMs);
}

/** The long run, at the highest rate that a short one carried; where that is too much for long, at the next lower ones. */
export async function longest<Result extends MeasuredLoad>(
  candidates: readonly number[],
  load: (perSecond: number, seconds: number) => Promise<Result>,
  seconds: number,
): Promise<Result[]> {
  const runs: Result[] = [];
  for (const perSecond of candidates) {
    const run = await load(perSecond, seconds);
    runs.push(run);
    if (problemOf(run) === undefined) break;
  }
  return runs;
}
