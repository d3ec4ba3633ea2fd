import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Outage, type EventStore, type FeedBatch, type FeedConsumer, type LogFeed, type StoredEvent } from '@tongbao/event-store';
import type { Kafka } from 'kafkajs';
import { RelayMeter } from './bus-telemetry.js';
import { errorText } from './error-text.js';
import { dueMessages, partsWithin, type DueMessage, type MessageCheck } from './kafka-relay-batch.js';
import { checkpointName, RelayCheckpoint } from './kafka-relay-checkpoint.js';
import { KafkaSender } from './kafka-relay-sender.js';
import type { PlatformTopicSettings } from './kafka-relay-topics.js';
import type { Publisher } from './message.js';
import { Publication } from './publication.js';
import { hubCommandTopics, isPlatformTopic, type CommandTopic } from './topic.js';

export interface KafkaRelayOptions {
  kafka: Kafka;
  store: EventStore;
  /** Must follow the publisher's categories. Told of outages, and of the failure that ends the relay, as for any of its consumers. */
  feed: LogFeed;
  publisher: Publisher;
  /** Whether this process is the one that may publish; asked before everything that is sent. Where it does not, the relay waits. */
  leads: () => boolean;
  /** What is wrong with a message by its schema; a message with which something is wrong stops the relay. */
  check?: MessageCheck;
  commandTopics?: readonly CommandTopic[];
  platformTopics?: PlatformTopicSettings;
  /** At most so often the position is saved: what was published since is published again after a crash. */
  saveEveryMs?: number;
  /** Requests begin at least so far apart: under load there are fewer of them, for this process, the brokers and all who consume, and each holds more. */
  sendEveryMs?: number;
  /** Most bytes of one request; below what the brokers take as one batch of records (`message.max.bytes`, 1 MiB as they come). */
  maxRequestBytes?: number;
  /** The relay has stopped for good, for a reason that no repetition mends. */
  onFailure?: (error: unknown) => void;
}

export interface KafkaRelayStatus {
  service: string;
  /** Everything up to here is published. */
  position: bigint;
  /** Where the next relay would begin. */
  saved: bigint;
  /** What has been seen of the log. */
  head: bigint;
  /** Events not published yet; when they are more than the feed keeps, those of the batch in hand. */
  lagEvents: number;
  /** Age of the oldest event not published yet. */
  lagSeconds: number;
  /** Published by this relay, with repetitions. */
  messages: number;
  /** The same by topic; those of platforms under one name. */
  byTopic: Readonly<Record<string, number>>;
  state: 'running' | 'failed' | 'stopped';
  /** Why nothing is published at the moment, or why the position cannot be saved. */
  error?: string;
}

/** Another relay of the service has begun, or its position was reset. */
export class RelayFenced extends Error {
  override readonly name = 'RelayFenced';
}

/** Longer than any send takes while all is well. */
const patienceMs = 5_000;
/** Of all platforms together: a name for each would be as many time series as there are platforms. */
const platformsTogether = 'tongbao.platform.{id}.events';

/**
 * Publishes a service's messages to Apache Kafka, in log order: one request at a time, and the next only when all replicas in sync have what the
 * one before it held. Every message reaches its topic at least once, none before all that come before it in the log; after a crash or an
 * answer that was lost, the last ones follow once more in the same order, and `tongbao-position` tells them.
 *
 * There is one relay a service, run by the process that leads. Should there be two, the one that began last has the checkpoint
 * (compare-and-swap), and the other one stops.
 */
export class KafkaRelay {
  readonly #publication: Publication;
  readonly #sender: KafkaSender;
  readonly #consumer: FeedConsumer;
  readonly #meter: RelayMeter;
  readonly #byTopic = new Map<string, number>();
  #reached: bigint;
  #state: KafkaRelayStatus['state'] = 'running';
  #error: unknown;
  /** Of the batch that is being published, or that could not be. */
  #inHand: readonly StoredEvent[] = [];
  #publishing: Promise<unknown> = Promise.resolve();

  /**
   * Takes the service's checkpoint and begins to publish what comes after it. Does not wait for the brokers: without them it retries without end.
   * @throws StoreUnavailable
   */
  static async start(options: KafkaRelayOptions): Promise<KafkaRelay> {
    const { store, feed, publisher, saveEveryMs = 250 } = options;
    const { service } = publisher;
    const onOutage = (error: unknown) => feed.options.onOutage?.(checkpointName(service), error);
    const checkpoint = await RelayCheckpoint.claim({ store, service, writer: randomUUID(), everyMs: saveEveryMs, onOutage });
    return new KafkaRelay(options, checkpoint);
  }

  private constructor(
    private readonly options: KafkaRelayOptions,
    private readonly checkpoint: RelayCheckpoint,
  ) {
    const { feed, publisher, commandTopics = hubCommandTopics, sendEveryMs = 20 } = options;
    this.#publication = new Publication(publisher, new Map(commandTopics.map((topic) => [topic.name, topic])));
    this.#sender = new KafkaSender({ ...options, mayPublish: () => !this.#hasEnded() && options.leads() });
    this.#meter = new RelayMeter(publisher.service);
    this.#reached = checkpoint.saved;
    const name = checkpointName(publisher.service);
    const consumer = { name, categories: publisher.categories, after: this.#reached, everyMs: sendEveryMs };
    this.#consumer = feed.consume(consumer, (batch) => {
      const publishing = this.#publish(batch);
      this.#publishing = publishing.catch(() => undefined);
      return publishing;
    });
    void checkpoint.fenced.then((cause) => this.#fence(cause));
  }

  /** Publishes nothing more, and saves how far it has come. What is sent and not acknowledged by then is published again by the next relay. */
  async stop(): Promise<void> {
    if (this.#state === 'running') this.#state = 'stopped';
    void this.#consumer.stop();
    const patience = new AbortController();
    const leftMs = Math.max(0, patienceMs - this.#sender.waitingMs);
    await Promise.race([this.#publishing, delay(leftMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    await this.checkpoint.close();
    await this.#sender.close();
  }

  /** Resolves with true once everything up to the position is published, with false when the time is over, or the relay has stopped, before that. */
  async reached(position: bigint, timeoutMs: number): Promise<boolean> {
    return (await this.#consumer.reached(position, timeoutMs)) && this.#reached >= position;
  }

  status(): KafkaRelayStatus {
    const { feed, publisher } = this.options;
    const pending = this.#inHand.filter(({ position }) => position > this.#reached);
    const oldestMs = pending[0] ? Date.now() - pending[0].createdAt.getTime() : 0;
    const error = this.#trouble();
    return {
      service: publisher.service,
      position: this.#reached,
      saved: this.checkpoint.saved,
      head: feed.head,
      lagEvents: (feed.after(this.#reached, new Set(publisher.categories), Infinity)?.events ?? pending).length,
      lagSeconds: Math.max(oldestMs, this.#consumer.status().lagMs) / 1_000,
      messages: [...this.#byTopic.values()].reduce((sum, messages) => sum + messages, 0),
      byTopic: Object.fromEntries(this.#byTopic),
      state: this.#state,
      ...(error !== undefined && { error }),
    };
  }

  async #publish({ events, position }: FeedBatch): Promise<void> {
    if (this.#hasEnded()) return;
    // What is given again after an outage may have been published in part.
    this.#inHand = events.filter((stored) => stored.position > this.#reached);
    const due = dueMessages(this.#inHand, this.#publication, this.options.check);
    try {
      for (const part of partsWithin(this.options.maxRequestBytes ?? 900_000, due.messages)) {
        await this.#sender.send(part);
        this.#published(part);
        if (this.#hasEnded()) return;
      }
      if (due.failure) throw due.failure;
    } catch (error) {
      if (error instanceof Outage) this.#error = error;
      else this.#fail(error);
      throw error;
    }
    this.#error = undefined;
    this.#reach(position);
  }

  #hasEnded(): boolean {
    return this.#state !== 'running';
  }

  #published(part: readonly DueMessage[]): void {
    for (const { topic } of part) {
      const name = isPlatformTopic(topic) ? platformsTogether : topic;
      this.#byTopic.set(name, (this.#byTopic.get(name) ?? 0) + 1);
      this.#meter.published(name, 1);
    }
    const whole = part.findLast(({ endsEvent }) => endsEvent);
    if (whole) this.#reach(whole.stored.position);
  }

  #reach(position: bigint): void {
    this.#reached = position;
    this.checkpoint.reach(position);
  }

  #fence(cause: unknown): void {
    const error = new RelayFenced(`another relay of ${this.options.publisher.service} has begun, or its position was reset`, { cause });
    if (this.#state !== 'running') return;
    this.#fail(error);
    this.#consumer.fail(error);
  }

  #fail(error: unknown): void {
    this.#state = 'failed';
    this.#error = error;
    this.options.onFailure?.(error);
  }

  #trouble(): string | undefined {
    const error = this.#error ?? this.checkpoint.error;
    if (error !== undefined) return errorText(error);
    const { waitingMs } = this.#sender;
    return waitingMs > patienceMs
      ? `the brokers have not acknowledged for ${Math.round(waitingMs / 1_000)} s what they were sent`
      : undefined;
  }
}
