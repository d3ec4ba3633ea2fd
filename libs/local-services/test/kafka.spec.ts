import { join } from 'node:path';
import kafkajs, { type Kafka } from 'kafkajs';
import { ensureTools, kafkaTool, startKafka, type KafkaService } from '../src/index.js';
import { connectionTo } from './kafka-connection.js';
import { temporaryFolder } from './temporary-folder.js';

const dataDir = join(temporaryFolder(), 'kafka');
let kafka: KafkaService;
let client: Kafka;

beforeAll(async () => {
  await ensureTools(['kafka', 'kafka-tools']);
  kafka = await startKafka({ dataDir, maxHeapMb: 256 });
  client = connectionTo(kafka);
}, 300_000);

afterAll(() => kafka.stop());

async function createTopic(topic: string): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1 }] });
  await admin.disconnect();
}

async function send(topic: string, values: readonly string[]): Promise<void> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: values.map((value) => ({ key: value, value })) });
  await producer.disconnect();
}

async function receive(topic: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ groupId: `reader-of-${topic}`, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ message }) => {
          if (values.push(String(message.value)) === count) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values.sort();
}

it('carries messages', async () => {
  await createTopic('carried');
  await send('carried', ['a', 'b', 'c']);
  expect(await receive('carried', 3)).toEqual(['a', 'b', 'c']);
});

it('makes no topic by itself', async () => {
  await expect(send('never-made', ['a'])).rejects.toThrow(/does not host this topic-partition/);
});

it.each(['stop', 'kill'] as const)(
  'comes back after a %s at the same address with what it has confirmed, and only without accounts as before',
  async (end) => {
    await createTopic(`after-${end}`);
    await send(`after-${end}`, ['a', 'b', 'c']);
    const { brokers } = kafka;
    await kafka[end]();
    const sasl = { users: { ops: 'secret' }, superUsers: ['ops'] };
    await expect(startKafka({ dataDir, sasl })).rejects.toThrow(/was made without accounts and cannot be started with them/);
    kafka = await startKafka({ dataDir, maxHeapMb: 256 });
    expect(kafka.brokers).toBe(brokers);
    expect(await receive(`after-${end}`, 3)).toEqual(['a', 'b', 'c']);
  },
  180_000,
);

it('refuses a second start on its folder', async () => {
  await expect(startKafka({ dataDir })).rejects.toThrow(/is in use by a running service/);
});

it("shows sensible things to Kafka's own tools", async () => {
  await createTopic('shown');
  await kafkaTool('console-producer', ['--topic', 'shown'], { on: kafka, input: 'a\nb\n' });
  expect(await receive('shown', 2)).toEqual(['a', 'b']);
  const described = await kafkaTool('consumer-groups', ['--describe', '--group', 'reader-of-shown'], { on: kafka });
  expect(described).toMatch(/GROUP\s+TOPIC\s+PARTITION[^]*reader-of-shown\s+shown/);
}, 180_000);

it('says what a tool has said when it fails', async () => {
  await expect(kafkaTool('topics', ['--describe', '--topic', 'absent'], { on: kafka })).rejects.toThrow(
    /kafka-topics ended with 1: [^]*Topic 'absent' does not exist/,
  );
}, 180_000);
