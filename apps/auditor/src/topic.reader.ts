import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type IHeaders } from 'kafkajs';

/** A message as it lies in a topic. */
export interface Message {
  topic: string;
  partition: number;
  offset: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

const topicPattern = /^tongbao\.(payment|ledger|settlement)\.events$|^tongbao\.platform\..+\.events$/;

const tries = 20;
const pauseMs = 500;

/** Everything in the hub's event topics up to their present ends, each partition in its order. Brokers that have just begun are asked again. */
export async function readTopics(brokers: string[]): Promise<Message[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(brokers);
    } catch (error) {
      if (!(error instanceof kafkajs.KafkaJSError) || !error.retriable || attempt === tries) throw error;
      await delay(pauseMs);
    }
  }
}

async function readOnce(brokers: string[]): Promise<Message[]> {
  const kafka = new kafkajs.Kafka({
    clientId: 'auditor',
    brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 1.5, retries: 20 },
  });
  const admin = kafka.admin();
  await admin.connect();
  const groupId = `auditor-${randomUUID()}`;
  const messages: Message[] = [];
  try {
    const topics = (await admin.listTopics()).filter((topic) => topicPattern.test(topic));
    const missing = new Set<string>();
    const ends = new Map<string, bigint>();
    for (const topic of topics)
      for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
        if (BigInt(high) <= BigInt(low)) continue;
        ends.set(`${topic}/${partition}`, BigInt(high));
        missing.add(`${topic}/${partition}`);
      }
    if (missing.size === 0) return [];
    const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000 });
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            const name = `${batch.topic}/${batch.partition}`;
            const end = ends.get(name) ?? 0n;
            for (const { key, value, offset, headers } of batch.messages) {
              if (BigInt(offset) >= end) break;
              messages.push({
                topic: batch.topic,
                partition: batch.partition,
                offset,
                key: String(key ?? ''),
                headers: textsOf(headers),
                value: String(value ?? ''),
              });
            }
            if (BigInt(batch.lastOffset()) + 1n >= end) missing.delete(name);
            if (missing.size === 0) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
    });
    await consumer.disconnect();
    await admin.deleteGroups([groupId]);
    return messages;
  } finally {
    await admin.disconnect();
  }
}

function textsOf(headers: IHeaders | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.map(String).join() : String(value)]),
  );
}
