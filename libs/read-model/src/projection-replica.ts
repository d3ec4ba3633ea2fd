import { Outage, type LogFeed } from '@tongbao/event-store';
import { setTimeout as delay } from 'node:timers/promises';
import { shapeDigestOf } from './generation.js';
import { PositionWaiters } from './position-waiters.js';
import { NotLeading } from './projection-errors.js';
import { ProjectionRunner, type RunnerOptions } from './projection-runner.js';
import { lagMsOf, type LiveProjection, type ProjectionStatus, type RebuildResult } from './projection-status.js';
import type { Projection } from './projection.js';
import type { RebuildProgress } from './rebuild.js';
import { registered, type Registered } from './registry.js';
import type { SqlClient } from './sql-client.js';
import { SqlError } from './sql-error.js';

/** How often the database is asked how far the rows are: while somebody waits for a position, and otherwise. */
const lookWhileWaitedForMs = 25;
const lookEveryMs = 1_000;
const longestPauseMs = 5_000;

const undefinedTable = '42P01';
const undefinedSchema = '3F000';

/**
 * A projection in a process that may lead or not. Until it leads it reads what the leading process folds, and learns from the database and from its own
 * feed how far that is; from then on it is a ProjectionRunner.
 */
export class ProjectionReplica implements LiveProjection {
  readonly #stopping = new AbortController();
  readonly #waiters = new PositionWaiters();
  readonly #shape: string;
  readonly #following: Promise<void>;
  #entries: Registered[] = [];
  /** What the last look at the database, or try to lead, met. */
  #error: string | undefined;
  #failed = false;
  #leading: Promise<void> | undefined;
  #runner: ProjectionRunner | undefined;

  /** The feed must have been started; nothing is asked of the database before this returns. */
  constructor(
    private readonly client: SqlClient,
    private readonly feed: LogFeed,
    private readonly projection: Projection,
    private readonly options: Omit<RunnerOptions, 'epoch'> = {},
  ) {
    const unknown = projection.categories.filter((category) => !feed.options.categories.includes(category));
    if (unknown.length > 0) throw new Error(`the feed does not follow ${unknown.join(', ')}, which ${projection.name} asks for`);
    this.#shape = shapeDigestOf(projection);
    this.#following = this.#follow();
  }

  get name(): string {
    return this.projection.name;
  }

  /** Whether the tables that queries of this process read are there: false until some process has made those of this version. */
  get isReady(): boolean {
    if (this.#runner) return this.#runner.status().state !== 'building';
    return this.#shown !== undefined && this.#isOurs(this.#shown);
  }

  status(): ProjectionStatus {
    if (this.#runner) return this.#runner.status();
    const position = this.#readable;
    const building = this.#entries.find((entry) => !entry.live && entry.build === null && this.#isOurs(entry));
    return {
      name: this.name,
      version: this.#shown?.version ?? this.projection.version,
      generation: this.#shown?.generation ?? 0,
      position,
      head: this.feed.head,
      lagMs: lagMsOf(this.feed, position),
      state: this.#state,
      ...(this.#error !== undefined && { error: this.#error }),
      ...(building && { rebuilding: { reason: 'version', generation: building.generation, position: building.position } }),
    };
  }

  /** Resolves with true once queries read everything up to a position, with false when the time is over before that. */
  async reached(position: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#runner) return this.#runner.reached(position, timeoutMs);
    return (this.#error === undefined && this.#readable >= position) || this.#waiters.wait(position, timeoutMs);
  }

  /** @throws NotLeading, or what ProjectionRunner.rebuild throws */
  rebuild(onProgress?: (progress: RebuildProgress) => void, options?: { force?: boolean }): Promise<RebuildResult> {
    return this.#runner?.rebuild(onProgress, options) ?? this.#refuse('rebuilt');
  }

  /** @throws NotLeading, or what ProjectionRunner.compare throws */
  compare(onProgress?: (progress: RebuildProgress) => void): Promise<RebuildResult> {
    return this.#runner?.compare(onProgress) ?? this.#refuse('compared');
  }

  /** @throws NotLeading, or what ProjectionRunner.stopBuild throws */
  stopBuild(): Promise<void> {
    return this.#runner?.stopBuild() ?? this.#refuse('stopped');
  }

  /** @throws NotLeading, or what ProjectionRunner.resumeBuild throws */
  resumeBuild(onProgress?: (progress: RebuildProgress) => void, options?: { force?: boolean }): Promise<RebuildResult | undefined> {
    return this.#runner?.resumeBuild(onProgress, options) ?? this.#refuse('resumed');
  }

  /** @throws NotLeading, or what ProjectionRunner.dropBuild throws */
  dropBuild(): Promise<void> {
    return this.#runner?.dropBuild() ?? this.#refuse('dropped');
  }

  /**
   * From now on this process keeps the rows. Never rejects: an outage of the database is waited out, anything else is told to `onFailure`.
   * @param epoch of the lead: higher than that of every earlier leader, whose writes are refused from then on
   * @returns when it has begun, has failed or was stopped; who has more to do than this projection need not wait for it
   */
  lead(epoch: number): Promise<void> {
    this.#leading ??= this.#lead(epoch);
    return this.#leading;
  }

  /** Gives up a rebuild that is running. Folding itself ends with the feed; call this before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiters.endPauses();
    await Promise.all([this.#following, this.#leading]);
    await this.#runner?.stop();
  }

  get #shown(): Registered | undefined {
    return this.#entries.find(({ live }) => live);
  }

  get #state(): ProjectionStatus['state'] {
    if (this.#failed) return 'failed';
    if (this.#stopping.signal.aborted) return 'stopped';
    if (this.#error !== undefined) return 'retrying';
    if (!this.#shown) return 'missing';
    return this.#isOurs(this.#shown) ? 'following' : 'building';
  }

  /** The stored checkpoint, and on from there as far as nothing has come that concerns this projection. */
  get #readable(): bigint {
    if (!this.#shown) return 0n;
    const stored = this.#shown.position;
    const next = this.feed.after(stored, new Set(this.projection.categories), 1);
    if (!next) return stored;
    return next.events.length === 0 ? next.position : next.position - 1n;
  }

  #isOurs({ version, shape }: Registered): boolean {
    return version === this.projection.version && shape === this.#shape;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && !(this.#runner && this.#waiters.isEmpty)) {
      await this.#look();
      this.#waiters.reached(this.#error === undefined ? this.#readable : -1n);
      if (this.#waiters.isEmpty) await this.#waiters.pauseWhileNobodyWaits(lookEveryMs);
      else await delay(lookWhileWaitedForMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    try {
      this.#entries = await registered(this.client, this.name);
      this.#error = undefined;
    } catch (error) {
      if (error instanceof SqlError && (error.code === undefinedTable || error.code === undefinedSchema)) {
        this.#entries = [];
        this.#error = undefined;
      } else this.#note(error);
    }
  }

  /** Told once for as long as it lasts. */
  #note(error: unknown): void {
    if (this.#error === undefined) this.options.onOutage?.(this.name, error);
    this.#error = String(error);
  }

  async #lead(epoch: number): Promise<void> {
    const { signal } = this.#stopping;
    for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        this.#runner = await ProjectionRunner.start(this.client, this.feed, this.projection, { ...this.options, epoch });
        this.#waiters.endPauses();
        return;
      } catch (error) {
        this.#note(error);
        if (!(error instanceof Outage)) {
          this.#failed = true;
          this.options.onFailure?.(this.name, error);
          return;
        }
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #refuse(what: string): Promise<never> {
    return Promise.reject(new NotLeading(`${this.name} cannot be ${what} here: another process keeps its rows`));
  }
}
