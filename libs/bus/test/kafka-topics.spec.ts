import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventStore } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { ensureTools, startKafka, type KafkaWithAccounts } from '@tongbao/local-services';
import kafkajs, { type Admin } from 'kafkajs';
import {
  applyAcls,
  applyTopics,
  Bus,
  BusMisconfigured,
  createKafka,
  KafkaTransport,
  replicationFactorFor,
  revokeAcls,
  serviceAcls,
  topicPlan,
  type KafkaConnection,
} from '../src/index.js';
import { commandTopic, newsTopic, until } from './harness.js';
import { declareGroups, Life, listening } from './mortal.js';

jest.setTimeout(180_000);

const plan = topicPlan({ replicationFactor: 1 });

describe('topics of Apache Kafka', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-topics-'));
  let broker: KafkaWithAccounts;
  let server: EventStoreServer;
  let store: EventStore;
  let admin: Admin;
  beforeAll(async () => {
    await ensureTools(['kafka']);
    const users = { admin: 'admin-password', ledger: 'ledger-password' };
    broker = await startKafka({ dataDir, maxHeapMb: 256, sasl: { users, superUsers: ['admin'] } });
    admin = createKafka(as('admin')).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin.disconnect();
    await broker.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
  });
  afterEach(async () => {
    void store.close();
    await server.close();
    await removeAll();
  });

  const removeAll = async () => {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith('tongbao.'));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await until(async () => !(await admin.listTopics()).some((name) => name.startsWith('tongbao.')));
  };

  const as = (username: string, password = `${username}-password`): KafkaConnection => ({
    brokers: [broker.brokers],
    clientId: 'spec',
    username,
    password,
  });

  const settingsOf = async (name: string): Promise<Record<string, string>> => {
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }];
    const { resources: found } = await admin.describeConfigs({ includeSynonyms: false, resources });
    return Object.fromEntries((found[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]));
  };

  const set = async (name: string, configEntries: { name: string; value: string }[]): Promise<void> => {
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }] });
    await until(async () => {
      const settings = await settingsOf(name);
      return configEntries.every((each) => settings[each.name] === each.value);
    });
  };

  it('are created as planned, and the second time nothing is left to do', async () => {
    const names = plan.map(({ name }) => name);
    expect(names).toContain('tongbao.ledger.events.settlement.dead');
    expect(await replicationFactorFor(as('admin'))).toBe(1);
    expect(await applyTopics(as('admin'), plan)).toEqual({ created: names, changed: [], unchanged: [], wrong: [] });
    expect(await applyTopics(as('admin'), plan)).toEqual({ created: [], changed: [], unchanged: names, wrong: [] });
    const { topics } = await admin.fetchTopicMetadata({ topics: [newsTopic, `${newsTopic}.notification.dead`] });
    expect(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual({
      [newsTopic]: 12,
      [`${newsTopic}.notification.dead`]: 1,
    });
    expect(await settingsOf(`${newsTopic}.notification.dead`)).toMatchObject({ 'retention.ms': '-1', 'cleanup.policy': 'delete' });
  });

  it('keep one copy more than must be there, and at least one', () => {
    const [three] = topicPlan({ replicationFactor: 3 });
    expect(three).toMatchObject({ replicationFactor: 3, config: { 'min.insync.replicas': '2' } });
    expect(plan[0]).toMatchObject({ replicationFactor: 1, config: { 'min.insync.replicas': '1' } });
  });

  it('are brought back to what is planned, and keep what else was set', async () => {
    await applyTopics(as('admin'), plan);
    await set(newsTopic, [
      { name: 'retention.ms', value: '1000' },
      { name: 'segment.ms', value: '12345678' },
    ]);
    const { changed, wrong } = await applyTopics(as('admin'), plan);
    expect({ changed: changed.map(({ name }) => name), wrong }).toEqual({ changed: [newsTopic], wrong: [] });
    expect(changed[0]?.settings).toMatchObject({ 'retention.ms': String(7 * 24 * 3_600_000) });
    await until(async () => (await settingsOf(newsTopic))['retention.ms'] !== '1000');
    expect(await settingsOf(newsTopic)).toMatchObject({ 'segment.ms': '12345678', 'min.insync.replicas': '1' });
  });

  it.each([4, 24])('are reported and left alone when they have %d partitions', async (numPartitions) => {
    await admin.createTopics({ topics: [{ topic: newsTopic, numPartitions }], waitForLeaders: false });
    await until(async () => (await admin.listTopics()).includes(newsTopic));
    const { created, wrong } = await applyTopics(as('admin'), plan);
    expect(created).not.toContain(newsTopic);
    expect(wrong).toEqual([{ name: newsTopic, problem: `has ${numPartitions} partitions and must have 12` }]);
    const { topics } = await admin.fetchTopicMetadata({ topics: [newsTopic] });
    expect(topics[0]?.partitions).toHaveLength(numPartitions);
  });

  const start = async (connection: KafkaConnection, topic: string) => {
    const seen: number[] = [];
    const troubles: string[] = [];
    const transport = new KafkaTransport({ ...connection, onTrouble: (what, error) => troubles.push(`${what}: ${String(error)}`) });
    const bus = new Bus({ transport, store });
    const handler = ({ data: { n } }: { data: { n: number } }) => {
      if (n < 0) throw new TypeError('bug');
      seen.push(n);
    };
    const servers = declareGroups(bus, [{ group: 'ledger', handlers: { [topic]: { Do: handler } } }], new Life());
    try {
      for (const each of servers.values()) await listening(each);
    } catch (error) {
      await bus.stop();
      throw error;
    }
    return { bus, seen, troubles };
  };

  it('must be there before a group starts: what is missing is named, and the command that mends it', async () => {
    const refusal = start(as('admin'), commandTopic);
    await expect(refusal).rejects.toThrow(BusMisconfigured);
    await expect(refusal).rejects.toThrow(/tongbao\.ledger\.commands does not exist/);
    await expect(refusal).rejects.toThrow(/tongbao\.ledger\.commands\.ledger\.dead does not exist/);
    await expect(refusal).rejects.toThrow(/npx tongbao topics apply/);
  });

  it('must have their number of partitions before a group starts', async () => {
    await admin.createTopics({ topics: [{ topic: commandTopic, numPartitions: 3 }], waitForLeaders: false });
    await applyTopics(as('admin'), plan);
    await expect(start(as('admin'), commandTopic)).rejects.toThrow(/tongbao\.ledger\.commands has 3 partitions and must have 12/);
  });

  it.each([
    [commandTopic, 'cleanup.policy', 'compact'],
    [commandTopic, 'compression.type', 'producer'],
    [commandTopic, 'message.timestamp.type', 'CreateTime'],
    [`${commandTopic}.ledger.dead`, 'retention.ms', '604800000'],
  ])('must have their settings before a group starts: %s has another %s', async (topic, name, value) => {
    await applyTopics(as('admin'), plan);
    await set(topic, [{ name, value }]);
    const refusal = start(as('admin'), commandTopic);
    await expect(refusal).rejects.toThrow(BusMisconfigured);
    await expect(refusal).rejects.toThrow(`the topic ${topic} has ${name}=${value} and must have`);
    await expect(refusal).rejects.toThrow(/npx tongbao topics apply/);
    await applyTopics(as('admin'), plan);
    const { bus } = await start(as('admin'), commandTopic);
    await bus.stop();
  });

  it('may be consumed by a user that cannot see their settings: nothing is known of those, and that is said', async () => {
    await applyTopics(as('admin'), plan);
    const acls = serviceAcls('ledger');
    await applyAcls(
      as('admin'),
      acls.map((acl) => ({ ...acl, operations: acl.operations.filter((operation) => operation !== 'describe-configs') })),
    );
    const { bus, troubles } = await start(as('ledger'), commandTopic);
    expect(troubles).toEqual([expect.stringMatching(/settings of the topics of ledger.*npx tongbao topics acls services/)]);
    await bus.stop();
    await revokeAcls(as('admin'), 'ledger');
  });

  it('are reached with a name and password and no more rights than the service needs, and a wrong password is refused at the start', async () => {
    await applyTopics(as('admin'), plan);
    await applyAcls(as('admin'), serviceAcls('ledger'));
    await expect(start(as('ledger', 'guessed'), commandTopic)).rejects.toThrow(/refuse the user/);
    await expect(start(as('ledger'), newsTopic)).rejects.toThrow(/may not see it/);
    const outside = new KafkaTransport(as('admin'));
    const send = (n: number) => outside.send(commandTopic, { key: 'k', headers: { ce_id: `m${n}`, ce_type: 'Do' }, payload: { n } });
    await send(-1);
    await send(1);
    const { bus, seen, troubles } = await start(as('ledger'), commandTopic);
    await until(() => bus.status()[0]?.topics[0]?.dead === 2);
    expect(troubles).toEqual([]);
    const { items } = await bus.deadLetters('ledger').list();
    await bus.deadLetters('ledger').discard(items[0]!.deadLetterId, 'olga', 'sent by mistake');
    expect(await bus.deadLetters('ledger').release(commandTopic, 'k', 'olga')).toEqual({ handled: 1, stillParked: false });
    expect(seen).toEqual([1]);
    await bus.stop();
    await outside.stop();
  });

  it('are consumed again by themselves after what no client mends: here the right to read them is taken, and given back', async () => {
    await applyTopics(as('admin'), plan);
    await applyAcls(as('admin'), serviceAcls('ledger'));
    const outside = new KafkaTransport(as('admin'));
    const send = (n: number) => outside.send(commandTopic, { key: 'k', headers: { ce_id: `m${n}`, ce_type: 'Do' }, payload: { n } });
    const { bus, seen } = await start(as('ledger'), commandTopic);
    await send(1);
    await until(() => seen.length === 1);
    await revokeAcls(as('admin'), 'ledger');
    await until(() => /the group is not consumed/.test(bus.status()[0]?.topics[0]?.error ?? ''));
    await send(2);
    await applyAcls(as('admin'), serviceAcls('ledger'));
    await until(() => seen.includes(2));
    // What was handled and could not be saved any more is handled again.
    expect([...new Set(seen)]).toEqual([1, 2]);
    expect(bus.status()[0]?.topics[0]?.error).toBeUndefined();
    await bus.stop();
    await outside.stop();
  });

  it('may be made anew: what was parked or discarded by the same offsets says nothing about what comes then', async () => {
    await applyTopics(as('admin'), plan);
    const outside = new KafkaTransport(as('admin'));
    const send = (key: string, n: number) =>
      outside.send(commandTopic, { key, headers: { ce_id: `m${n}`, ce_type: 'Do' }, payload: { n } });
    const first = await start(as('admin'), commandTopic);
    const dead = () => first.bus.status()[0]?.topics[0]?.dead ?? 0;
    // Of one partition: at offsets 0 and 1, and the second one parks its key.
    await send('k', -1);
    await until(() => dead() === 1);
    const { items } = await first.bus.deadLetters('ledger').list();
    await first.bus.deadLetters('ledger').discard(items[0]!.deadLetterId, 'olga', 'sent by mistake');
    await send('k', -2);
    await until(() => dead() === 2);
    await first.bus.stop();
    await removeAll();
    await admin.deleteGroups(['ledger']);
    await applyTopics(as('admin'), plan);

    const second = await start(as('admin'), commandTopic);
    for (const n of [1, 2]) await send('k', n);
    await until(async () => (await second.bus.deadLetters('ledger').list()).items.length === 2);
    expect(second.seen).toEqual([]);
    await second.bus.stop();

    const third = await start(as('admin'), commandTopic);
    await until(() => third.bus.status()[0]?.topics[0]?.partitions === 12);
    expect(await third.bus.deadLetters('ledger').release(commandTopic, 'k', 'olga')).toEqual({ handled: 2, stillParked: false });
    await send('k', 3);
    await until(() => third.seen.length === 3);
    expect(third.seen).toEqual([1, 2, 3]);
    await third.bus.stop();
    await outside.stop();
  });
});
