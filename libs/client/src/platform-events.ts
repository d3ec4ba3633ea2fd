import { setTimeout as delay } from 'node:timers/promises';
import { platformEventsTopic, platformGroupPrefix, type PlatformMessage } from '@tongbao/contracts';
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';

/** One message of the platform's own topic. */
export interface PlatformEvent {
  /** The same for every delivery of the message. */
  id: string;
  type: PlatformMessage['type'];
  /** The payment, or the command where no payment is known. */
  key: string;
  /** When it happened; ISO 8601. */
  time: string;
  /** What the platform calls the command that led to it (its commandId); else the hub's own id of the cause. */
  causationId: string | undefined;
  data: PlatformMessage;
}

/** Returns when the effect is durable: only then does the message count as received. What it throws makes it be called again. */
export type PlatformEventHandler = (event: PlatformEvent) => unknown;

export interface EventsOptions {
  /** Tells the platform's readers apart: each name gets all messages. */
  name?: string;
  /** Whether a new reader begins with what the topic still holds; true when not given. */
  fromBeginning?: boolean;
  /** Told of every failure of the handler; the message is given to it again. */
  onError?: (error: unknown, event: KafkaMessage) => void;
  /** Told why nothing is read yet, every second while that is so. */
  onWait?: (reason: string) => void;
}

export interface EventSubscription {
  /** Finishes the message in hand, remembers how far it came, and leaves. */
  stop(): Promise<void>;
}

const lookMs = 1_000;
const heartbeatMs = 3_000;
/** How long brokers hold a question that they have no answer to: as long takes a stop. */
const fetchWaitMs = 500;
const firstPauseMs = 200;
const longestPauseMs = 30_000;

/** Reads the platform's own topic, in order for each payment, at least once. Returns when the brokers are reached. */
export async function readPlatformEvents(
  kafka: Kafka,
  platformId: string,
  handler: PlatformEventHandler,
  options: EventsOptions,
): Promise<EventSubscription> {
  const reader = new EventReader(kafka, platformId, handler, options);
  await reader.start();
  return reader;
}

class EventReader implements EventSubscription {
  readonly #stopping = new AbortController();
  readonly #topic: string;
  readonly #admin: Admin;
  readonly #consumer: Consumer;
  #begun: Promise<void> = Promise.resolve();

  constructor(
    kafka: Kafka,
    platformId: string,
    private readonly handler: PlatformEventHandler,
    private readonly options: EventsOptions,
  ) {
    const { name = 'events' } = options;
    this.#topic = platformEventsTopic(platformId);
    this.#admin = kafka.admin();
    this.#consumer = kafka.consumer({
      groupId: `${platformGroupPrefix(platformId)}${name}`,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: fetchWaitMs,
    });
  }

  async start(): Promise<void> {
    await Promise.all([this.#admin.connect(), this.#consumer.connect()]);
    this.#begun = this.#begin();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#begun;
    await Promise.all([this.#admin.disconnect(), this.#consumer.disconnect()]);
  }

  /** The hub makes the topic when it has something to tell, which may be the answer to a command that is yet to be sent. */
  async #begin(): Promise<void> {
    const { fromBeginning = true, onWait } = this.options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if ((await this.#admin.listTopics()).includes(this.#topic)) {
          await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning });
          await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.read(payload) });
          return;
        }
        onWait?.(`there is no topic ${this.#topic} yet, or this user may not see it`);
      } catch (error) {
        onWait?.(String(error));
      }
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async read(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    let handled: string | undefined;
    for (const message of messages) {
      if (this.#stopping.signal.aborted || !payload.isRunning() || payload.isStale()) break;
      if (!(await this.#untilHandled(message, payload))) break;
      payload.resolveOffset(message.offset);
      handled = message.offset;
    }
    if (handled !== undefined) await this.#consumer.commitOffsets([{ topic, partition, offset: String(BigInt(handled) + 1n) }]);
  }

  /**
   * Gives a message to the handler until it takes it.
   * @returns false when the reader is stopped before that
   * @throws what the group answered when the partition was given to another reader: the client then joins the group again
   */
  async #untilHandled(message: KafkaMessage, payload: EachBatchPayload): Promise<boolean> {
    const { signal } = this.#stopping;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const event = eventOf(message);
        await whileBeating(payload, () => this.handler(event));
        return true;
      } catch (error) {
        this.options.onError?.(error, message);
      }
      await whileBeating(payload, () => delay(pauseMs, undefined, { signal }).catch(() => undefined));
      await payload.heartbeat();
      if (signal.aborted) return false;
    }
  }
}

/** A reader that says nothing for long is taken for dead: while a handler takes its time the group hears that it lives. */
async function whileBeating(payload: EachBatchPayload, work: () => unknown): Promise<void> {
  // One that fails says that the partition was given to another reader, of which the next heartbeat or the commit is told as well.
  const timer = setInterval(() => void payload.heartbeat().catch(() => undefined), heartbeatMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
}

function eventOf({ key, value, headers = {} }: KafkaMessage): PlatformEvent {
  const header = (name: string) => headers[name]?.toString();
  return {
    id: header('ce_id') ?? '',
    type: header('ce_type') as PlatformMessage['type'], // the hub alone writes to this topic, by this contract
    key: key?.toString() ?? '',
    time: header('ce_time') ?? '',
    causationId: header('ce_causationid'),
    data: JSON.parse(value?.toString() ?? '') as PlatformMessage, // as above
  };
}
