import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createKafka, type KafkaConnection } from '@tongbao/bus';
import { partitionsPerTopic } from '@tongbao/contracts';
import kafkajs from 'kafkajs';
import type { Admin, KafkaMessage, Message } from 'kafkajs';

/** What a client of Kafka did with nothing around it. */
export interface RawRate {
  messages: number;
  seconds: number;
  /** Of keys and values. */
  bytes: number;
}

const topicOfBench = 'bench.raw';

/**
 * Reads a topic from its beginning to its present end with kafkajs alone: nothing is parsed, nothing is committed.
 * @returns also the first messages, to be sent again
 */
export async function readRaw(connection: KafkaConnection, topic: string, sampled: number): Promise<{ rate: RawRate; sample: Message[] }> {
  const kafka = createKafka(connection);
  const expected = await withAdmin(connection, (admin) => messagesIn(admin, [topic]));
  const consumer = kafka.consumer({ groupId: `${connection.clientId}-raw-${Date.now()}`, maxWaitTimeInMs: 100 });
  const rate: RawRate = { messages: 0, seconds: 0, bytes: 0 };
  const sample: Message[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const end = new AbortController();
    let joinedMs = performance.now();
    consumer.on(consumer.events.GROUP_JOIN, () => (joinedMs = performance.now()));
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch: { messages } }) => {
        rate.messages += messages.length;
        for (const message of messages) {
          rate.bytes += sizeOf(message);
          if (sample.length < sampled) sample.push(copyOf(message));
        }
        if (rate.messages >= expected) end.abort();
        return Promise.resolve();
      },
    });
    if (expected > 0 && !end.signal.aborted) await once(end.signal, 'abort');
    rate.seconds = (performance.now() - joinedMs) / 1_000;
    return { rate, sample };
  } finally {
    await consumer.disconnect();
  }
}

/** Writes messages to a topic of their own with kafkajs alone, as a relay does: acks=all, so many a request, one request in flight. */
export async function writeRaw(connection: KafkaConnection, messages: readonly Message[], perRequest: number): Promise<RawRate> {
  await withAdmin(connection, (admin) => admin.createTopics({ topics: [{ topic: topicOfBench, numPartitions: partitionsPerTopic }] }));
  const producer = createKafka(connection).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    const startedMs = performance.now();
    for (let from = 0; from < messages.length; from += perRequest)
      await producer.sendBatch({ acks: -1, topicMessages: [{ topic: topicOfBench, messages: messages.slice(from, from + perRequest) }] });
    const seconds = (performance.now() - startedMs) / 1_000;
    return { messages: messages.length, seconds, bytes: messages.reduce((sum, message) => sum + sizeOf(message), 0) };
  } finally {
    await producer.disconnect();
  }
}

const lookMs = 50;

export interface Growth {
  /** Until the first of them was there. */
  firstAfterMs: number;
  /** From the look at which the first were there on. */
  messages: number;
  seconds: number;
}

/** Watches topics together get so many messages more, which some work sets off. @throws Error when they do not */
export async function growthOf(
  connection: KafkaConnection,
  names: readonly string[],
  messages: number,
  work: () => Promise<unknown>,
  timeoutMs: number,
): Promise<Growth> {
  return withAdmin(connection, async (admin) => {
    const before = await messagesIn(admin, names);
    const startedMs = performance.now();
    await work();
    let first: { atMs: number; grown: number } | undefined;
    for (;;) {
      const grown = (await messagesIn(admin, names)) - before;
      const atMs = performance.now();
      if (grown > 0) first ??= { atMs, grown };
      if (first && grown >= messages)
        return { firstAfterMs: first.atMs - startedMs, messages: grown - first.grown, seconds: (atMs - first.atMs) / 1_000 };
      if (atMs - startedMs > timeoutMs) throw new Error(`${names.join(', ')} got ${grown} of ${messages} messages in ${timeoutMs} ms`);
      await delay(lookMs);
    }
  });
}

async function withAdmin<T>(connection: KafkaConnection, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka(connection).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

async function messagesIn(admin: Admin, names: readonly string[]): Promise<number> {
  let sum = 0;
  for (const name of names) for (const { high } of await admin.fetchTopicOffsets(name)) sum += Number(high);
  return sum;
}

const copyOf = ({ key, value, headers = {} }: KafkaMessage): Message => ({ key, value, headers });

const sizeOf = ({ key, value }: Pick<Message, 'key' | 'value'>): number => (key?.length ?? 0) + (value?.length ?? 0);
