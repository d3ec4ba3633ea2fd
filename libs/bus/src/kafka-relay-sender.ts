import { Outage } from '@tongbao/event-store';
import kafkajs from 'kafkajs';
import type { Kafka, Message as KafkaMessage, Producer, TopicMessages } from 'kafkajs';
import { messagingSystem, Sends } from './bus-telemetry.js';
import { errorText, isErrorLike, type ErrorLike } from './error-text.js';
import { Unpublishable, type DueMessage } from './kafka-relay-batch.js';
import { PlatformTopics, type PlatformTopicSettings } from './kafka-relay-topics.js';
import { headerNames } from './message.js';

export interface SenderOptions {
  kafka: Kafka;
  /** Whether this relay is the one that may publish, at this very moment. */
  mayPublish: () => boolean;
  platformTopics?: PlatformTopicSettings;
}

/** Error codes of Kafka's protocol that say: this record, or a record for such a topic, is never taken. */
const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TOPIC_EXCEPTION', 'CORRUPT_MESSAGE']);

/** Sends a relay's messages, all of a call or, as far as is known, none. */
export class KafkaSender {
  readonly #producer: Producer;
  readonly #platformTopics: PlatformTopics;
  #sentSince: number | undefined;
  #isClosed = false;

  constructor(private readonly options: SenderOptions) {
    const { kafka, platformTopics } = options;
    this.#platformTopics = new PlatformTopics(kafka, platformTopics);
    this.#producer = kafka.producer({
      createPartitioner: () => this.#fencedPartitioner(),
      allowAutoTopicCreation: false,
      // One attempt a call. kafkajs 2.2.4 keeps the answers that it has over its attempts (src/producer/sendMessages.js, responsePerBroker): when a
      // partition has moved meanwhile to a broker that has answered, its messages are never sent, and the call succeeds all the same.
      retry: { retries: 0 },
    });
  }

  /** Milliseconds since the brokers were given what they have not acknowledged yet. */
  get waitingMs(): number {
    return this.#sentSince === undefined ? 0 : performance.now() - this.#sentSince;
  }

  /**
   * Returns when all replicas in sync have them.
   * @throws Outage when some may not be there: the same is to be sent again; Unpublishable for a message that is never taken
   */
  async send(messages: readonly DueMessage[]): Promise<void> {
    try {
      await this.#sendAll(messages);
    } catch (error) {
      const refusal = refusalIn(error);
      const [first] = messages;
      if (refusal === undefined) throw outageOf(error, messages);
      if (messages.length === 1 && first) throw new Unpublishable(first.stored, refusal);
      // One of them is not taken: those before it are, one by one.
      for (const message of messages) await this.send([message]);
    }
  }

  /** What is under way fails, or ends well; nothing more is sent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#producer.disconnect();
  }

  async #sendAll(messages: readonly DueMessage[]): Promise<void> {
    const topics = new Set(messages.map(({ topic }) => topic));
    this.#sentSince = performance.now();
    try {
      this.#assertFence();
      await this.#producer.connect();
      await this.#platformTopics.ensure(topics);
      this.#assertFence();
      const sends = new Sends(messagingSystem(true));
      const topicMessages = byTopic(messages, sends);
      await sends.during(() => this.#producer.sendBatch({ acks: -1, topicMessages }));
    } catch (error) {
      this.#platformTopics.forget(topics);
      throw error;
    } finally {
      this.#sentSince = undefined;
      // The client's retries connect again.
      if (this.#isClosed) await this.#producer.disconnect();
    }
  }

  /** The client asks it when it puts together what it sends: what comes before that, connecting and looking for leaders, may take long. */
  #fencedPartitioner(): ReturnType<typeof kafkajs.Partitioners.DefaultPartitioner> {
    const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
    return (args) => {
      this.#assertFence();
      return partitionOf(args);
    };
  }

  #assertFence(): void {
    if (!this.options.mayPublish()) throw new Outage('this process does not lead at the moment');
  }
}

/** What the client takes: for each topic its messages, in their order, each with the step of its trace that it goes out with. */
function byTopic(messages: readonly DueMessage[], sends: Sends): TopicMessages[] {
  const records = new Map<string, KafkaMessage[]>();
  for (const { topic, key, value, headers } of messages) {
    const traceparent = sends.begin(topic, headers[headerNames.id] ?? '', headers[headerNames.traceparent]);
    const record = { key, value, headers: { ...headers, ...(traceparent && { [headerNames.traceparent]: traceparent }) } };
    const others = records.get(topic);
    if (others) others.push(record);
    else records.set(topic, [record]);
  }
  return [...records].map(([topic, ofTopic]) => ({ topic, messages: ofTopic }));
}

/** The error of the protocol, anywhere among the causes, that refuses a record for good. */
function refusalIn(error: unknown): unknown {
  if (!isErrorLike(error)) return undefined;
  if ('type' in error && typeof error.type === 'string' && refusals.has(error.type)) return error;
  return [error.cause, ...partsOf(error)].map(refusalIn).find((refusal) => refusal !== undefined);
}

/** Whatever the brokers or the client have to say but refusals: nothing in reach, no leader, no such topic, no right to write, no answer. */
function outageOf(error: unknown, messages: readonly DueMessage[]): unknown {
  if (error instanceof Outage || !isErrorLike(error) || !error.name.startsWith('KafkaJS')) return error;
  const topics = [...new Set(messages.map(({ topic }) => topic))];
  const errors = [error, ...partsOf(error)].map(errorText);
  return new Outage(`nothing can be published to ${topics.join(', ')}: ${errors.join('; ')}`, { cause: error });
}

/** Of an error that stands for several: what went wrong with each topic that was to be made. */
const partsOf = ({ errors }: ErrorLike): unknown[] => (Array.isArray(errors) ? errors : []);
