import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platformEventsTopic, topics } from '@tongbao/contracts';
import { ensureTools, startKafka, type KafkaWithAccounts } from '@tongbao/local-services';
import kafkajs, { type Admin } from 'kafkajs';
import {
  applyAcls,
  auditorAcls,
  createKafka,
  platformAcls,
  revokeAcls,
  serviceAcls,
  topicPlan,
  type KafkaConnection,
} from '../src/index.js';

const services = ['payment', 'ledger', 'settlement', 'notification'] as const;
const users = ['admin', 'auditor', 'platform-a', 'platform-b', 'platform-dotted', ...services] as const;
type User = (typeof users)[number];

const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-acls-'));
const mine = platformEventsTopic('A');
const others = platformEventsTopic('B');
const plan = topicPlan({ replicationFactor: 1 });
const deadLetters = plan.map(({ name }) => name).filter((name) => name.endsWith('.dead'));
let broker: KafkaWithAccounts;
let groups = 0;

const connection = (user: User): KafkaConnection => ({
  brokers: [broker.brokers],
  clientId: user,
  username: user,
  password: `${user}-password`,
});
/** One that says at once what it is refused. */
const retry = { retries: 0 };

async function asAdmin<T>(user: User, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka(connection(user)).admin({ retry });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** `written`, or why not. */
async function write(user: User, topic: string): Promise<string> {
  const producer = createKafka(connection(user)).producer({
    retry,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: [{ key: user, value: `by ${user}` }] });
    return 'written';
  } catch (error) {
    return nameOf(error);
  } finally {
    await producer.disconnect();
  }
}

/** Something to read in each. Their leaders may not be known yet. */
async function fill(names: readonly string[]): Promise<void> {
  const producer = createKafka(connection('admin')).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.sendBatch({ acks: -1, topicMessages: names.map((topic) => ({ topic, messages: [{ key: 'k', value: 'v' }] })) });
  await producer.disconnect();
}

/** `read`, or why not. The topic must hold something. What a broker says that has only just begun is no answer yet. */
async function read(user: User, topic: string, groupId: string): Promise<string> {
  for (;;) {
    const outcome = await tryToRead(user, topic, groupId);
    if (!/GROUP_LOAD_IN_PROGRESS|COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR/.test(outcome)) return outcome;
  }
}

async function tryToRead(user: User, topic: string, groupId: string): Promise<string> {
  const consumer = createKafka(connection(user)).consumer({ groupId, allowAutoTopicCreation: false, retry, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    return await new Promise<string>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(nameOf(payload.error)));
      const run = async () => {
        await consumer.subscribe({ topics: [topic], fromBeginning: true });
        await consumer.run({
          eachMessage: () => {
            resolve('read');
            return Promise.resolve();
          },
        });
      };
      run().catch((error: unknown) => resolve(nameOf(error)));
    });
  } finally {
    await consumer.disconnect();
  }
}

/** The broker's word for it, wherever kafkajs has put it. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('type' in error && typeof error.type === 'string') return error.type;
  if ('errors' in error && Array.isArray(error.errors)) return nameOf(error.errors[0]);
  return error.cause === undefined ? error.name : nameOf(error.cause);
}

const topicDenied = 'TOPIC_AUTHORIZATION_FAILED';
/** kafkajs does not find the coordinator of a group that it may not see. */
const groupDenied = /GROUP_AUTHORIZATION_FAILED|KafkaJSGroupCoordinatorNotFound/;

beforeAll(async () => {
  await ensureTools(['kafka']);
  const passwords = Object.fromEntries(users.map((user) => [user, `${user}-password`]));
  broker = await startKafka({ dataDir, maxHeapMb: 256, sasl: { users: passwords, superUsers: ['admin'] } });
  await asAdmin('admin', async (admin) => {
    const names = [...plan.map(({ name }) => name), mine, others, platformEventsTopic('A.B'), 'somebody.else'];
    await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })), waitForLeaders: false });
  });
  await applyAcls(connection('admin'), [
    ...platformAcls('A', 'platform-a'),
    ...platformAcls('B', 'platform-b'),
    ...platformAcls('A.B', 'platform-dotted'),
    ...services.flatMap((service) => serviceAcls(service)),
    ...auditorAcls('auditor'),
  ]);
  await fill([...plan.map(({ name }) => name), mine, others]);
}, 600_000);
afterAll(async () => {
  await broker.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a platform', () => {
  it('writes commands', async () => expect(await write('platform-a', topics.paymentCommands)).toBe('written'));
  it('reads what it is told, in groups of its own', async () => {
    expect(await read('platform-a', mine, 'platform.A.shop')).toBe('read');
    expect(await read('platform-a', mine, 'platform.A.books')).toBe('read');
    expect(await read('platform-dotted', platformEventsTopic('A.B'), 'platform.A.x')).toMatch(groupDenied);
  });

  const every = [...plan.map(({ name }) => name), mine, others, 'somebody.else'];
  it.each(every.filter((topic) => topic !== topics.paymentCommands))('does not write %s', async (topic) =>
    expect(await write('platform-a', topic)).toBe(topicDenied),
  );
  it.each(every.filter((topic) => topic !== mine))('does not read %s', async (topic) =>
    expect(await read('platform-a', topic, `platform.A.${(groups += 1)}`)).toBe(topicDenied),
  );
  it.each(['payment', 'platform.B.shop', 'platform.A', 'platform.A%2EB.shop', 'other'])('does not join the group %s', async (group) =>
    expect(await read('platform-a', mine, group)).toMatch(groupDenied),
  );

  it('sees no other topic', async () =>
    expect((await asAdmin('platform-a', (admin) => admin.listTopics())).sort()).toEqual([topics.paymentCommands, mine].sort()));
  it('sees no other group', async () => {
    await read('platform-b', others, 'platform.B.shop');
    const { groups: seen } = await asAdmin('platform-a', (admin) => admin.listGroups());
    expect(seen.map(({ groupId }) => groupId).filter((groupId) => !groupId.startsWith('platform.A.'))).toEqual([]);
  });

  it.each<[string, (admin: Admin) => Promise<unknown>]>([
    ['make a topic', (admin) => admin.createTopics({ topics: [{ topic: 'tongbao.platform.A.more' }] })],
    ['remove its topic', (admin) => admin.deleteTopics({ topics: [mine] })],
    ['change its topic', (admin) => admin.alterConfigs({ validateOnly: false, resources: [shorter] })],
    ['add partitions', (admin) => admin.createPartitions({ topicPartitions: [{ topic: mine, count: 2 }] })],
    ['remove the group of a service', (admin) => admin.deleteGroups(['payment'])],
    ['look at what is allowed', (admin) => admin.describeAcls(everything)],
    ['allow itself more', (admin) => admin.createAcls({ acl: [oneMore] })],
  ])('does not %s', async (_, work) => {
    const outcome = await asAdmin('platform-a', work).then(
      () => 'done',
      (error: unknown) => nameOf(error),
    );
    expect(outcome).toMatch(/AUTHORIZATION_FAILED|KafkaJSGroupCoordinatorNotFound|KafkaJSDeleteGroupsError/);
  });

  it('whose rights are taken away does nothing any more, at once', async () => {
    expect(await write('platform-b', topics.paymentCommands)).toBe('written');
    await revokeAcls(connection('admin'), 'platform-b');
    expect(await write('platform-b', topics.paymentCommands)).toBe(topicDenied);
    expect(await read('platform-b', others, 'platform.B.shop')).not.toBe('read');
    expect(await write('platform-a', topics.paymentCommands)).toBe('written');
  });
});

describe('a service', () => {
  const writes: Record<(typeof services)[number], readonly string[]> = {
    payment: [topics.paymentEvents, topics.ledgerCommands, mine, others],
    ledger: [topics.ledgerEvents],
    settlement: [topics.settlementEvents, topics.ledgerCommands],
    notification: [],
  };
  const reads: Record<(typeof services)[number], readonly string[]> = {
    payment: [topics.paymentCommands, topics.ledgerEvents, topics.settlementEvents],
    ledger: [topics.ledgerCommands],
    settlement: [topics.settlementCommands, topics.ledgerEvents],
    notification: [topics.paymentEvents, topics.ledgerEvents, topics.settlementEvents],
  };
  const ownDead = (service: string) => deadLetters.filter((name) => name.endsWith(`.${service}.dead`));

  it.each(services)('%s writes its messages and its dead letters, and nothing else', async (service) => {
    const written: string[] = [];
    for (const topic of [...Object.values(topics), ...deadLetters, mine, others])
      if ((await write(service, topic)) === 'written') written.push(topic);
    expect(written.sort()).toEqual([...writes[service], ...ownDead(service)].sort());
  });
  it.each(services)('%s reads what its group consumes', async (service) => {
    for (const topic of reads[service]) expect(await read(service, topic, service)).toBe('read');
  });
  it.each(services)('%s sees no topics but its own', async (service) => {
    const seen = await asAdmin(service, (admin) => admin.listTopics());
    const own = [
      ...reads[service],
      ...writes[service],
      ...ownDead(service),
      ...(service === 'payment' ? [platformEventsTopic('A.B')] : []),
    ];
    expect(seen.sort()).toEqual([...new Set(own)].sort());
  });
  it.each(services)('%s joins no group but its own', async (service) =>
    expect(await read(service, reads[service][0] ?? '', service === 'ledger' ? 'payment' : 'ledger')).toMatch(groupDenied),
  );

  it('payment alone makes topics, of platforms alone', async () => {
    const make = (service: User, topic: string) =>
      asAdmin(service, (admin) =>
        admin.createTopics({
          topics: [{ topic, numPartitions: 1, replicationFactor: -1, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
          waitForLeaders: false,
        }),
      ).catch((error: unknown) => nameOf(error));
    expect(await make('payment', platformEventsTopic('N'))).toBe(true);
    expect(await make('payment', 'tongbao.payment.more')).toBe(topicDenied);
    expect(await make('ledger', platformEventsTopic('M'))).toBe(topicDenied);
  });
});

it('an auditor reads everything and writes nothing', async () => {
  for (const topic of [...Object.values(topics), mine]) expect(await read('auditor', topic, `auditor.${(groups += 1)}`)).toBe('read');
  for (const topic of [topics.paymentCommands, topics.ledgerCommands, mine]) expect(await write('auditor', topic)).toBe(topicDenied);
});

const everything = {
  resourceType: kafkajs.AclResourceTypes.ANY,
  resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
  operation: kafkajs.AclOperationTypes.ANY,
  permissionType: kafkajs.AclPermissionTypes.ANY,
};
const shorter = { type: kafkajs.ConfigResourceTypes.TOPIC, name: mine, configEntries: [{ name: 'retention.ms', value: '1' }] };
const oneMore = {
  ...{ principal: 'User:platform-a', host: '*', resourceName: others },
  resourceType: kafkajs.AclResourceTypes.TOPIC,
  resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
  operation: kafkajs.AclOperationTypes.READ,
  permissionType: kafkajs.AclPermissionTypes.ALLOW,
};
