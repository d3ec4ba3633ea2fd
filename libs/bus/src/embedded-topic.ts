import { partitionsPerTopic } from '@tongbao/contracts';
import type { EventStore, FeedBatch, LogFeed, StoredEvent } from '@tongbao/event-store';
import { errorText } from './error-text.js';
import type { BusRecord } from './message.js';
import { PartitionProgress } from './partition-progress.js';
import { SavedPosition } from './saved-position.js';
import type { SaveRhythm } from './saver.js';
import { partitionOf } from './topic.js';
import type { Receiver, TopicProgress } from './transport.js';

/** The messages of one topic within the events of its categories. */
export interface TopicSource {
  topic: string;
  categories: readonly string[];
  messagesOf(stored: StoredEvent): Iterable<SourceMessage>;
}

export interface SourceMessage {
  /** Tells the messages of one event apart. */
  index: number;
  key: string | undefined;
  /** Known where a type that nobody handles may be passed over. */
  type?: string;
  /** Made only for what is wanted. */
  record: () => BusRecord;
}

export interface TopicReaderOptions {
  store: EventStore;
  feed: LogFeed;
  rhythm: SaveRhythm;
  /** Deliveries that may wait in one partition before it is waited for or, while it is paused, left out. */
  maxOpen: number;
}

/**
 * One group's way through one topic of the embedded bus. A partition that is slow is waited for. One that is paused and full is left out, so that the
 * others go on, and once it is resumed it reads what it missed by itself.
 */
export class EmbeddedTopic {
  readonly #partitions = Array.from({ length: partitionsPerTopic }, () => new PartitionProgress());
  readonly #full = new Set<number>();
  readonly #paused = new Set<number>();
  readonly #stopping = new AbortController();
  #read = 0n;
  /** Of the events of this topic's categories. */
  #lastEvent = 0n;
  #rereading: Promise<void> | undefined;
  #error: unknown;
  #wakers: (() => void)[] = [];
  #saved: SavedPosition | undefined;

  constructor(
    private readonly receiver: Receiver,
    private readonly source: TopicSource,
    private readonly options: TopicReaderOptions,
  ) {}

  get topic(): string {
    return this.source.topic;
  }

  async load(): Promise<void> {
    const { store, rhythm } = this.options;
    this.#saved = await SavedPosition.load(store, this.#name, rhythm, () => this.#low);
    this.#read = this.#saved.position;
    this.#lastEvent = this.#read;
  }

  start(): void {
    const { categories } = this.source;
    this.options.feed.consume({ name: this.#name, categories, after: this.#read }, (batch) => this.#take(batch));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#rereading;
  }

  async commit(): Promise<void> {
    await this.#saved?.close();
  }

  pause(partition: number): void {
    this.#paused.add(partition);
    this.#wake();
  }

  resume(partition: number): void {
    this.#paused.delete(partition);
    this.#wake();
    this.#catchUp();
  }

  progress(): TopicProgress {
    const error = this.#error ?? this.#saved?.error;
    return {
      topic: this.topic,
      position: this.#low,
      saved: this.#saved?.position ?? 0n,
      head: this.options.feed.head,
      open: this.#partitions.reduce((sum, partition) => sum + partition.open, 0),
      ...(error !== undefined && { error: errorText(error) }),
    };
  }

  async #take(batch: FeedBatch): Promise<void> {
    const { signal } = this.#stopping;
    try {
      for (const stored of batch.events) {
        while (this.#full.size > 0 && !signal.aborted) await this.#makeRoom();
        if (signal.aborted) return;
        this.#deliver(stored);
        this.#read = stored.position;
        this.#lastEvent = stored.position;
      }
      if (signal.aborted) return;
      this.#read = batch.position;
      this.#saved?.moved(0);
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  #deliver(stored: StoredEvent): void {
    for (const message of this.source.messagesOf(stored)) {
      const { key, type } = message;
      const partition = partitionOf(key ?? '');
      if (type !== undefined && !this.receiver.handles(this.topic, type)) this.receiver.passOver(this.topic);
      else if (this.#progressOf(partition).leftOutAfter === undefined) this.#give(partition, stored.position, message, this.#read);
    }
  }

  /** @param before everything up to here was given to the partition earlier, if it was for it */
  #give(partition: number, position: bigint, { index, record }: SourceMessage, before: bigint): void {
    const { topic } = this;
    const progress = this.#progressOf(partition);
    progress.begin(position, before);
    if (progress.open >= this.options.maxOpen) this.#full.add(partition);
    this.receiver.take({
      topic,
      partition,
      offset: `${position}.${index}`,
      record: record(),
      settled: () => this.#settled(partition, progress),
    });
  }

  #settled(partition: number, progress: PartitionProgress): void {
    progress.settle();
    if (progress.open < this.options.maxOpen && this.#full.delete(partition)) this.#wake();
    if (progress.open === 0 && progress.leftOutAfter !== undefined) this.#catchUp();
    this.#saved?.moved(1);
  }

  /** Leaves out the full partitions that are paused; waits when only slow ones are full. */
  async #makeRoom(): Promise<void> {
    for (const partition of this.#full) {
      if (!this.#paused.has(partition)) continue;
      this.#progressOf(partition).leftOutAfter ??= this.#read;
      this.#full.delete(partition);
    }
    if (this.#full.size > 0) await this.#change();
  }

  /** Begins to read what partitions missed that were left out, have done all they were given, and can go on. */
  #catchUp(): void {
    if (this.#rereading || this.#stopping.signal.aborted) return;
    const missing = new Set<number>();
    for (const [partition, { leftOutAfter, open }] of this.#partitions.entries()) {
      if (leftOutAfter !== undefined && open === 0 && !this.#paused.has(partition)) missing.add(partition);
    }
    if (missing.size === 0) return;
    this.#rereading = this.#reread(missing).then(
      () => {
        this.#rereading = undefined;
        this.#catchUp();
      },
      (error: unknown) => {
        this.#error = error;
      },
    );
  }

  /** Gives partitions what they missed, until they have got as far as the reader; leaves one out again that is paused and full again. */
  async #reread(missing: Set<number>): Promise<void> {
    const after = [...missing].map((partition) => this.#leftOutAfter(partition)).reduce((left, right) => (left < right ? left : right));
    const done = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, done.signal]);
    if (this.#join(after, missing)) return;
    for await (const { events } of this.options.store.follow(this.source.categories, after, signal)) {
      for (const stored of events) {
        await this.#roomFor(missing);
        if (signal.aborted) return;
        // What the reader has not read yet is its to give.
        if (stored.position <= this.#lastEvent) this.#giveAgain(stored, missing);
        if (!this.#join(stored.position, missing)) continue;
        done.abort();
        break;
      }
    }
  }

  /** Once they have been given all that the reader has read, the reader gives them what comes. */
  #join(position: bigint, missing: ReadonlySet<number>): boolean {
    if (missing.size === 0) return true;
    if (position < this.#lastEvent) return false;
    for (const partition of missing) this.#progressOf(partition).leftOutAfter = undefined;
    return true;
  }

  #giveAgain(stored: StoredEvent, missing: ReadonlySet<number>): void {
    for (const message of this.source.messagesOf(stored)) {
      const partition = partitionOf(message.key ?? '');
      const before = this.#progressOf(partition).leftOutAfter;
      if (!missing.has(partition) || before === undefined || stored.position <= before) continue;
      if (message.type === undefined || this.receiver.handles(this.topic, message.type))
        this.#give(partition, stored.position, message, before);
    }
    for (const partition of missing)
      if (stored.position > this.#leftOutAfter(partition)) this.#progressOf(partition).leftOutAfter = stored.position;
  }

  /** Waits for the slow ones among the partitions, drops the paused ones. */
  async #roomFor(missing: Set<number>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const full = [...missing].filter((partition) => this.#full.has(partition));
      for (const partition of full.filter((each) => this.#paused.has(each))) {
        missing.delete(partition);
        this.#full.delete(partition);
      }
      if (full.every((partition) => this.#paused.has(partition))) return;
      await this.#change();
    }
  }

  #leftOutAfter(partition: number): bigint {
    return this.#progressOf(partition).leftOutAfter ?? this.#read;
  }

  #progressOf(partition: number): PartitionProgress {
    const progress = this.#partitions[partition];
    if (!progress) throw new Error(`${this.topic} has no partition ${partition}`);
    return progress;
  }

  /** Everything up to here is dealt with, in every partition. */
  get #low(): bigint {
    return this.#partitions.reduce((least, progress) => {
      const low = progress.low(this.#read);
      return low < least ? low : least;
    }, this.#read);
  }

  get #name(): string {
    return `${this.receiver.group}_${this.topic}`;
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.push(resolve);
    });
  }
}
