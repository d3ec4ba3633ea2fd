import { setTimeout as delay } from 'node:timers/promises';
import { Outage } from '@tongbao/event-store';
import { tracing } from '@tongbao/telemetry';

export interface BatchWriterOptions<T> {
  /** Appends a batch; the same batch again after an Outage. */
  write: (batch: readonly T[], sequence: number) => Promise<bigint>;
  /** Length of an item in its event, in characters. */
  sizeOf: (item: T) => number;
  maxItems: number;
  /** Batches begin at least this far apart: more go into one append. */
  lingerMs: number;
  onOutage?: (error: unknown) => void;
}

/** Well under the 1 MiB that an event may have, also where a character takes three bytes. */
const maxCharacters = 256 * 1024;

interface Waiting<T> {
  item: T;
  resolve: (position: bigint) => void;
  reject: (error: unknown) => void;
}

/** Gathers what comes at the same time into one append. An outage of the store holds the batch until it is over. */
export class BatchWriter<T> {
  readonly #waiting: Waiting<T>[] = [];
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #sequence = 0;
  #lastStart = -Infinity;

  constructor(private readonly options: BatchWriterOptions<T>) {}

  /** Resolves with the log position when the item is durable. */
  add(item: T): Promise<bigint> {
    if (this.#stopping.signal.aborted) return Promise.reject(new Outage('stopping'));
    const durable = new Promise<bigint>((resolve, reject) => this.#waiting.push({ item, resolve, reject }));
    // Whoever adds the first item of a batch is not the cause of all of it.
    this.#running ??= tracing.outside(() => this.#run());
    return durable;
  }

  /** Writes what is waiting, if the store can be reached; then takes nothing more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const pauseMs = Math.ceil(this.#lastStart + this.options.lingerMs - performance.now());
      if (pauseMs > 0 && this.#waiting.length < this.options.maxItems) await this.#pause(pauseMs);
      this.#lastStart = performance.now();
      await this.#write(this.#take());
    }
    // Here and not when the promise has settled: what is added in between would find a run that takes nothing more.
    this.#running = undefined;
  }

  #take(): Waiting<T>[] {
    let characters = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      characters += this.options.sizeOf(item);
      if (count > 0 && (characters > maxCharacters || count >= this.options.maxItems)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: Waiting<T>[]): Promise<void> {
    const sequence = (this.#sequence += 1);
    const items = batch.map(({ item }) => item);
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      try {
        const position = await this.options.write(items, sequence);
        for (const { resolve } of batch) resolve(position);
        return;
      } catch (error) {
        if (!(error instanceof Outage) || this.#stopping.signal.aborted) {
          for (const { reject } of batch) reject(error);
          return;
        }
        this.options.onOutage?.(error);
        await this.#pause(pauseMs);
      }
    }
  }

  #pause(ms: number): Promise<unknown> {
    return delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
