import { setTimeout as delay } from 'node:timers/promises';
import { tracing, type Loop, type Loops } from '@tongbao/telemetry';
import { Outage } from './errors.js';
import { categoryOf, type StoredEvent } from './event.js';
import type { EventStore } from './event-store.js';

/** Events of a consumer's categories in log order, and how far the log has been read with them: nothing at or before `position` follows. */
export interface FeedBatch {
  events: StoredEvent[];
  position: bigint;
}

export interface ConsumerOptions {
  name: string;
  categories: readonly string[];
  /** Start after this position. */
  after: bigint;
  maxBatch?: number;
  /** Batches begin at least so far apart while nobody waits for a position: under load there are fewer of them, and each holds more. */
  everyMs?: number;
}

export interface ConsumerStatus {
  name: string;
  /** Handled up to here. */
  position: bigint;
  /** What the feed has seen of the log. */
  head: bigint;
  /** Age of the oldest event that waits for it; 0 when it has handled all that the feed has seen. */
  lagMs: number;
  /** Events that wait for it; unknown when they are more than the feed keeps. */
  lagEvents?: number;
  state: 'running' | 'retrying' | 'failed' | 'stopped';
  error?: string;
}

export interface FeedOptions {
  categories: readonly string[];
  /** Events kept for consumers that lag; who falls further behind reads by itself until it is back. */
  capacity?: number;
  onOutage?: (what: string, error: unknown) => void;
  /** A handler threw something that no retry mends: the consumer stands still until the process is restarted. */
  onFailure?: (consumer: string, error: unknown) => void;
  /** Watches the loop of each consumer, under `feed <name>`. */
  loops?: Loops;
}

/**
 * One subscription of a process, shared by all its folds. Each consumer goes at its own pace through a ring of the newest events; one that has
 * fallen off the ring, or starts behind it, catches up by a subscription of its own.
 */
export class LogFeed {
  readonly #capacity: number;
  readonly #stopping = new AbortController();
  readonly #consumers: FeedConsumer[] = [];
  #ring: StoredEvent[] = [];
  /** Of each event in the ring: worked out once for all consumers. */
  #categories: string[] = [];
  /** Everything of the feed's categories after this position is in the ring. */
  #floor = 0n;
  #head = 0n;
  #tail: Promise<void> | undefined;
  #findingEnd: Promise<unknown> = Promise.resolve();
  #nextEnd: Promise<bigint> | undefined;

  constructor(
    readonly store: EventStore,
    readonly options: FeedOptions,
  ) {
    this.#capacity = options.capacity ?? 10_000;
  }

  /** Starts to follow the log from its present end; consumers that begin earlier catch up by themselves. */
  async start(): Promise<void> {
    this.#floor = await this.store.head();
    this.#head = this.#floor;
    this.#tail = this.#follow();
  }

  /** Position of the newest event seen. */
  get head(): bigint {
    return this.#head;
  }

  /** Begins to consume; the handler gets the next batch only when it has returned from the one before. */
  consume(options: ConsumerOptions, handle: (batch: FeedBatch) => Promise<void>): FeedConsumer {
    const unknown = options.categories.filter((category) => !this.options.categories.includes(category));
    if (unknown.length > 0) throw new Error(`the feed does not follow ${unknown.join(', ')}, which ${options.name} asks for`);
    // Consumers outlive the request or message that may have had one begin.
    const consumer = tracing.outside(() => new FeedConsumer(this, options, handle, this.#stopping.signal));
    this.#consumers.push(consumer);
    return consumer;
  }

  /** A consumer that was stopped by itself is no longer told of anything. */
  forget(consumer: FeedConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  status(): ConsumerStatus[] {
    return this.#consumers.map((consumer) => consumer.status());
  }

  /**
   * Position of the newest event of the feed's categories as the store has it now, which may be ahead of `head`: what a consumer must have reached to know
   * all that was written before this was asked. Those who ask while another answer is being found share the next one.
   * @throws StoreUnavailable
   */
  end(): Promise<bigint> {
    this.#nextEnd ??= this.#findingEnd.then(() => {
      this.#nextEnd = undefined;
      const finding = this.#findEnd();
      this.#findingEnd = finding.catch(() => undefined);
      return finding;
    });
    return this.#nextEnd;
  }

  /** Lets every handler finish the batch it is in, then returns. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#tail, ...this.#consumers.map((consumer) => consumer.finished)]);
  }

  /** What the ring holds after a position, or undefined when it no longer (or not yet) reaches back that far. */
  after(position: bigint, categories: ReadonlySet<string>, maxBatch: number): FeedBatch | undefined {
    if (position < this.#floor) return undefined;
    const events: StoredEvent[] = [];
    let reached = position;
    for (let index = this.#indexAfter(position); index < this.#ring.length && events.length < maxBatch; index += 1) {
      const stored = this.#ring[index] as StoredEvent;
      if (categories.has(this.#categories[index] as string)) events.push(stored);
      reached = stored.position;
    }
    return { events, position: reached };
  }

  /** When what follows a position was appended; undefined when the ring does not tell. */
  appendedAfter(position: bigint): Date | undefined {
    return position < this.#floor ? undefined : this.#ring[this.#indexAfter(position)]?.createdAt;
  }

  /** Everything after this position can be had from the ring. */
  get floor(): bigint {
    return this.#floor;
  }

  async #findEnd(): Promise<bigint> {
    let newest = this.#head;
    if ((await this.store.head()) <= newest) return newest;
    // The log goes on with what may be others' categories alone: only a read of its own tells.
    const found = new AbortController();
    for await (const { events, caughtUp } of this.store.follow(
      this.options.categories,
      newest,
      AbortSignal.any([this.#stopping.signal, found.signal]),
    )) {
      newest = events.at(-1)?.position ?? newest;
      if (caughtUp) found.abort();
    }
    return newest;
  }

  async #follow(): Promise<void> {
    const { categories, onOutage } = this.options;
    const batches = this.store.follow(categories, this.#floor, this.#stopping.signal, (error) => onOutage?.('log feed', error));
    for await (const { events } of batches) {
      if (events.length === 0) continue;
      this.#ring.push(...events);
      this.#categories.push(...events.map(({ stream }) => categoryOf(stream)));
      const surplus = this.#ring.length - this.#capacity;
      if (surplus > this.#capacity / 4) {
        this.#floor = this.#ring[surplus - 1]?.position ?? this.#floor;
        this.#ring = this.#ring.slice(surplus);
        this.#categories = this.#categories.slice(surplus);
      }
      this.#head = events.at(-1)?.position ?? this.#head;
      for (const consumer of this.#consumers) consumer.notify();
    }
  }

  #indexAfter(position: bigint): number {
    let low = 0;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ring[middle] as StoredEvent).position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Waiter {
  position: bigint;
  resolve: () => void;
}

/** One fold's way through the log. */
export class FeedConsumer {
  /** Resolves when the consumer has stopped. */
  readonly finished: Promise<void>;
  readonly #categories: ReadonlySet<string>;
  readonly #waiters: Waiter[] = [];
  readonly #own = new AbortController();
  readonly #stopping: AbortSignal;
  #position: bigint;
  #state: ConsumerStatus['state'] = 'running';
  #error: string | undefined;
  #failure: { error: unknown } | undefined;
  /** Of the newest event handled. */
  #handledAt: Date | undefined;
  #wake: () => void = () => undefined;
  /** Ends the pause before the next batch. */
  #hurry: () => void = () => undefined;
  #begunAt = -Infinity;
  readonly #loop: Loop | undefined;

  constructor(
    private readonly feed: LogFeed,
    private readonly options: ConsumerOptions,
    private readonly handle: (batch: FeedBatch) => Promise<void>,
    feedStopping: AbortSignal,
  ) {
    this.#categories = new Set(options.categories);
    this.#position = options.after;
    this.#loop = feed.options.loops?.register(`feed ${options.name}`);
    this.#stopping = AbortSignal.any([feedStopping, this.#own.signal]);
    this.#stopping.addEventListener(
      'abort',
      () => {
        this.#wake();
        this.#hurry();
      },
      { once: true },
    );
    this.finished = this.#run();
  }

  /**
   * Ends this consumer alone, after the batch that its handler is in; the feed forgets it. The handler itself may call it, but must not wait for it.
   */
  stop(): Promise<void> {
    this.#own.abort();
    this.feed.forget(this);
    return this.finished;
  }

  /** Ends this consumer as a failure of its handler would: between two batches, something was found that no repetition mends. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#own.abort();
  }

  /** Everything up to here has been handled. */
  get position(): bigint {
    return this.#position;
  }

  notify(): void {
    this.#wake();
  }

  /** Resolves with true once the position has been handled, with false when the time is over before that. */
  async reached(position: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#position >= position) return true;
    return new Promise((resolve) => {
      const finish = (isReached: boolean) => {
        clearTimeout(timer);
        resolve(isReached);
      };
      const waiter: Waiter = { position, resolve: () => finish(true) };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        finish(false);
      }, timeoutMs);
      this.#waiters.push(waiter);
      this.#hurry();
    });
  }

  status(): ConsumerStatus {
    const lagEvents = this.feed.after(this.#position, this.#categories, Infinity)?.events.length;
    return {
      name: this.options.name,
      position: this.#position,
      head: this.feed.head,
      lagMs: this.#lagMs,
      ...(lagEvents !== undefined && { lagEvents }),
      state: this.#state,
      ...(this.#error && { error: this.#error }),
    };
  }

  /** While it catches up by itself, as old as what it has come to. */
  get #lagMs(): number {
    if (this.#position >= this.feed.head) return 0;
    const oldest = this.feed.appendedAfter(this.#position) ?? this.#handledAt;
    return oldest ? Math.max(0, Date.now() - oldest.getTime()) : 0;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping.aborted) {
        const batch = this.feed.after(this.#position, this.#categories, this.options.maxBatch ?? 500);
        if (!batch) await this.#catchUp();
        else if (batch.position === this.#position) await this.#change();
        else if (this.#pauseMs > 0) await this.#pause(this.#pauseMs);
        else await this.#deliver(batch);
      }
      if (this.#failure) throw this.#failure.error;
      this.#state = 'stopped';
    } catch (error) {
      this.#state = 'failed';
      this.#error = String(error);
      this.feed.options.onFailure?.(this.options.name, error);
    } finally {
      this.#loop?.end();
    }
  }

  /** Reads by a subscription of its own until what follows is in the ring. */
  async #catchUp(): Promise<void> {
    const behind = new AbortController();
    const signal = AbortSignal.any([this.#stopping, behind.signal]);
    const target = this.feed.head;
    const report = (error: unknown) => {
      this.#loop?.beat();
      this.feed.options.onOutage?.(this.options.name, error);
    };
    this.#loop?.beat();
    for await (const { events, caughtUp } of this.feed.store.follow(this.options.categories, this.#position, signal, report)) {
      for (const chunk of chunksOf(events, this.options.maxBatch ?? 500)) {
        if (this.#stopping.aborted) return;
        await this.#deliver({ events: chunk, position: chunk.at(-1)?.position ?? this.#position });
      }
      if (caughtUp && target > this.#position) await this.#deliver({ events: [], position: target });
      if (caughtUp || this.#position >= this.feed.floor) behind.abort();
    }
  }

  /** What is left of the time until the next batch may begin. */
  get #pauseMs(): number {
    const { everyMs = 0 } = this.options;
    return this.#waiters.length > 0 ? 0 : Math.ceil(this.#begunAt + everyMs - performance.now());
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #deliver(batch: FeedBatch): Promise<void> {
    this.#begunAt = performance.now();
    for (let pauseMs = 50; !this.#stopping.aborted; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      this.#loop?.beat();
      try {
        await this.handle(batch);
        this.#state = 'running';
        this.#error = undefined;
        this.#handledAt = batch.events.at(-1)?.createdAt ?? this.#handledAt;
        this.#moveTo(batch.position);
        return;
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
        this.#state = 'retrying';
        this.#error = String(error);
        this.feed.options.onOutage?.(this.options.name, error);
        await delay(pauseMs, undefined, { signal: this.#stopping }).catch(() => undefined);
      }
    }
  }

  #moveTo(position: bigint): void {
    this.#position = position;
    for (let index = this.#waiters.length - 1; index >= 0; index -= 1) {
      const waiter = this.#waiters[index];
      if (!waiter || waiter.position > position) continue;
      this.#waiters.splice(index, 1);
      waiter.resolve();
    }
  }

  #change(): Promise<void> {
    this.#loop?.idle();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function* chunksOf<T>(items: T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
