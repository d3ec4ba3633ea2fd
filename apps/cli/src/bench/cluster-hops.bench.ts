import { topics } from '@tongbao/contracts';
import type { EventStore, StoredEvent } from '@tongbao/event-store';
import type { ClusterBenchContext } from './cluster-bench.js';
import { hopNames, HopTimes, type Stage } from './cluster-hop-times.js';
import { TopicTail } from './cluster-topic-tail.js';
import { benchCurrency, type ClusterUnderTest } from './cluster-under-test.js';
import { WebhookSink } from './cluster-webhook-sink.js';
import type { Latency } from './latency-recorder.js';
import { problemOf } from './ladder.js';
import { dueMs } from './open-load.js';
import { loadPayments, type LoadTarget, type MeasuredLoad } from './payment-load.js';
import { rounded, type PartReport } from './report.js';
import { holdsWithin } from './until.js';

const steadyPerSecond = 200;
const longestSeconds = 20;
/** A program that has just begun is slow for a while: what is measured is not that. */
const warmUpSeconds = 15;
const patienceMs = 60_000;

/** How long each step of a payment's way takes, from the request to the webhook, at a steady rate. */
export async function benchClusterHops({ clusters, seconds, rate = steadyPerSecond, progress }: ClusterBenchContext): Promise<PartReport> {
  const { hub, watcher } = await clusters.of('load');
  const seller = await hub.seller();
  const forSeconds = Math.min(seconds, longestSeconds);
  const watch = await HopWatch.start(hub, Math.round(rate * forSeconds));
  try {
    const unwatched: LoadTarget = {
      hub: { url: hub.cluster.urlOf('payment-1'), usage: () => undefined },
      seller,
      watcher,
      currency: benchCurrency,
    };
    progress('hops: warming up');
    await loadPayments(unwatched, rate, Math.min(seconds, warmUpSeconds));
    const target: LoadTarget = {
      ...unwatched,
      begins: (prefix, schedule) => {
        watch.begin(prefix);
        for (let index = 0; index < schedule.requests; index += 1) watch.times.set('due', index, wallMs(dueMs(schedule, index)));
      },
    };
    progress(`hops: ${rate}/s for ${forSeconds} s, with a webhook for each payment`);
    const load = await loadPayments(target, rate, forSeconds);
    const seen = () => Math.min(...(['topic', 'news', 'webhook'] as const).map((stage) => watch.times.count(stage)));
    if (!(await holdsWithin(patienceMs, () => seen() >= load.accepted)))
      progress(`hops: of ${load.accepted} only ${seen()} were seen at each`);
    return reportOf(load, watch.times);
  } finally {
    await watch.stop();
  }
}

/** A time of `performance.now()` as the other processes' clocks have it: all are the same machine's. */
const wallMs = (performanceMs: number): number => performance.timeOrigin + performanceMs;

/** Sees payments at each step of their way, from outside the hub: on their topic, in notification's log, at the receiver of webhooks. */
class HopWatch {
  readonly #stopping = new AbortController();
  readonly #following: Promise<unknown>;
  readonly #ends: (() => Promise<void>)[] = [];
  #prefix: string | undefined;
  #failure: unknown;

  private constructor(
    readonly times: HopTimes,
    store: EventStore,
    head: bigint,
  ) {
    this.#following = this.#followNews(store, head).catch((error: unknown) => (this.#failure = error));
  }

  static async start(hub: ClusterUnderTest, requests: number): Promise<HopWatch> {
    const watch = new HopWatch(new HopTimes(requests), hub.store, await hub.store.head());
    try {
      await watch.#begin(hub);
      return watch;
    } catch (error) {
      await watch.stop();
      throw error;
    }
  }

  begin(prefix: string): void {
    this.#prefix = prefix;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) await end();
    await this.#following;
    if (this.#failure !== undefined) throw new Error('the log cannot be followed any more', { cause: this.#failure });
  }

  async #begin(hub: ClusterUnderTest): Promise<void> {
    const sink = await WebhookSink.start((body) => this.#see(['webhook'], JSON.parse(body), [Date.now()]));
    this.#ends.push(() => sink.close());
    await hub.registerEndpoint(sink.url);
    const tail = await TopicTail.start(hub.brokers, topics.paymentEvents, ({ type, appendedMs, text }) => {
      if (type === 'PaymentCaptured') this.#see(['captured', 'topic'], { data: JSON.parse(text) as unknown }, [appendedMs, Date.now()]);
    });
    this.#ends.push(() => tail.stop());
  }

  async #followNews(store: EventStore, head: bigint): Promise<void> {
    for await (const { events } of store.follow(['news'], head, this.#stopping.signal)) {
      for (const { event, createdAt } of events as StoredEvent<NewsReceived>[])
        for (const item of event.items) if (item.type === 'payment.captured') this.#see(['news'], item, [createdAt.getTime()]);
    }
  }

  /** @param about holds a payment's data in `data`, as all that platforms are told */
  #see(stages: readonly Stage[], about: unknown, atMs: readonly number[]): void {
    const orderId = orderIdIn(about);
    if (this.#prefix === undefined || !orderId?.startsWith(this.#prefix)) return;
    const index = Number(orderId.slice(this.#prefix.length));
    for (const [place, stage] of stages.entries()) this.times.set(stage, index, atMs[place] ?? NaN);
  }
}

/** Notification's own event, as far as it matters here. */
interface NewsReceived {
  type: 'NewsReceived';
  items: { type: string; data: object }[];
}

function orderIdIn(about: unknown): string | undefined {
  const data = typeof about === 'object' && about !== null && 'data' in about ? about.data : undefined;
  return typeof data === 'object' && data !== null && 'orderId' in data && typeof data.orderId === 'string' ? data.orderId : undefined;
}

function reportOf(load: MeasuredLoad, times: HopTimes): PartReport {
  const hops: [string, Latency][] = [
    ['request due to HTTP answer', load.answer],
    ['request due to PaymentCaptured received from the log', load.captured],
    ['request due to ledger entry received from the log', load.entry],
    ...hopNames.map(([name, from, to]): [string, Latency] => [name, times.between(from, to)]),
  ];
  const offered = `at ${load.offeredPerSecond}/s for ${load.seconds} s (${problemOf(load) ?? 'carried'})`;
  const figure = (name: string, from: Stage, to: Stage, meaning: string) => {
    const { p50, p99 } = times.between(from, to);
    return [
      { name: `${name}, p50`, value: p50, unit: 'ms', meaning: `${meaning}, ${offered}` },
      { name: `${name}, p99`, value: p99, unit: 'ms', meaning: 'the same' },
    ];
  };
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    part: 'hops',
    figures: [
      ...figure(
        'append to topic',
        'captured',
        'topic',
        'from the append of PaymentCaptured until a consumer outside the hub had its message',
      ),
      ...figure('append to effect', 'captured', 'news', "from the append of PaymentCaptured to the append of notification's news of it"),
      ...figure('request to webhook', 'due', 'webhook', 'from when the request was due until the webhook was received'),
    ],
    tables: [
      {
        title: 'Hops of a payment, in ms; clocks of one machine, times of events and webhooks in whole ms',
        columns: [{ title: 'hop' }, right('p50'), right('p95'), right('p99'), right('max'), right('seen')],
        rows: hops.map(([name, { p50, p95, p99, max, count }]) => [name, ...[p50, p95, p99, max].map(rounded), count]),
      },
    ],
    detail: { load, hops: Object.fromEntries(hops) },
  };
}
