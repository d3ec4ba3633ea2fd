import { Outage, type LogFeed, type StoredEvent } from '@tongbao/event-store';
import { setTimeout as delay } from 'node:timers/promises';
import { Generation, shapeDigestOf, type GenerationOptions } from './generation.js';
import { Rewound } from './projection-errors.js';
import type { Projection } from './projection.js';
import { changingGenerations, registered, type BuildReason } from './registry.js';
import type { SqlClient } from './sql-client.js';

export interface RebuildProgress {
  /** Folded so far. */
  events: number;
  position: bigint;
  /** What the feed has seen of the log. */
  head: bigint;
}

/** Somebody asked for it, or the process is stopping: what has been built stays, and can be gone on with. */
export class RebuildStopped extends Error {
  override readonly name = 'RebuildStopped';
}

export interface RebuildOptions extends GenerationOptions {
  batchSize: number;
  onProgress: (progress: RebuildProgress) => void;
  onOutage: (error: unknown) => void;
}

/** While a pass over what is new takes longer than this, there will again be much that is new. */
const shortPassMs = 500;
const maxPasses = 20;

/** Folds the log once more from its start, into tables of its own, by a subscription of its own. */
export class Rebuild {
  #events = 0;

  private constructor(
    private readonly client: SqlClient,
    private readonly feed: LogFeed,
    private readonly projection: Projection,
    readonly generation: Generation,
    private readonly options: RebuildOptions,
    private readonly stopping: AbortSignal,
  ) {}

  static async begin(
    client: SqlClient,
    feed: LogFeed,
    projection: Projection,
    reason: BuildReason,
    options: RebuildOptions,
    stopping: AbortSignal,
  ): Promise<Rebuild> {
    const { version } = projection;
    const { epoch = 0 } = options;
    const number = await changingGenerations(client, { projection: projection.name, epoch }, async (tx) => {
      const generation = ((await registered(tx, projection.name)).at(-1)?.generation ?? 0) + 1;
      const entry = { generation, version, shape: shapeDigestOf(projection), position: 0n, live: false, epoch, build: reason };
      await Generation.create(tx, projection, entry);
      return generation;
    });
    return new Rebuild(client, feed, projection, new Generation(client, projection, number, 0n, options), options, stopping);
  }

  /** Goes on with one that was stopped, from where its rows are. */
  static resume(
    client: SqlClient,
    feed: LogFeed,
    projection: Projection,
    stopped: { generation: number; position: bigint },
    options: RebuildOptions,
    stopping: AbortSignal,
  ): Rebuild {
    const generation = new Generation(client, projection, stopped.generation, stopped.position, options);
    return new Rebuild(client, feed, projection, generation, options, stopping);
  }

  /** Folded since it was begun or resumed. */
  get events(): number {
    return this.#events;
  }

  /** Goes on until only a moment's worth of events is missing, waiting out any outage. */
  async catchUp(): Promise<void> {
    for (let pass = 1; pass <= maxPasses; pass += 1) {
      const startedMs = performance.now();
      await this.#pass(this.stopping, undefined, (error) => this.options.onOutage(error));
      if (performance.now() - startedMs < shortPassMs) return;
    }
  }

  /**
   * Folds exactly what the log holds up to a position.
   * @throws Outage at the first sign of one, so that nobody waits for it
   */
  async reach(position: bigint): Promise<void> {
    const outage = new AbortController();
    const signal = AbortSignal.any([this.stopping, outage.signal]);
    await this.#pass(signal, position, (error) => outage.abort(new Outage(`the log cannot be read: ${String(error)}`, { cause: error })));
    if (outage.signal.aborted) throw outage.signal.reason;
    await this.generation.fold({ events: [], position });
  }

  async untilNoOutage<T>(work: () => Promise<T>): Promise<T> {
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      this.throwIfStopped();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
        this.options.onOutage(error);
        await delay(pauseMs, undefined, { signal: this.stopping }).catch(() => this.throwIfStopped());
      }
    }
  }

  /** Reads on from where the generation is until there is nothing more (up to `until`), or the signal is aborted. */
  async #pass(signal: AbortSignal, until: bigint | undefined, onOutage: (error: unknown) => void): Promise<void> {
    for (let isDone = false; !isDone;) {
      try {
        await this.#read(signal, until, onOutage);
        isDone = true;
      } catch (error) {
        if (!(error instanceof Rewound)) throw error;
        this.generation.goOn();
      }
    }
    this.throwIfStopped();
  }

  async #read(signal: AbortSignal, until: bigint | undefined, onOutage: (error: unknown) => void): Promise<void> {
    const { store } = this.feed;
    for await (const { events, caughtUp } of store.follow(this.projection.categories, this.generation.position, signal, onOutage)) {
      const wanted = until === undefined ? events : events.filter(({ position }) => position <= until);
      for (let start = 0; start < wanted.length; start += this.options.batchSize) {
        await this.#fold(wanted.slice(start, start + this.options.batchSize), until === undefined);
      }
      if (caughtUp || wanted.length < events.length) break;
    }
  }

  async #fold(events: StoredEvent[], waitOutOutage: boolean): Promise<void> {
    this.throwIfStopped();
    const position = events.at(-1)?.position ?? this.generation.position;
    const fold = () => this.generation.fold({ events, position });
    await (waitOutOutage ? this.untilNoOutage(fold) : fold());
    this.#events += events.length;
    this.options.onProgress({ events: this.#events, position, head: this.feed.head });
  }

  throwIfStopped(): void {
    if (this.stopping.aborted) throw new RebuildStopped(`the rebuild of ${this.projection.name} was stopped`);
  }
}
