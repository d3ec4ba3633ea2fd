import { Outage, type FeedBatch, type FeedConsumer, type LogFeed } from '@tongbao/event-store';
import { setTimeout as delay } from 'node:timers/promises';
import { Exclusive } from './exclusive.js';
import type { GenerationOptions } from './generation.js';
import { LiveGenerations } from './live-generations.js';
import { PositionWaiters } from './position-waiters.js';
import { ProjectionBuilds, type BuildOptions } from './projection-builds.js';
import { BuildRefused, Rewound } from './projection-errors.js';
import { lagMsOf, type LiveProjection, type ProjectionStatus, type RebuildResult } from './projection-status.js';
import type { Projection } from './projection.js';
import type { RebuildProgress } from './rebuild.js';
import type { BuildReason } from './registry.js';
import type { SqlClient } from './sql-client.js';

export interface RunnerOptions extends GenerationOptions {
  /** Events folded into one transaction at most, live and in a rebuild. */
  maxBatch?: number;
  /**
   * Least time between the beginnings of two batches that are not full, unless somebody waits for a position: a steady stream then costs this
   * many transactions a second at most, and a lone event is not delayed. Goes before what the projection asks for.
   */
  minIntervalMs?: number;
  /** The fold threw, or somebody else writes the tables: the projection stands still until the process is restarted. */
  onFailure?: (projection: string, error: unknown) => void;
  /** A rebuild waits for a store or database that is down. */
  onOutage?: (what: string, error: unknown) => void;
}

/** While the rebuild waits for the live rows it looks this often whether they still move. */
const checkLiveEveryMs = 500;
/** Over a database that a crash may set back, and from which other processes read how far the rows are. */
const settleEveryMs = 1_000;
/** Between batches, where the projection asks for no other. */
const usualIntervalMs = 100;

/** Keeps one projection's rows up to the log, and can build them again beside the live ones. */
export class ProjectionRunner implements LiveProjection {
  readonly #exclusive = new Exclusive();
  readonly #stopping = new AbortController();
  #consumer: FeedConsumer;
  /** Raised when another consumer takes the place of the one before, whose last batch is not to be folded any more. */
  #consumers = 0;
  /** What the last look at an idle database met. */
  #outage: string | undefined;
  readonly #waiters = new PositionWaiters();
  readonly #builds: ProjectionBuilds;
  /** Somebody has stopped the building of a new version. */
  #paused = false;

  private constructor(
    private readonly client: SqlClient,
    private readonly feed: LogFeed,
    private readonly projection: Projection,
    private readonly live: LiveGenerations,
    private readonly options: RunnerOptions,
  ) {
    this.#builds = new ProjectionBuilds({
      ...{ client, feed, projection, live, options },
      stopping: this.#stopping.signal,
      alone: (work) => this.#alone(work),
      liveAt: (position, throwIfStopped) => this.#liveAt(position, throwIfStopped),
    });
    this.#consumer = this.#consume();
    if (client.forgetful) void this.#settleNowAndThen();
  }

  /**
   * Opens (or creates) the projection's tables and begins to fold. The feed must have been started.
   * @throws Outage; CheckpointLost when a later leader has opened the projection
   */
  static async start(client: SqlClient, feed: LogFeed, projection: Projection, options: RunnerOptions = {}): Promise<ProjectionRunner> {
    const live = await LiveGenerations.open(client, projection, options);
    // With nothing to catch up no batch comes that would show the new version.
    if (!live.isCurrentShown && live.active.position >= feed.head) await live.show(live.active);
    return new ProjectionRunner(client, feed, projection, live, options);
  }

  get name(): string {
    return this.projection.name;
  }

  status(): ProjectionStatus {
    const consumer = this.#consumer.status();
    const error = consumer.error ?? this.#outage;
    const own = this.#paused ? 'running' : consumer.state;
    const state = own === 'running' && this.#outage !== undefined ? 'retrying' : own;
    const rebuilding = this.#rebuildingStatus();
    return {
      name: this.name,
      version: this.live.shown.version,
      generation: this.live.shown.number,
      position: this.live.readable,
      head: this.feed.head,
      lagMs: lagMsOf(this.feed, this.live.readable),
      state: state === 'running' && !this.live.isCurrentShown ? 'building' : state,
      ...(error !== undefined && { error }),
      ...(rebuilding && { rebuilding }),
    };
  }

  /** Resolves with true once queries read everything up to a position, with false when the time is over before that. */
  async reached(position: bigint, timeoutMs: number): Promise<boolean> {
    return this.live.readable >= position || this.#waiters.wait(position, timeoutMs);
  }

  /**
   * Folds the whole log again beside the live rows, compares both at the same position and, if they are equal (or `force`), lets queries read
   * the new ones. Live rows go on meanwhile; they are held only for the comparison.
   * @throws BuildRefused when there is a build already, or this projection has failed; RebuildStopped; Error when the fold throws
   */
  rebuild(onProgress?: (progress: RebuildProgress) => void, options: { force?: boolean } = {}): Promise<RebuildResult> {
    return this.#begin('rebuild', { ...options, onProgress });
  }

  /** Like rebuild, but only tells the differences: the live rows stay. */
  compare(onProgress?: (progress: RebuildProgress) => void): Promise<RebuildResult> {
    return this.#begin('compare', { onProgress });
  }

  /**
   * Stops what is being built; queries go on reading what they read. It can be gone on with, after a restart, too. The building of a new version goes on by
   * itself after a restart.
   * @throws BuildRefused when nothing is being built
   */
  async stopBuild(): Promise<void> {
    if (this.live.isCurrentShown) await this.#builds.stop();
    else await this.#pauseVersion();
  }

  /**
   * Goes on with what was stopped.
   * @returns what it came to; undefined for the building of a new version, which is shown once it has caught up
   * @throws BuildRefused when nothing was stopped; what `rebuild` throws
   */
  async resumeBuild(
    onProgress?: (progress: RebuildProgress) => void,
    options: { force?: boolean } = {},
  ): Promise<RebuildResult | undefined> {
    if (this.live.isCurrentShown) return this.#builds.resume({ ...options, onProgress });
    if (!this.#paused) throw new BuildRefused(`${this.name}: it is being built`);
    this.#paused = false;
    this.#consumer = this.#consume();
    return undefined;
  }

  /**
   * Gives up what was built. A new version is begun again from the start of the log.
   * @throws BuildRefused when there is nothing to give up
   */
  async dropBuild(): Promise<void> {
    if (this.live.isCurrentShown) return this.#builds.drop();
    if (!this.#paused) await this.#pauseVersion();
    await this.#alone(() => this.live.startOver());
    this.#paused = false;
    this.#consumer = this.#consume();
  }

  /** Gives up a rebuild that is running. Folding itself ends with the feed; call this before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiters.endPauses();
    await this.#builds.ended();
  }

  get #maxBatch(): number {
    return this.options.maxBatch ?? 1_000;
  }

  #rebuildingStatus(): ProjectionStatus['rebuilding'] {
    if (this.live.isCurrentShown) return this.#builds.status();
    const { number: generation, position } = this.live.active;
    return { reason: 'version', generation, position, ...(this.#paused && { stopped: true }) };
  }

  #consume(): FeedConsumer {
    this.#consumers += 1;
    const number = this.#consumers;
    const { name, categories } = this.projection;
    const options = { name, categories, after: this.live.active.goOn(), maxBatch: this.#maxBatch };
    return this.feed.consume(options, (batch) => this.#handle(batch, number));
  }

  async #handle(batch: FeedBatch, consumer: number): Promise<void> {
    const startedMs = performance.now();
    try {
      await this.#alone(async () => {
        if (consumer === this.#consumers) await this.#fold(batch);
      });
    } catch (error) {
      if (!(error instanceof Outage)) this.options.onFailure?.(this.name, error);
      throw error;
    }
    if (batch.events.length >= this.#maxBatch) return;
    const pauseMs = (this.options.minIntervalMs ?? this.projection.minIntervalMs ?? usualIntervalMs) - (performance.now() - startedMs);
    if (pauseMs > 0) await this.#waiters.pauseWhileNobodyWaits(pauseMs);
  }

  async #fold(batch: FeedBatch): Promise<void> {
    const isNewest = batch.position >= this.feed.head;
    await this.live.active.fold(batch);
    // The new version has caught up: queries read it from now on, and the old one's rows go.
    if (isNewest && !this.live.isCurrentShown) await this.live.show(this.live.active);
    this.#waiters.reached(this.live.readable);
  }

  /** Runs work on the generations that nothing else may come between. When the database has gone back, events come again from where it is. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#exclusive.run(async () => {
      try {
        await this.live.resolve();
        const result = await work();
        this.#outage = undefined;
        return result;
      } catch (error) {
        if (!(error instanceof Rewound)) throw error;
        if (!this.#paused) {
          const before = this.#consumer;
          this.#consumer = this.#consume();
          void before.stop();
        }
        throw new Outage(error.message, { cause: error });
      }
    });
  }

  /** Between batches: stores a checkpoint that lags, and notices what a crash of the database has undone, or that another process leads. */
  async #settleNowAndThen(): Promise<void> {
    for (;;) {
      await delay(settleEveryMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      const { state } = this.#consumer.status();
      if (this.#stopping.signal.aborted || state === 'failed' || (state === 'stopped' && !this.#paused)) return;
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    try {
      await this.#alone(() => this.live.active.settle());
    } catch (error) {
      if (error instanceof Outage) {
        this.#outage = String(error);
        this.options.onOutage?.(this.name, error);
        return;
      }
      this.#consumers += 1;
      this.#consumer.fail(error);
      this.options.onFailure?.(this.name, error);
    }
  }

  /** @throws Error when they stand still for good */
  async #liveAt(position: bigint, throwIfStopped: () => void): Promise<void> {
    while (this.live.active.position < position) {
      if (await this.#waiters.wait(position, checkLiveEveryMs)) return;
      throwIfStopped();
      const { state, error } = this.#consumer.status();
      if (state === 'failed' || state === 'stopped') throw new Error(`${this.name} ${state} while it was rebuilt: ${error ?? 'no error'}`);
    }
  }

  #begin(reason: BuildReason, options: BuildOptions): Promise<RebuildResult> {
    const { state } = this.status();
    if (state === 'building' || state === 'failed' || state === 'stopped')
      return Promise.reject(new BuildRefused(`${this.name} cannot be rebuilt: it is ${state}`));
    try {
      return this.#builds.begin(reason, options);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #pauseVersion(): Promise<void> {
    if (this.#paused) throw new BuildRefused(`${this.name}: it is stopped already`);
    this.#paused = true;
    this.#consumers += 1;
    await this.#consumer.stop();
  }
}
