import { Outage, type FeedBatch, type FeedConsumer, type LogFeed } from '@tongbao/event-store';
import { setTimeout as delay } from 'node:timers/promises';
import { compareGenerations, type TableDifference } from './compare.js';
import { Exclusive } from './exclusive.js';
import type { GenerationOptions } from './generation.js';
import { LiveGenerations } from './live-generations.js';
import { PositionWaiters } from './position-waiters.js';
import { Rewound } from './projection-errors.js';
import { lagMsOf, type LiveProjection, type ProjectionStatus, type RebuildResult } from './projection-status.js';
import type { Projection } from './projection.js';
import { Rebuild, type RebuildProgress } from './rebuild.js';
import type { SqlClient } from './sql-client.js';

export interface RunnerOptions extends GenerationOptions {
  /** Events folded into one transaction at most, live and in a rebuild. */
  maxBatch?: number;
  /**
   * Least time between the beginnings of two batches that are not full, unless somebody waits for a position: a steady stream then costs this
   * many transactions a second at most, and a lone event is not delayed.
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

/** Nobody waits for a single event of a rebuild: larger batches coalesce more events into each row. */
const rebuildBatch = 4_000;

type Work = { reason: 'rebuild' | 'compare'; force: boolean; rebuild: Rebuild };

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
  #work: { reason: 'rebuild' | 'compare'; rebuild?: Rebuild; finished: Promise<unknown> } | undefined;

  private constructor(
    private readonly client: SqlClient,
    private readonly feed: LogFeed,
    private readonly projection: Projection,
    private readonly live: LiveGenerations,
    private readonly options: RunnerOptions,
  ) {
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
    const state = consumer.state === 'running' && this.#outage !== undefined ? 'retrying' : consumer.state;
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
   * @throws Error when one is running already, when this projection has failed, or when the fold throws; RebuildStopped
   */
  rebuild(onProgress?: (progress: RebuildProgress) => void, options: { force?: boolean } = {}): Promise<RebuildResult> {
    return this.#start('rebuild', options.force ?? false, onProgress);
  }

  /** Like rebuild, but only tells the differences: the live rows stay. */
  compare(onProgress?: (progress: RebuildProgress) => void): Promise<RebuildResult> {
    return this.#start('compare', false, onProgress);
  }

  /** Gives up a rebuild that is running. Folding itself ends with the feed; call this before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiters.endPauses();
    await this.#work?.finished;
  }

  get #maxBatch(): number {
    return this.options.maxBatch ?? 1_000;
  }

  #rebuildingStatus(): ProjectionStatus['rebuilding'] {
    if (!this.live.isCurrentShown) return { reason: 'version', generation: this.live.active.number, position: this.live.active.position };
    const built = this.#work?.rebuild?.generation;
    return this.#work && built && { reason: this.#work.reason, generation: built.number, position: built.position };
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
    const pauseMs = (this.options.minIntervalMs ?? 100) - (performance.now() - startedMs);
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
        const before = this.#consumer;
        this.#consumer = this.#consume();
        void before.stop();
        throw new Outage(error.message, { cause: error });
      }
    });
  }

  /** Between batches: stores a checkpoint that lags, and notices what a crash of the database has undone, or that another process leads. */
  async #settleNowAndThen(): Promise<void> {
    for (;;) {
      await delay(settleEveryMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      const { state } = this.#consumer.status();
      if (this.#stopping.signal.aborted || state === 'failed' || state === 'stopped') return;
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

  async #start(
    reason: 'rebuild' | 'compare',
    force: boolean,
    onProgress: (progress: RebuildProgress) => void = () => undefined,
  ): Promise<RebuildResult> {
    const { state } = this.status();
    if (this.#work) throw new Error(`${this.name}: a ${this.#work.reason} is running already`);
    if (state === 'building' || state === 'failed' || state === 'stopped')
      throw new Error(`${this.name} cannot be rebuilt: it is ${state}`);
    let finish: () => void = () => undefined;
    this.#work = {
      reason,
      finished: new Promise<void>((resolve) => {
        finish = resolve;
      }),
    };
    try {
      const options = {
        ...this.options,
        batchSize: this.options.maxBatch ?? rebuildBatch,
        onProgress,
        onOutage: (error: unknown) => this.options.onOutage?.(`${reason} of ${this.name}`, error),
      };
      const rebuild = await Rebuild.begin(this.client, this.feed, this.projection, options, this.#stopping.signal);
      this.#work.rebuild = rebuild;
      return await this.#build({ reason, force, rebuild });
    } finally {
      this.#work = undefined;
      finish();
    }
  }

  async #build({ reason, force, rebuild }: Work): Promise<RebuildResult> {
    const startedMs = performance.now();
    let differences: TableDifference[] = [];
    try {
      await rebuild.untilNoOutage(async () => {
        if (await this.#alone(() => Promise.resolve(this.live.active === rebuild.generation))) return;
        await rebuild.catchUp();
        await rebuild.generation.analyse();
        await rebuild.catchUp();
        await this.#waitForLive(rebuild);
        await this.#alone(async () => {
          differences = await this.#compareAtSamePosition(rebuild);
          if (reason === 'rebuild' && (force || differences.length === 0)) await this.live.show(rebuild.generation);
        });
      });
      const seconds = (performance.now() - startedMs) / 1_000;
      return { generation: this.live.shown.number, events: rebuild.events, seconds, equal: differences.length === 0, differences };
    } finally {
      if (this.live.active !== rebuild.generation) await rebuild.drop();
    }
  }

  /** The rebuild may have read further than the live rows are: it can be brought up to them, but never back. */
  async #waitForLive(rebuild: Rebuild): Promise<void> {
    const { position } = rebuild.generation;
    while (this.live.active.position < position) {
      if (await this.#waiters.wait(position, checkLiveEveryMs)) return;
      rebuild.throwIfStopped();
      const { state, error } = this.#consumer.status();
      if (state === 'failed' || state === 'stopped') throw new Error(`${this.name} ${state} while it was rebuilt: ${error ?? 'no error'}`);
    }
  }

  async #compareAtSamePosition(rebuild: Rebuild): Promise<TableDifference[]> {
    await rebuild.reach(this.live.active.position);
    const differences = await compareGenerations(
      this.client,
      rebuild.generation.shapes,
      this.live.active.number,
      rebuild.generation.number,
    );
    // What differs may be what a crash of the database has just undone.
    for (const generation of differences.length > 0 ? [this.live.active, rebuild.generation] : []) await generation.settle();
    return differences;
  }
}
