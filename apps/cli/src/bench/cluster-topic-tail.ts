import { createKafka, headerNames, type KafkaConnection } from '@tongbao/bus';
import type { Consumer, KafkaMessage } from 'kafkajs';

/** A message as it was received here. */
export interface Received {
  type: string;
  /** When its event was appended, in milliseconds since 1970 by the store's clock. */
  appendedMs: number;
  /** JSON text. */
  text: string;
}

/** Reads a topic from its present end, as any consumer outside the hub may. */
export class TopicTail {
  private constructor(private readonly consumer: Consumer) {}

  /** Returns when whatever is published from now on will be received. */
  static async start(connection: KafkaConnection, topic: string, onMessage: (message: Received) => void): Promise<TopicTail> {
    const groupId = `${connection.clientId}-${topic}-${Date.now()}`;
    // One that fails is not begun again: it would miss what was published meanwhile.
    const retry = { restartOnFailure: () => Promise.resolve(false) };
    const consumer = createKafka(connection).consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false, retry });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    // The first answer to a fetch comes after the end of every partition has been asked for.
    const fetched = new Promise<void>((resolve) => void consumer.on(consumer.events.FETCH, () => resolve()));
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const message of batch.messages) onMessage(received(message));
        return Promise.resolve();
      },
    });
    await fetched;
    return new TopicTail(consumer);
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
  }
}

function received({ headers = {}, value }: KafkaMessage): Received {
  const type = String(headers[headerNames.type]);
  return { type, appendedMs: Date.parse(String(headers[headerNames.time])), text: value?.toString() ?? '' };
}
