import { join } from 'node:path';
import kafkajs, { type AclEntry, type Admin, type Kafka } from 'kafkajs';
import {
  ensureTools,
  kafkaTool,
  setKafkaUser,
  startKafka,
  type KafkaAccount,
  type KafkaSasl,
  type KafkaWithAccounts,
} from '../src/index.js';
import { connectionTo } from './kafka-connection.js';
import { temporaryFolder } from './temporary-folder.js';

const dataDir = join(temporaryFolder(), 'kafka');
const users = { hub: 'the secret of the hub, "quoted" & unsafe=true', acme: 'acme-secret' };
const sasl: KafkaSasl = { users, superUsers: ['hub'] };
const acme = { username: 'acme', password: users.acme };
const hub = { username: 'hub', password: users.hub };
/** In kafkajs' words; it cannot find the coordinator of a group that is not for it. */
const denied = /not authorized|authorization failed|group coordinator|Topic creation errors/i;
let kafka: KafkaWithAccounts;

beforeAll(async () => {
  await ensureTools(['kafka', 'kafka-tools']);
  kafka = await startKafka({ dataDir, maxHeapMb: 256, sasl });
  const topics = ['commands', 'platform.acme.events', 'platform.zeta.events'];
  await administer(hub, async (admin) => {
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })) });
    const acl = [writing('acme', 'commands'), reading('acme', 'platform.acme.events'), readingInGroups('acme', 'acme.')];
    await admin.createAcls({ acl });
  });
}, 300_000);

afterAll(() => kafka.stop());

async function administer<T>(account: KafkaAccount, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = connectionTo(kafka, account).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const writing = (user: string, topic: string): AclEntry => ({
  principal: `User:${user}`,
  host: '*',
  operation: AclOperationTypes.WRITE,
  permissionType: AclPermissionTypes.ALLOW,
  resourceType: AclResourceTypes.TOPIC,
  resourceName: topic,
  resourcePatternType: ResourcePatternTypes.LITERAL,
});
const reading = (user: string, topic: string): AclEntry => ({ ...writing(user, topic), operation: AclOperationTypes.READ });
const readingInGroups = (user: string, prefix: string): AclEntry => ({
  ...reading(user, prefix),
  resourceType: AclResourceTypes.GROUP,
  resourcePatternType: ResourcePatternTypes.PREFIXED,
});

async function send(client: Kafka, topic: string): Promise<void> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: 'hello' }] });
  } finally {
    await producer.disconnect();
  }
}

async function receive(client: Kafka, topic: string, groupId: string): Promise<string> {
  const consumer = client.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    return await new Promise<string>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => {
        // A fresh broker's coordinator is loading for a moment; then kafkajs begins again by itself.
        if (!payload.restart) reject(payload.error);
      });
      consumer
        .run({
          eachMessage: ({ message }) => {
            resolve(String(message.value));
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}

describe('an account', () => {
  it('may do what it is allowed', async () => {
    await send(connectionTo(kafka, hub), 'platform.acme.events');
    await send(connectionTo(kafka, acme), 'commands');
    expect(await receive(connectionTo(kafka, acme), 'platform.acme.events', 'acme.reader')).toBe('hello');
    expect(await receive(connectionTo(kafka, hub), 'commands', 'hub')).toBe('hello');
  });

  it.each(['platform.acme.events', 'platform.zeta.events'])('may not write to %s', async (topic) => {
    await expect(send(connectionTo(kafka, acme), topic)).rejects.toThrow(denied);
  });

  it.each(['commands', 'platform.zeta.events'])('may not read %s', async (topic) => {
    await expect(receive(connectionTo(kafka, acme), topic, 'acme.reader')).rejects.toThrow(denied);
  });

  it("may not read in another's group", async () => {
    await expect(receive(connectionTo(kafka, acme), 'platform.acme.events', 'zeta.reader')).rejects.toThrow(denied);
  });

  it('may not make topics or permissions', async () => {
    await administer(acme, async (admin) => {
      await expect(admin.createTopics({ topics: [{ topic: 'mine' }] })).rejects.toThrow(denied);
      await expect(admin.createAcls({ acl: [writing('acme', 'all')] })).rejects.toThrow(denied);
    });
    expect(await kafkaTool('topics', ['--list'], { on: kafka })).not.toContain('mine');
  }, 180_000);
});

it.each([
  ['no account', undefined],
  ['a wrong password', { username: 'acme', password: 'guessed' }],
  ['an unknown name', { username: 'nobody', password: 'acme-secret' }],
])(
  'a client with %s is turned away',
  async (_, account) => {
    const admin = connectionTo(kafka, account).admin();
    // Connecting alone asks for no more than the broker's versions.
    await expect(admin.connect().then(() => admin.listTopics())).rejects.toThrow();
    await admin.disconnect();
  },
  180_000,
);

it('a permission can be given and taken back, in force at once', async () => {
  const permission = writing('acme', 'platform.zeta.events');
  const client = connectionTo(kafka, acme);
  await administer(hub, (admin) => admin.createAcls({ acl: [permission] }));
  await send(client, 'platform.zeta.events');
  await administer(hub, (admin) => admin.deleteAcls({ filters: [permission] }));
  await expect(send(client, 'platform.zeta.events')).rejects.toThrow(denied);
});

it('accounts can be added later, to a running broker and on the next start, which cannot be without any', async () => {
  const zeta = { username: 'zeta', password: 'zeta: "sécret" \\ [a,b]=c' };
  const late = { username: 'late', password: 'late-secret' };
  await setKafkaUser(kafka, zeta);
  await administer(hub, (admin) => admin.createAcls({ acl: [writing('zeta', 'commands'), writing('late', 'commands')] }));
  await send(connectionTo(kafka, zeta), 'commands');
  await kafka.stop();
  await expect(startKafka({ dataDir })).rejects.toThrow(/was made with accounts and cannot be started without them/);
  kafka = await startKafka({ dataDir, maxHeapMb: 256, sasl: { ...sasl, users: { ...users, late: late.password } } });
  for (const each of [acme, hub, zeta, late]) await send(connectionTo(kafka, each), 'commands');
  const consume = ['--topic', 'commands', '--from-beginning', '--max-messages', '1', '--timeout-ms', '20000'];
  expect(await kafkaTool('console-consumer', consume, { on: kafka })).toBe('hello\n');
  expect(await kafkaTool('acls', ['--list', '--topic', 'commands'], { on: kafka })).toMatch(
    /User:acme[^]*User:late|User:late[^]*User:acme/,
  );
}, 180_000);

it.each([
  [{ users: { 'a"b': 'x' }, superUsers: [] }, /cannot be the name of an account/],
  [{ users: { broker: 'x' }, superUsers: [] }, /is the broker's own/],
  [{ users: { a: 'x' }, superUsers: ['b'] }, /super user b is not among the users/],
])('refuses accounts that make no sense: %j', (accounts, reason) => {
  expect(() => startKafka({ dataDir, sasl: accounts })).toThrow(reason);
});
