import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceName } from '@tongbao/service';
import { leaseOf } from '../leases.js';
import type { ClusterBenchContext } from './cluster-bench.js';
import { EffectWatch } from './cluster-effect-watch.js';
import { SteadyOrders } from './cluster-steady-orders.js';
import type { ClusterUnderTest } from './cluster-under-test.js';
import { rounded, type Figure, type PartReport } from './report.js';
import { holdsWithin } from './until.js';

const services: readonly ServiceName[] = ['payment', 'ledger', 'settlement', 'notification'];
const perSecond = 20;
const settleMs = 2_000;
const patienceMs = 60_000;

const ways = { killed: 'SIGKILL', stopped: 'SIGTERM' } as const;

/** One change of a leader, in milliseconds from the signal. */
export interface Takeover {
  service: string;
  way: keyof typeof ways;
  /** Until the other process had the lease. */
  leadsAfterMs: number;
  /** Until the first thing that only a leader does. */
  effectAfterMs: number;
  /** Meanwhile, of orders through the gateway. */
  failedOrders: number;
  /** Longest time without an order that was accepted. */
  longestGapMs: number;
}

/** How long a service is without a leader when its leading process is killed, and when it is stopped gracefully, with a second process standing by. */
export async function benchClusterTakeover({ clusters, progress }: ClusterBenchContext): Promise<PartReport> {
  const { hub } = await clusters.of('replicas');
  const watch = await EffectWatch.start(hub);
  const orders = SteadyOrders.start(hub, await hub.seller(), perSecond);
  const takeovers: Takeover[] = [];
  try {
    for (const service of services) {
      for (const way of ['killed', 'stopped'] as const) {
        progress(`takeover: the leading process of ${service} is ${way}`);
        takeovers.push(await takeover(hub, watch, orders, service, way));
      }
    }
  } finally {
    await orders.stop();
    await watch.stop();
  }
  return reportOf(takeovers);
}

async function takeover(
  hub: ClusterUnderTest,
  watch: EffectWatch,
  orders: SteadyOrders,
  service: ServiceName,
  way: Takeover['way'],
): Promise<Takeover> {
  const before = await leaseOf(hub.store, service);
  const leader = [...hub.cluster.processes.keys()].find((name) => hub.cluster.urlOf(name) === before?.url);
  if (!before || leader === undefined) throw new Error(`no process leads ${service}`);
  orders.begin();
  const startedMs = performance.now();
  hub.signal(leader, ways[way]);
  const acquired = await watch.acquired(service, before.epoch, patienceMs);
  const effectMs = await watch.firstEffect(service, acquired, patienceMs);
  const { failed, longestGapMs } = orders.sinceBegin();
  await untilWhole(hub, leader);
  return {
    service,
    way,
    leadsAfterMs: acquired.atMs - startedMs,
    effectAfterMs: effectMs - startedMs,
    failedOrders: failed,
    longestGapMs,
  };
}

/** The process that had led is back, as a standby, and everything is ready. */
async function untilWhole(hub: ClusterUnderTest, processName: string): Promise<void> {
  const isBack = await holdsWithin(patienceMs, async () => {
    if (!hub.cluster.processes.get(processName)?.process?.isRunning) return false;
    const answers = await Promise.all(
      [hub.url, hub.cluster.urlOf(processName)].map((url) => fetch(`${url}/health/ready`).catch(() => undefined)),
    );
    return answers.every((answer) => answer?.ok);
  });
  if (!isBack) throw new Error(`${processName} does not come back`);
  // It has its share of the messages again before the next one goes.
  await delay(settleMs);
}

function reportOf(takeovers: readonly Takeover[]): PartReport {
  const longest = (way: Takeover['way'], of: (takeover: Takeover) => number) =>
    Math.max(...takeovers.filter((each) => each.way === way).map(of));
  const figures = (Object.keys(ways) as Takeover['way'][]).flatMap((way): Figure[] => [
    {
      name: `${way}: another leads, longest`,
      value: longest(way, ({ leadsAfterMs }) => leadsAfterMs),
      unit: 'ms',
      goal: '< 10000',
      meaning: `of ${services.length} services, from ${ways[way]} until the lease stream had another holder`,
    },
    {
      name: `${way}: first effect, longest`,
      value: longest(way, ({ effectAfterMs }) => effectAfterMs),
      unit: 'ms',
      goal: '< 10000',
      meaning: 'until the new leader had done the first thing that only a leader does',
    },
  ]);
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    part: 'takeover',
    figures,
    tables: [
      {
        title: `Takeovers with two processes of each service, at ${perSecond} orders/s through the gateway; in ms from the signal`,
        columns: [
          { title: 'service' },
          { title: 'leader' },
          right('another leads'),
          right('first effect'),
          { title: 'which is' },
          right('orders refused or lost'),
          right('longest without an accepted order'),
        ],
        rows: takeovers.map(({ service, way, leadsAfterMs, effectAfterMs, failedOrders, longestGapMs }) => [
          service,
          way,
          rounded(leadsAfterMs),
          rounded(effectAfterMs),
          EffectWatch.effects[service as ServiceName],
          failedOrders,
          rounded(longestGapMs),
        ]),
      },
    ],
    detail: { takeovers },
  };
}
