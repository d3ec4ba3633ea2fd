import { setTimeout as delay } from 'node:timers/promises';
import { Outage } from '@tongbao/event-store';
import kafkajs from 'kafkajs';
import type { Kafka, Message, Producer, RecordMetadata } from 'kafkajs';
import { asOutage, isBrokerOutage } from './kafka-outage.js';
import { within } from './within.js';

export interface OutboxOptions {
  /** How long the first message waits for others to go with it. */
  lingerMs?: number;
  /** How long a caller waits for brokers that cannot be reached. */
  patienceMs?: number;
}

interface Waiting {
  topic: string;
  message: Message;
  since: number;
  resolve: (offset: bigint | undefined) => void;
  reject: (error: unknown) => void;
}

/** A broker takes the messages of one partition in a request as one batch, and a topic says how large that may be. */
const maxBatchBytes = 512 * 1_024;
const maxBatch = 500;
/** Brokers that change leaders, or begin again, are back within some seconds. */
const maxAttempts = 8;
const retryAfterMs = 100;

/**
 * Sends messages of many callers in small batches, one request in flight, so that the order of calls is the order of each key. A caller is told when
 * all replicas in sync have its message.
 */
export class KafkaOutbox {
  readonly #producer: Producer;
  readonly #lingerMs: number;
  readonly #patienceMs: number;
  #waiting: Waiting[] = [];
  #inFlight: readonly Waiting[] = [];
  #connected: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(kafka: Kafka, { lingerMs = 2, patienceMs = 8_000 }: OutboxOptions = {}) {
    this.#lingerMs = lingerMs;
    this.#patienceMs = patienceMs;
    this.#producer = kafka.producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      // One attempt a call. kafkajs 2.2.4 keeps the answers that it has over its attempts (src/producer/sendMessages.js, responsePerBroker): when a
      // partition has moved meanwhile to a broker that has answered, its messages are never sent, and the call succeeds all the same.
      retry: { retries: 0 },
    });
  }

  /**
   * @returns the offset, where the message names its partition
   * @throws Outage when the brokers cannot be reached: whether the message was taken is unknown
   */
  send(topic: string, message: Message): Promise<bigint | undefined> {
    if (this.#closed) return Promise.reject(new Outage('the bus has stopped'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ topic, message, since: performance.now(), resolve, reject });
      if (!this.#draining) this.#timer ??= setTimeout(() => this.#start(), this.#lingerMs);
    });
  }

  /** Sends what waits, as long as a caller would wait for it, then lets go of the brokers. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) this.#start();
    await within(this.#patienceMs, this.#draining);
    if (this.#connected) await within(this.#patienceMs, this.#producer.disconnect());
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    const watch = setInterval(() => this.#releaseCallers(), 500).unref();
    while (this.#waiting.length > 0) await this.#deliver(this.#next());
    clearInterval(watch);
    // At once: what is sent from here on must start another one.
    this.#draining = undefined;
  }

  /** Those that have waited long enough are told; a request in flight stays, and what comes next waits for it, for the sake of order. */
  #releaseCallers(): void {
    const due = performance.now() - this.#patienceMs;
    const late = [...this.#inFlight, ...this.#waiting].filter(({ since }) => since < due);
    for (const { topic, reject } of late) reject(new Outage(`the brokers have not acknowledged a message to ${topic} in time`));
    if (late.length > 0) this.#waiting = this.#waiting.filter(({ since }) => since >= due);
  }

  #next(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.#waiting) {
      bytes += sizeOf(message);
      if (count > 0 && (bytes > maxBatchBytes || count >= maxBatch)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #deliver(batch: Waiting[]): Promise<void> {
    this.#inFlight = batch;
    try {
      const offsets = offsetsOf(batch, await this.#send(batch));
      for (const [index, { resolve }] of batch.entries()) resolve(offsets[index]);
    } catch (error) {
      if (batch.length === 1 || isBrokerOutage(error)) for (const { reject } of batch) reject(asOutage(error));
      // One of them is refused. Those that were taken are sent twice: their readers know them by their ids.
      else for (const each of batch) await this.#deliver([each]);
    } finally {
      this.#inFlight = [];
    }
  }

  async #send(batch: Waiting[]): Promise<RecordMetadata[]> {
    const byTopic = Map.groupBy(batch, ({ topic }) => topic);
    const topicMessages = [...byTopic].map(([topic, each]) => ({ topic, messages: each.map(({ message }) => message) }));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#connect();
        return await this.#producer.sendBatch({ acks: -1, topicMessages });
      } catch (error) {
        if (attempt === maxAttempts || !isBrokerOutage(error)) throw error;
        await delay(retryAfterMs * attempt);
      }
    }
  }

  async #connect(): Promise<void> {
    try {
      this.#connected ??= this.#producer.connect();
      await this.#connected;
    } catch (error) {
      this.#connected = undefined;
      throw error;
    }
  }
}

/** Messages of one partition get offsets that follow each other, in the order in which they were given. */
function offsetsOf(batch: readonly Waiting[], written: readonly RecordMetadata[]): (bigint | undefined)[] {
  const next = new Map(written.map(({ topicName, partition, baseOffset }) => [`${topicName} ${partition}`, BigInt(baseOffset ?? -1)]));
  return batch.map(({ topic, message: { partition } }) => {
    const name = `${topic} ${partition ?? 'any'}`;
    const offset = next.get(name);
    if (offset !== undefined) next.set(name, offset + 1n);
    return offset;
  });
}

function sizeOf({ key, value, headers = {} }: Message): number {
  const each = Object.entries(headers).map(([name, header]) => name.length + [header ?? ''].flat().join('').length + 16);
  return each.reduce((sum, bytes) => sum + bytes, 64 + (key?.length ?? 0) + (value?.length ?? 0));
}
