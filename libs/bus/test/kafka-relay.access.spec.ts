import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { ensureTools, startKafka, type KafkaWithAccounts } from '@tongbao/local-services';
import { applyAcls, createKafka, KafkaRelay, type AclOperation, type KafkaAcl, type KafkaLogLine } from '../src/index.js';
import { until } from './harness.js';
import { eventsTopic, platformTopic, publisherOf, type Numbered } from './kafka-relay.fixture.js';

const users = { admin: 'admin-password', payment: 'payment-password' };
const topic = eventsTopic('payment');
const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-access-'));
let broker: KafkaWithAccounts;
let server: EventStoreServer;
let store: EventStore;

const connect = (username: keyof typeof users, password: string, onLog?: (line: KafkaLogLine) => void) =>
  createKafka({ brokers: [broker.brokers], clientId: username, username, password, ...(onLog && { onLog }) });

const allow = (name: string, isPrefix: boolean, ...operations: AclOperation[]) => {
  const acl: KafkaAcl = { user: 'payment', resource: 'topic', name, isPrefix, operations };
  return applyAcls({ brokers: [broker.brokers], clientId: 'admin', username: 'admin', password: users.admin }, [acl]);
};

beforeAll(async () => {
  await ensureTools(['kafka']);
  broker = await startKafka({ dataDir, maxHeapMb: 256, sasl: { users, superUsers: ['admin'] } });
  await allow(topic, false, 'write');
  server = await startEventStoreServer({ dataDir: ':memory:' });
  store = EventStore.connect(server.connectionString);
  const admin = connect('admin', users.admin).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
}, 600_000);
afterAll(async () => {
  await store.close();
  await server.close();
  await broker.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a client of Kafka', () => {
  it('with a wrong password is refused, and its log says why', async () => {
    const lines: KafkaLogLine[] = [];
    const admin = connect('payment', 'wrong', (line) => lines.push(line)).admin();
    await expect(admin.connect()).rejects.toThrow(/SASL SCRAM SHA512 authentication failed/);
    await admin.disconnect();
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toContainEqual(
      expect.stringMatching(/^error: SASL SCRAM SHA512 authentication failed: .*invalid credentials/),
    );
  });
});

describe('the relay to Kafka', () => {
  it('that may not make the topic of a platform says so, skips nothing, and goes on once it may', async () => {
    const outages: string[] = [];
    const feed = new LogFeed(store, { categories: ['payment'], onOutage: (_, error) => outages.push(String(error)) });
    await feed.start();
    const append = async (...events: Numbered[]) =>
      (await store.append('payment-p1', 'any', events, { commandId: JSON.stringify(events) })).position;
    const kafka = connect('payment', users.payment);
    const relay = await KafkaRelay.start({ kafka, store, feed, publisher: publisherOf('payment'), leads: () => true });
    expect(await relay.reached(await append({ type: 'Numbered', n: 1 }), 20_000)).toBe(true);

    const last = await append({ type: 'Numbered', n: 2, platform: 'acme' }, { type: 'Numbered', n: 3 });
    await until(() => relay.status().error !== undefined);
    expect(relay.status()).toMatchObject({ state: 'running', messages: 1 });
    expect(relay.status().error).toMatch(platformTopic('acme'));
    expect(relay.status().error).toMatch(/not authorized/i);
    await until(() => outages.length > 0);

    await allow('tongbao.platform.', true, 'create', 'write');
    expect(await relay.reached(last, 20_000)).toBe(true);
    expect(relay.status()).toMatchObject({ messages: 4, lagEvents: 0 });
    await relay.stop();
    await feed.stop();
  }, 180_000);
});
