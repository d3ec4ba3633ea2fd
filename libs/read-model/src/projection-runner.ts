import { Outage, type FeedBatch, type FeedConsumer, type LogFeed } from '@tongbao/event-store';
import { compareGenerations, type TableDifference } from './compare.js';
import { Exclusive } from './exclusive.js';
import { Generation, type GenerationOptions } from './generation.js';
import { openGenerations, type OpenedGenerations } from './open-generations.js';
import { PositionWaiters } from './position-waiters.js';
import type { Projection } from './projection.js';
import { Rebuild, type RebuildProgress } from './rebuild.js';
import { changingGenerations } from './registry.js';
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

export interface RunnerStatus {
  name: string;
  /** Of the rows that queries read. */
  version: number;
  generation: number;
  position: bigint;
  /** What the feed has seen of the log. */
  head: bigint;
  /** `building`: queries still read the rows of an older version, at a standstill, while this version's are made. */
  state: 'building' | 'running' | 'retrying' | 'failed' | 'stopped';
  error?: string;
  rebuilding?: { reason: 'version' | 'rebuild' | 'compare'; generation: number; position: bigint };
}

export interface RebuildResult {
  /** Which queries read now. */
  generation: number;
  events: number;
  seconds: number;
  equal: boolean;
  differences: TableDifference[];
}

/** While the rebuild waits for the live rows it looks this often whether they still move. */
const checkLiveEveryMs = 500;

/** Nobody waits for a single event of a rebuild: larger batches coalesce more events into each row. */
const rebuildBatch = 4_000;

type Work = { reason: 'rebuild' | 'compare'; force: boolean; rebuild: Rebuild };

/** Keeps one projection's rows up to the log, and can build them again beside the live ones. */
export class ProjectionRunner {
  readonly #exclusive = new Exclusive();
  readonly #stopping = new AbortController();
  readonly #consumer: FeedConsumer;
  /** The generation that events are folded into. */
  #active: Generation;
  /** The generation that queries read: another one only while a new version is built. */
  #shown: { number: number; version: number; position: bigint };
  readonly #waiters = new PositionWaiters();
  #work: { reason: 'rebuild' | 'compare'; rebuild?: Rebuild; finished: Promise<unknown> } | undefined;

  private constructor(
    private readonly client: SqlClient,
    private readonly feed: LogFeed,
    private readonly projection: Projection,
    opened: OpenedGenerations,
    private readonly options: RunnerOptions,
  ) {
    this.#active = new Generation(client, projection, opened.active.generation, opened.active.position, options);
    this.#shown = { number: opened.shown.generation, version: opened.shown.version, position: opened.shown.position };
    const { name, categories } = projection;
    const consume = { name, categories, after: this.#active.position, maxBatch: this.#maxBatch };
    this.#consumer = feed.consume(consume, (batch) => this.#handle(batch));
  }

  /** Opens (or creates) the projection's tables and begins to fold. The feed must have been started. */
  static async start(client: SqlClient, feed: LogFeed, projection: Projection, options: RunnerOptions = {}): Promise<ProjectionRunner> {
    const opened = await openGenerations(client, projection);
    const runner = new ProjectionRunner(client, feed, projection, opened, options);
    // With nothing to catch up no batch comes that would show the new version.
    if (!runner.#isCurrentShown && opened.active.position >= feed.head) await runner.#exclusive.run(() => runner.#show(runner.#active));
    return runner;
  }

  get name(): string {
    return this.projection.name;
  }

  status(): RunnerStatus {
    const consumer = this.#consumer.status();
    const building = !this.#isCurrentShown;
    const rebuilding = this.#rebuildingStatus();
    return {
      name: this.name,
      version: this.#shown.version,
      generation: this.#shown.number,
      position: this.#readable,
      head: this.feed.head,
      state: consumer.state === 'running' && building ? 'building' : consumer.state,
      ...(consumer.error !== undefined && { error: consumer.error }),
      ...(rebuilding && { rebuilding }),
    };
  }

  /** Resolves with true once queries read everything up to a position, with false when the time is over before that. */
  async reached(position: bigint, timeoutMs: number): Promise<boolean> {
    return this.#readable >= position || this.#waiters.wait(position, timeoutMs);
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

  get #isCurrentShown(): boolean {
    return this.#shown.number === this.#active.number;
  }

  /** Queries read everything up to here. */
  get #readable(): bigint {
    return this.#isCurrentShown ? this.#active.position : this.#shown.position;
  }

  get #maxBatch(): number {
    return this.options.maxBatch ?? 1_000;
  }

  #rebuildingStatus(): RunnerStatus['rebuilding'] {
    if (!this.#isCurrentShown) return { reason: 'version', generation: this.#active.number, position: this.#active.position };
    const built = this.#work?.rebuild?.generation;
    return this.#work && built && { reason: this.#work.reason, generation: built.number, position: built.position };
  }

  async #handle(batch: FeedBatch): Promise<void> {
    const startedMs = performance.now();
    try {
      await this.#exclusive.run(() => this.#fold(batch));
    } catch (error) {
      if (!(error instanceof Outage)) this.options.onFailure?.(this.name, error);
      throw error;
    }
    if (batch.events.length >= this.#maxBatch) return;
    const pauseMs = (this.options.minIntervalMs ?? 50) - (performance.now() - startedMs);
    if (pauseMs > 0) await this.#waiters.pauseWhileNobodyWaits(pauseMs);
  }

  async #fold(batch: FeedBatch): Promise<void> {
    const isNewest = batch.position >= this.feed.head;
    await this.#active.fold(batch);
    // The new version has caught up: queries read it from now on, and the old one's rows go.
    if (isNewest && !this.#isCurrentShown) await this.#show(this.#active);
    this.#waiters.reached(this.#readable);
  }

  async #show(generation: Generation): Promise<void> {
    const before = this.#shown.number;
    await changingGenerations(this.client, async (tx) => {
      await Generation.show(tx, this.projection, generation.number, before);
      await Generation.drop(tx, this.projection, before);
    });
    this.#shown = { number: generation.number, version: this.projection.version, position: generation.position };
    this.#active = generation;
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
    let taken = false;
    try {
      const differences = await rebuild.untilNoOutage(async () => {
        await rebuild.catchUp();
        await rebuild.generation.analyse();
        await rebuild.catchUp();
        await this.#waitForLive(rebuild);
        return this.#exclusive.run(async () => {
          const found = await this.#compareAtSamePosition(rebuild);
          taken = reason === 'rebuild' && (force || found.length === 0);
          if (taken) await this.#show(rebuild.generation);
          return found;
        });
      });
      const seconds = (performance.now() - startedMs) / 1_000;
      return { generation: this.#shown.number, events: rebuild.events, seconds, equal: differences.length === 0, differences };
    } finally {
      if (this.#active !== rebuild.generation) await rebuild.drop();
    }
  }

  /** The rebuild may have read further than the live rows are: it can be brought up to them, but never back. */
  async #waitForLive(rebuild: Rebuild): Promise<void> {
    const { position } = rebuild.generation;
    while (this.#active.position < position) {
      if (await this.#waiters.wait(position, checkLiveEveryMs)) return;
      rebuild.throwIfStopped();
      const { state, error } = this.#consumer.status();
      if (state === 'failed' || state === 'stopped') throw new Error(`${this.name} ${state} while it was rebuilt: ${error ?? 'no error'}`);
    }
  }

  async #compareAtSamePosition(rebuild: Rebuild): Promise<TableDifference[]> {
    await rebuild.reach(this.#active.position);
    return compareGenerations(this.client, rebuild.generation.shapes, this.#active.number, rebuild.generation.number);
  }
}
