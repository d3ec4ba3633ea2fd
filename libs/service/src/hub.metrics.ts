import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Bus } from '@tongbao/bus';
import type { LogFeed } from '@tongbao/event-store';
import type { LoopWatch, Metrics } from '@tongbao/telemetry';
import type { Leadership } from './leadership.js';
import type { RunningProjection } from './projections.http.js';
import { BUS, LEADERSHIP, LOG_FEED, LOOPS, METRICS, PROJECTIONS } from './tokens.js';

/** Dead letters are read from their log to be counted: not at every scrape, and no more than that many of a topic. */
const deadLettersEveryMs = 30_000;
const mostDeadLetters = 1_000;

const relayPrefix = 'relay_';
const projectionStates = ['building', 'running', 'following', 'retrying', 'missing', 'failed', 'stopped'];

/** The figures that every process can be asked for: lags, dead letters, who leads, whether loops move. */
@Injectable()
export class HubMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(LOG_FEED) private readonly feed: LogFeed,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, RunningProjection>,
    @Inject(LEADERSHIP) private readonly leaderships: ReadonlyMap<string, Leadership>,
    @Inject(LOOPS) private readonly loops: LoopWatch,
  ) {
    this.#ends = [...this.#ofProjections(), ...this.#ofRelays(), ...this.#ofBus(), ...this.#ofDeadLetters(), ...this.#ofProcess()];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }

  #ofProjections(): (() => void)[] {
    const known = () => [...this.projections].map(([projection, running]) => ({ projection, ...running.status() }));
    return [
      this.metrics.collect('tongbao_projection_lag_seconds', () =>
        known().map(({ projection, lagMs }) => ({ labels: { projection }, value: lagMs / 1_000 })),
      ),
      this.metrics.collect('tongbao_projection_position', () =>
        known().map(({ projection, position }) => ({ labels: { projection }, value: Number(position) })),
      ),
      this.metrics.collect('tongbao_projection_state', () =>
        known().flatMap(({ projection, state }) =>
          projectionStates.map((each) => ({ labels: { projection, state: each }, value: each === state ? 1 : 0 })),
        ),
      ),
    ];
  }

  /** A relay is a consumer of the feed, and tells its figures there. */
  #ofRelays(): (() => void)[] {
    const relays = () =>
      this.feed
        .status()
        .filter(({ name }) => name.startsWith(relayPrefix))
        .map(({ name, ...status }) => ({ ...status, labels: { service: name.slice(relayPrefix.length) } }));
    return [
      this.metrics.collect('tongbao_relay_lag_seconds', () => relays().map(({ labels, lagMs }) => ({ labels, value: lagMs / 1_000 }))),
      this.metrics.collect('tongbao_relay_lag_events', () =>
        relays().flatMap(({ labels, lagEvents }) => (lagEvents === undefined ? [] : [{ labels, value: lagEvents }])),
      ),
    ];
  }

  #ofBus(): (() => void)[] {
    const topics = () => this.bus.status().flatMap(({ group, topics: all }) => all.map((status) => ({ ...status, group })));
    // What the transport has not delivered yet waits in the feed, where messages are read from the log.
    const unreadMs = (group: string, topic: string) => this.feed.status().find(({ name }) => name === `${group}_${topic}`)?.lagMs ?? 0;
    return [
      this.metrics.collect('tongbao_bus_consumer_lag_messages', () =>
        topics().map(({ group, topic, lagMessages }) => ({ labels: { group, topic }, value: lagMessages })),
      ),
      this.metrics.collect('tongbao_bus_consumer_lag_seconds', () =>
        topics().map(({ group, topic, lagSeconds }) => ({
          labels: { group, topic },
          value: Math.max(lagSeconds, unreadMs(group, topic) / 1_000),
        })),
      ),
      this.metrics.collect('tongbao_bus_paused_partitions', () =>
        topics().map(({ group, topic, paused, failed }) => ({ labels: { group, topic }, value: paused.length + failed.length })),
      ),
      this.metrics.collect('tongbao_bus_parked_keys', () =>
        topics().map(({ group, topic, parkedKeys }) => ({ labels: { group, topic }, value: parkedKeys })),
      ),
    ];
  }

  #ofDeadLetters(): (() => void)[] {
    const options = { everyMs: deadLettersEveryMs };
    const waiting = async () => {
      const all = this.bus.status().flatMap(({ group, topics }) => topics.map(({ topic }) => ({ group, topic })));
      return Promise.all(
        all.map(async ({ group, topic }) => {
          const { items } = await this.bus.deadLetters(group).list({ topic, limit: mostDeadLetters });
          return { labels: { group, topic }, count: items.length, oldest: items[0]?.at };
        }),
      );
    };
    return [
      this.metrics.collect(
        'tongbao_bus_dead_letters',
        async () => (await waiting()).map(({ labels, count }) => ({ labels, value: count })),
        options,
      ),
      this.metrics.collect(
        'tongbao_bus_dead_letter_oldest_seconds',
        async () =>
          (await waiting()).map(({ labels, oldest }) => ({ labels, value: oldest ? (Date.now() - oldest.getTime()) / 1_000 : 0 })),
        options,
      ),
    ];
  }

  #ofProcess(): (() => void)[] {
    return [
      this.metrics.collect('tongbao_leader', () =>
        [...this.leaderships].map(([service, { leads }]) => ({ labels: { service }, value: leads ? 1 : 0 })),
      ),
      this.metrics.collect('tongbao_lease_epoch', () =>
        [...this.leaderships].map(([service, { leads, epoch }]) => ({ labels: { service }, value: leads ? (epoch ?? 0) : 0 })),
      ),
      this.metrics.collect('tongbao_loop_age_seconds', () =>
        this.loops.status().map(({ name, ageMs }) => ({ labels: { loop: name }, value: ageMs / 1_000 })),
      ),
    ];
  }
}
