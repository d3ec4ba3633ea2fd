import type { LogFeed } from '@tongbao/event-store';
import { compareGenerations, type TableDifference } from './compare.js';
import { Generation } from './generation.js';
import type { LiveGenerations } from './live-generations.js';
import { BuildRefused } from './projection-errors.js';
import type { ProjectionStatus, RebuildResult } from './projection-status.js';
import type { RunnerOptions } from './projection-runner.js';
import type { Projection } from './projection.js';
import { Rebuild, RebuildStopped, type RebuildOptions, type RebuildProgress } from './rebuild.js';
import { changingGenerations, registered, type BuildReason } from './registry.js';
import type { SqlClient } from './sql-client.js';

/** Nobody waits for a single event of a build: larger batches coalesce more events into each row. */
const buildBatch = 4_000;

/** The runner whose rows are built again. */
export interface BuildHost {
  client: SqlClient;
  feed: LogFeed;
  projection: Projection;
  live: LiveGenerations;
  options: RunnerOptions;
  /** The process stops. */
  stopping: AbortSignal;
  /** Runs work on the generations that nothing else may come between. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves once the live rows are at a position. @throws when they will never be, or `throwIfStopped` does */
  liveAt(position: bigint, throwIfStopped: () => void): Promise<void>;
}

export interface BuildOptions {
  /** Switch although rows differ. */
  force?: boolean;
  onProgress?: (progress: RebuildProgress) => void;
}

interface Work {
  reason: BuildReason;
  rebuild?: Rebuild;
  stop: AbortController;
  finished: Promise<void>;
}

/** What has been built of it stays in its tables. */
interface StoppedBuild {
  reason: BuildReason;
  generation: number;
  position: bigint;
}

/** Rows that are folded again beside the live ones, one build at a time: begun, stopped, gone on with, or given up. */
export class ProjectionBuilds {
  #work: Work | undefined;
  #stopped: StoppedBuild | undefined;

  constructor(private readonly host: BuildHost) {
    const { stopped } = host.live;
    if (stopped?.build) this.#stopped = { reason: stopped.build, generation: stopped.generation, position: stopped.position };
  }

  status(): ProjectionStatus['rebuilding'] {
    if (this.#stopped) return { ...this.#stopped, stopped: true };
    const built = this.#work?.rebuild?.generation;
    return this.#work && built && { reason: this.#work.reason, generation: built.number, position: built.position };
  }

  /**
   * Folds the whole log, compares with the live rows at the same position and, for a `rebuild` whose rows are equal (or `force`), lets queries read the new ones.
   * @throws BuildRefused when one is there already, RebuildStopped, or what the fold threw
   */
  begin(reason: BuildReason, options: BuildOptions): Promise<RebuildResult> {
    const { name } = this.host.projection;
    if (this.#work) throw new BuildRefused(`${name}: a ${this.#work.reason} is running already`);
    if (this.#stopped) throw new BuildRefused(`${name}: a ${this.#stopped.reason} was stopped: resume or drop it first`);
    const { client, feed, projection } = this.host;
    return this.#run(reason, options, (rebuildOptions, signal) => Rebuild.begin(client, feed, projection, reason, rebuildOptions, signal));
  }

  /** Goes on with what was stopped, from where it is. @throws as `begin` does */
  async resume(options: BuildOptions): Promise<RebuildResult> {
    const stopped = await this.#takeStopped();
    const { client, feed, projection } = this.host;
    return this.#run(stopped.reason, options, (rebuildOptions, signal) =>
      Promise.resolve(Rebuild.resume(client, feed, projection, stopped, rebuildOptions, signal)),
    );
  }

  /** Stops what is running, after the batch that it is in. One that is just being switched to is through with it. @throws BuildRefused */
  async stop(): Promise<void> {
    if (!this.#work) throw new BuildRefused(`${this.host.projection.name}: nothing is being built`);
    this.#work.stop.abort();
    await this.#work.finished;
  }

  /** Gives a build up, running or stopped, and its tables. @throws BuildRefused, Outage */
  async drop(): Promise<void> {
    if (this.#work) await this.stop();
    const { generation } = await this.#takeStopped();
    await this.#dropTables(generation);
  }

  /** Resolves when nothing is running any more. */
  async ended(): Promise<void> {
    await this.#work?.finished;
  }

  /** The answer to a switch may never have come, before it was stopped: then its rows are the live ones by now. */
  async #takeStopped(): Promise<StoppedBuild> {
    const stopped = this.#stopped;
    const isLive = stopped && (await this.host.alone(() => Promise.resolve(this.host.live.active.number === stopped.generation)));
    if (isLive) this.#stopped = undefined;
    if (!stopped || isLive || this.#stopped !== stopped) throw new BuildRefused(`${this.host.projection.name}: no build was stopped`);
    this.#stopped = undefined;
    return stopped;
  }

  async #run(
    reason: BuildReason,
    { force = false, onProgress = () => undefined }: BuildOptions,
    open: (options: RebuildOptions, signal: AbortSignal) => Promise<Rebuild>,
  ): Promise<RebuildResult> {
    const { options, projection, stopping } = this.host;
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const work: Work = { reason, stop: new AbortController(), finished };
    this.#work = work;
    try {
      const onOutage = (error: unknown) => options.onOutage?.(`${reason} of ${projection.name}`, error);
      const rebuildOptions = { ...options, batchSize: options.maxBatch ?? buildBatch, onProgress, onOutage };
      work.rebuild = await open(rebuildOptions, AbortSignal.any([stopping, work.stop.signal]));
      return await this.#build(work.rebuild, reason, force);
    } finally {
      this.#work = undefined;
      finish();
    }
  }

  async #build(rebuild: Rebuild, reason: BuildReason, force: boolean): Promise<RebuildResult> {
    const { live } = this.host;
    const startedMs = performance.now();
    let differences: TableDifference[] = [];
    try {
      await rebuild.untilNoOutage(async () => {
        if (await this.host.alone(() => Promise.resolve(live.active === rebuild.generation))) return;
        await rebuild.catchUp();
        await rebuild.generation.analyse();
        await rebuild.catchUp();
        // It may have read further than the live rows are: it can be brought up to them, but never back.
        await this.host.liveAt(rebuild.generation.position, () => rebuild.throwIfStopped());
        await this.host.alone(async () => {
          differences = await this.#compareAtSamePosition(rebuild);
          if (reason === 'rebuild' && (force || differences.length === 0)) await live.show(rebuild.generation);
        });
      });
    } catch (error) {
      const { number: generation, position } = rebuild.generation;
      if (error instanceof RebuildStopped) this.#stopped = { reason, generation, position };
      else await rebuild.untilNoOutage(() => this.#dropTables(generation));
      throw error;
    }
    if (live.active !== rebuild.generation) await rebuild.untilNoOutage(() => this.#dropTables(rebuild.generation.number));
    const seconds = (performance.now() - startedMs) / 1_000;
    return { generation: live.shown.number, events: rebuild.events, seconds, equal: differences.length === 0, differences };
  }

  async #compareAtSamePosition(rebuild: Rebuild): Promise<TableDifference[]> {
    const { client, live } = this.host;
    await rebuild.reach(live.active.position);
    const differences = await compareGenerations(client, rebuild.generation.shapes, live.active.number, rebuild.generation.number);
    // What differs may be what a crash of the database has just undone.
    for (const generation of differences.length > 0 ? [live.active, rebuild.generation] : []) await generation.settle();
    return differences;
  }

  async #dropTables(generation: number): Promise<void> {
    const { client, projection, options } = this.host;
    await changingGenerations(client, { projection: projection.name, epoch: options.epoch ?? 0 }, async (tx) => {
      const entry = (await registered(tx, projection.name)).find((each) => each.generation === generation);
      if (entry && !entry.live) await Generation.drop(tx, projection, generation);
    });
  }
}
