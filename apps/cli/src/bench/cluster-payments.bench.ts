import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterBenchContext } from './cluster-bench.js';
import { clusterPaymentsReport, type ClusterLoad } from './cluster-payments.report.js';
import { benchCurrency, type ClusterUnderTest } from './cluster-under-test.js';
import { usagesBetween, type Usages } from './cluster-usage.js';
import { carriedRates, climb } from './ladder.js';
import type { LoadTarget } from './payment-load.js';
import { longest, toldLoad } from './payments.bench.js';
import { untilReadModelsReach } from './read-models.js';
import type { PartReport } from './report.js';

const warmUpPerSecond = 200;
const warmUpSeconds = 15;
const stepSeconds = 10;
const gatewaySeconds = 15;
const restSeconds = 5;
const patienceMs = 300_000;

/**
 * Committed payments a second of the distributed hub, by a ladder of open rates and a long run at the highest that it carries, past the gateway; what
 * each program spends on one; and the same rate once more through the gateway.
 */
export async function benchClusterPayments({ clusters, seconds, rate, progress }: ClusterBenchContext): Promise<PartReport> {
  const { hub, watcher } = await clusters.of('load');
  const seller = await hub.seller();
  const loadAt = (url: string) => {
    const target: LoadTarget = { hub: { url, usage: () => hub.usage() }, seller, watcher, currency: benchCurrency };
    const load = toldLoad(target, progress);
    return async (perSecond: number, forSeconds: number): Promise<ClusterLoad> => {
      const before = hub.usages();
      const result = await load(perSecond, forSeconds);
      return { ...result, usages: Object.fromEntries(usagesBetween(before, hub.usages())) };
    };
  };
  const direct = loadAt(hub.cluster.urlOf('payment-1'));
  await hub.untilAtRest();
  const rest = await restOf(hub);
  const warmUp = await direct(Math.min(rate ?? Infinity, warmUpPerSecond), Math.min(warmUpSeconds, seconds));
  const steps = rate === undefined ? await climb((perSecond) => direct(perSecond, Math.min(stepSeconds, seconds))) : [];
  await hub.untilAtRest();
  const longRuns = rate === undefined ? await longest(carriedRates(steps), direct, seconds) : [await direct(rate, seconds)];
  const readModelsAfterMs = await untilReadModelsReach(hub, watcher.journalPosition, patienceMs, ['notification']);
  const memory = Object.fromEntries(hub.usages());
  progress('payments: the same through the gateway');
  const gateway = await loadAt(hub.url)(longRuns.at(-1)?.offeredPerSecond ?? warmUpPerSecond, Math.min(gatewaySeconds, seconds));
  return clusterPaymentsReport({ hub, rest, warmUp, steps, longRuns, readModelsAfterMs, memory, gateway });
}

/** What everything takes of the processors when nothing is asked of it, in milliseconds a second. */
async function restOf(hub: ClusterUnderTest): Promise<Record<string, number>> {
  const before: Usages = hub.usages();
  await delay(restSeconds * 1_000);
  const used = usagesBetween(before, hub.usages());
  return Object.fromEntries([...used].map(([name, { cpuMs }]) => [name, cpuMs / restSeconds]));
}
