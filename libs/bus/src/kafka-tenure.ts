import type { EachBatchPayload, KafkaMessage, Offsets } from 'kafkajs';
import { errorText } from './error-text.js';
import { busOffset } from './kafka-dead-letters.js';
import { KafkaPartition, type PartitionStanding } from './kafka-partition.js';
import { headerText, KafkaRecord } from './kafka-record.js';
import { headerNames } from './message.js';
import { Saver, type SaveRhythm } from './saver.js';
import type { Receiver, TopicPartition, TopicProgress } from './transport.js';

export interface TenureOptions {
  receiver: Receiver;
  rhythm: SaveRhythm;
  /** Deliveries that may wait in one partition before nothing more of it is fetched. */
  maxOpen: number;
  isNews: (topic: string) => boolean;
  /** Fetches nothing more of the partition, or goes on with it. */
  pause: (at: TopicPartition) => void;
  resume: (at: TopicPartition) => void;
}

type Commit = (offsets: Offsets) => Promise<void>;

/**
 * What a member has of its group from one rebalance to the next: its partitions, what of them is in hand, and what is saved. When it is over, what is
 * still settled counts for nothing: another member may have the partition.
 */
export class KafkaTenure {
  readonly #partitions: ReadonlyMap<string, KafkaPartition>;
  readonly #saver: Saver;
  /** As long as this generation of the group lasts: the brokers refuse what is saved for an earlier one. */
  #commit: Commit | undefined;
  #isOver = false;
  #isClosed = false;

  constructor(
    assigned: readonly TopicPartition[],
    private readonly options: TenureOptions,
  ) {
    this.#partitions = new Map(assigned.map(({ topic, partition }) => [nameOf(topic, partition), new KafkaPartition(topic, partition)]));
    this.#saver = new Saver(options.rhythm, () => this.#save());
  }

  get partitions(): KafkaPartition[] {
    return [...this.#partitions.values()];
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Gives a fetched batch to the lanes, and says that what follows it is to be fetched next. */
  give(payload: EachBatchPayload): void {
    const { batch } = payload;
    const partition = this.#partitions.get(nameOf(batch.topic, batch.partition));
    if (!partition || this.#isOver) return;
    this.#commit = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    partition.high = Number(batch.highWatermark);
    for (const message of batch.messages) this.#deliver(partition, message);
    const last = batch.lastOffset();
    partition.readTo(Number(last) + 1);
    payload.resolveOffset(last);
    if (!partition.isFull && partition.open >= this.options.maxOpen) {
      partition.isFull = true;
      this.options.pause(partition);
    }
    this.#saver.moved(0);
  }

  stand(topic: string, partition: number, standing: PartitionStanding): void {
    this.#partitions.get(nameOf(topic, partition))?.stand(standing);
  }

  /** Gives nothing more. What is in hand may still be settled, until `close`. */
  end(): void {
    this.#isOver = true;
  }

  /** Saves what is settled; nothing after that. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.end();
    await this.#saver.close();
    this.#commit = undefined;
  }

  progressOf(topic: string, nowMs: number): TopicProgress {
    const own = this.partitions.filter((partition) => partition.topic === topic);
    const sum = (figure: (partition: KafkaPartition) => number) => own.reduce((total, partition) => total + figure(partition), 0);
    const oldest = own.flatMap((partition) => partition.oldest ?? []);
    return {
      topic,
      position: BigInt(sum(({ reached }) => reached)),
      saved: BigInt(sum(({ saved }) => saved)),
      head: BigInt(sum(({ reached, high }) => Math.max(reached, high))),
      open: sum(({ open }) => open),
      partitions: own.length,
      lagMessages: sum(({ lag }) => lag),
      lagSeconds: oldest.length > 0 ? Math.max(0, nowMs - Math.min(...oldest)) / 1_000 : 0,
      ...(this.#saver.error !== undefined && { error: `offsets cannot be saved: ${errorText(this.#saver.error)}` }),
    };
  }

  #deliver(partition: KafkaPartition, message: KafkaMessage): void {
    const { receiver, isNews } = this.options;
    const { topic } = partition;
    const type = isNews(topic) ? headerText(message, headerNames.type) : undefined;
    if (type && !receiver.handles(topic, type)) {
      receiver.passOver(topic);
      return;
    }
    partition.begin(Number(message.offset), message.timestamp);
    receiver.take({
      topic,
      partition: partition.partition,
      offset: busOffset(partition.partition, message.offset, message.timestamp),
      record: new KafkaRecord(message),
      settled: () => this.#settled(partition),
    });
  }

  #settled(partition: KafkaPartition): void {
    partition.settle();
    if (partition.isFull && partition.open <= this.options.maxOpen / 2) {
      partition.isFull = false;
      if (!this.#isOver) this.options.resume(partition);
    }
    this.#saver.moved(1);
  }

  async #save(): Promise<void> {
    const dirty = this.partitions.filter(({ isDirty }) => isDirty);
    if (dirty.length === 0 || !this.#commit) return;
    const reached = dirty.map((partition) => ({ partition, offset: partition.reached }));
    const topics: Offsets['topics'] = [...Map.groupBy(reached, ({ partition }) => partition.topic)].map(([topic, each]) => ({
      topic,
      partitions: each.map(({ partition: { partition }, offset }) => ({ partition, offset: String(offset) })),
    }));
    await this.#commit({ topics });
    for (const { partition, offset } of reached) partition.saved = offset;
  }
}

const nameOf = (topic: string, partition: number): string => `${topic} ${partition}`;
