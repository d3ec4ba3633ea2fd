import { setTimeout as delay } from 'node:timers/promises';
import { Outage } from '@tongbao/event-store';
import { tracing } from '@tongbao/telemetry';

export interface JobQueueOptions {
  /** Something the job needs is down; it is tried again without end. */
  onOutage?: (key: string, error: unknown) => void;
  /** The job threw something that no retry mends: it stands still until it is kicked again. The others go on. */
  onFailure?: (key: string, error: unknown) => void;
}

const firstPauseMs = 50;
const longestPauseMs = 5_000;

/**
 * Runs one job at a time. A key that is kicked while its job runs is run once more afterwards, so that no change is missed; kicks in between
 * coalesce. A job is told the highest log position that it was kicked with: what has happened up to there concerns it.
 */
export class JobQueue {
  readonly #positions = new Map<string, bigint>();
  readonly #pauses = new Map<string, number>();
  readonly #retries = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    private readonly job: (key: string, position: bigint) => Promise<void>,
    private readonly options: JobQueueOptions = {},
  ) {}

  kick(key: string, position = 0n): void {
    if (this.#stopping.signal.aborted) return;
    const known = this.#positions.get(key) ?? 0n;
    this.#positions.set(key, position > known ? position : known);
    // A request may kick; what runs then is not its doing alone.
    this.#running ??= tracing.outside(() => this.#run());
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Lets the job that runs come to its end, and starts no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#running, ...this.#retries]);
  }

  async #run(): Promise<void> {
    // Kicks of the same turn are taken together.
    await Promise.resolve();
    for (let next = this.#next(); next && !this.#stopping.signal.aborted; next = this.#next()) {
      const [key, position] = next;
      this.#positions.delete(key);
      try {
        await this.job(key, position);
        this.#pauses.delete(key);
      } catch (error) {
        if (error instanceof Outage) this.#retry(key, position, error);
        else this.options.onFailure?.(key, error);
      }
    }
    this.#running = undefined;
  }

  #next(): [string, bigint] | undefined {
    const first = this.#positions.entries().next();
    return first.done ? undefined : first.value;
  }

  #retry(key: string, position: bigint, error: Outage): void {
    this.options.onOutage?.(key, error);
    const pauseMs = this.#pauses.get(key) ?? firstPauseMs;
    this.#pauses.set(key, Math.min(pauseMs * 2, longestPauseMs));
    const { signal } = this.#stopping;
    const retry = delay(pauseMs, undefined, { signal })
      .then(() => this.kick(key, position))
      .catch((stopped: unknown) => {
        if (!signal.aborted) throw stopped;
      })
      .finally(() => this.#retries.delete(retry));
    this.#retries.add(retry);
  }
}
