import type { StoredEvent } from '@tongbao/event-store';
import { createKafka, type KafkaConnection } from './kafka-client.js';
import { asOutage } from './kafka-outage.js';
import { dueMessages, partsWithin, type DueMessage, type MessageCheck } from './kafka-relay-batch.js';
import { KafkaSender } from './kafka-relay-sender.js';
import { describeTopics } from './kafka-topics.js';
import { headerNames, type Publisher } from './message.js';
import { isOutage } from './outage.js';
import { Publication } from './publication.js';
import { retry, type Backoff } from './retry.js';
import { hubCommandTopics, isCommandTopic, isPlatformTopic } from './topic.js';

export interface KafkaReplayOptions {
  connection: KafkaConnection;
  publisher: Publisher;
  /** The topic whose messages are sent once more. */
  of: string;
  /** Where they are sent: the same topic, or another one. */
  to: string;
  /** Names this replay in the header of every message that it sends. */
  replayId: string;
  /** What is wrong with a message by its schema; a message with which something is wrong ends the replay. */
  check?: MessageCheck;
}

/** What was asked for would reach somebody whom it is not for, or nobody. */
export class ReplayRefused extends Error {
  override readonly name = 'ReplayRefused';
}

/** Below what brokers take as one batch of records. */
const maxRequestBytes = 900_000;
const backoff: Backoff = { firstMs: 100, maxMs: 2_000 };
const maxAttempts = 10;

/**
 * Sends messages that a service has published once more, as they were the first time but for the header `tongbao-replay`. The hub's own groups pass
 * over what has it, so nothing happens in the hub a second time; everybody else may read them.
 */
export class KafkaReplay {
  readonly #publication: Publication;
  readonly #sender: KafkaSender;

  /** @throws ReplayRefused */
  constructor(private readonly options: KafkaReplayOptions) {
    this.#publication = new Publication(options.publisher, new Map(hubCommandTopics.map((topic) => [topic.name, topic])));
    refuseOthers(options, this.#publication.topics);
    this.#sender = new KafkaSender({ kafka: createKafka(options.connection), mayPublish: () => true });
  }

  /**
   * Makes sure that there is somewhere to send to.
   * @throws ReplayRefused, Outage
   */
  async open(): Promise<void> {
    const { connection, to } = this.options;
    const admin = createKafka(connection).admin();
    try {
      await admin.connect();
      if (!(await describeTopics(admin, [to])).has(to)) throw new ReplayRefused(`the brokers have no topic ${to}: make it first`);
    } catch (error) {
      throw asOutage(error);
    } finally {
      await admin.disconnect();
    }
  }

  /**
   * What events are sent as.
   * @throws Unpublishable
   */
  messagesOf(events: readonly StoredEvent[]): DueMessage[] {
    const { of, to, replayId, check } = this.options;
    const { messages, failure } = dueMessages(events, this.#publication, check);
    if (failure) throw failure;
    return messages
      .filter(({ topic }) => topic === of)
      .map((message) => ({ ...message, topic: to, headers: { ...message.headers, [headerNames.replay]: replayId } }));
  }

  /**
   * Returns when all replicas in sync have them, in this order.
   * @throws Outage when the brokers cannot be reached for a while: some may be there; Unpublishable for a message that they never take
   */
  async send(messages: readonly DueMessage[]): Promise<void> {
    const { signal } = new AbortController();
    const again = (error: unknown, attempt: number) => isOutage(error) && attempt < maxAttempts;
    for (const part of partsWithin(maxRequestBytes, messages))
      await retry(() => this.#sender.send(part), { backoff, stopping: signal, again, onPause: () => undefined });
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }
}

function refuseOthers({ publisher, of, to }: KafkaReplayOptions, published: ReadonlySet<string>): void {
  if (!published.has(of) && !isPlatformTopic(of))
    throw new ReplayRefused(`${publisher.service} tells nothing on ${of}; it tells on ${[...published].join(', ') || 'no topic'}`);
  if (isCommandTopic(to))
    throw new ReplayRefused(`${to} is for commands, and the hub, which alone reads them, passes over what is replayed`);
  if (to.endsWith('.dead')) throw new ReplayRefused(`${to} is for dead letters`);
  if (isPlatformTopic(to) && to !== of) throw new ReplayRefused(`${to} is read by one platform, and ${of} is not for it alone`);
}
