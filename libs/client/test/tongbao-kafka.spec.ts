import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applyAcls, createKafka, platformAcls, type KafkaConnection } from '@tongbao/bus';
import { platformEventsTopic, topics } from '@tongbao/contracts';
import { ensureTools, startKafka, type KafkaWithAccounts } from '@tongbao/local-services';
import { compactVerify } from 'jose';
import kafkajs, { type Consumer, type IHeaders, type Producer } from 'kafkajs';
import { generateKey, openKey, TongbaoKafka, type EventSubscription, type PlatformEvent } from '../src/index.js';

interface Arrived {
  key: string;
  headers: Record<string, string>;
  value: string;
}

const textsOf = (headers: IHeaders = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

describe('the client over Kafka, with the rights of a platform and no others', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-client-'));
  const key = generateKey();
  const publicKey = createPublicKey(openKey(key).privateKey);
  const arrived: Arrived[] = [];
  const topic = platformEventsTopic('A');
  let broker: KafkaWithAccounts;
  let hub: { producer: Producer; consumer: Consumer };
  let platform: TongbaoKafka;
  let told = 0;
  /** Of them, to A. */
  let toldToA = 0;
  const connection = (): KafkaConnection => ({ brokers: [broker.brokers], clientId: 'hub', username: 'admin', password: 'admin-password' });

  beforeAll(async () => {
    await ensureTools(['kafka']);
    broker = await startKafka({
      dataDir,
      maxHeapMb: 256,
      sasl: { users: { admin: 'admin-password', a: 'a-password' }, superUsers: ['admin'] },
    });
    const kafka = createKafka(connection());
    await makeTopic(topics.paymentCommands, topic);
    await applyAcls(connection(), [...platformAcls('A', 'a'), ...platformAcls('New', 'a')]);
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    const consumer = kafka.consumer({ groupId: 'payment' });
    await Promise.all([producer.connect(), consumer.connect()]);
    await consumer.subscribe({ topics: [topics.paymentCommands], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        arrived.push({ key: String(message.key), headers: textsOf(message.headers), value: String(message.value) });
        return Promise.resolve();
      },
    });
    hub = { producer, consumer };
    platform = new TongbaoKafka({ brokers: [broker.brokers], username: 'a', password: 'a-password', platformId: 'A', key });
  }, 600_000);
  afterAll(async () => {
    await platform.close();
    await Promise.all([hub.producer.disconnect(), hub.consumer.disconnect()]);
    await broker.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 180_000);

  const makeTopic = async (...names: string[]): Promise<void> => {
    const admin = createKafka(connection()).admin();
    await admin.connect();
    await admin.createTopics({ topics: names.map((name) => ({ topic: name, numPartitions: 3 })), waitForLeaders: false });
    await admin.disconnect();
  };
  const tell = async (paymentId: string, type = 'PaymentCaptured', to = topic): Promise<string> => {
    const id = `event-${(told += 1)}`;
    if (to === topic) toldToA += 1;
    const headers = {
      ce_id: id,
      ce_type: type,
      ce_time: '2026-01-01T00:00:00Z',
      ce_causationid: `command-${told}`,
      'content-type': 'application/json',
    };
    const value = JSON.stringify({ type, paymentId, platformId: 'A', orderId: 'o', amountMinor: 1, currency: 'CNY', provider: 'x' });
    await hub.producer.send({ topic: to, acks: -1, messages: [{ key: paymentId, value, headers }] });
    return id;
  };
  const idsOf = (events: readonly PlatformEvent[]) => events.map(({ id }) => id);

  it('sends each command signed, under the key by which the hub keeps order', async () => {
    const order = {
      orderId: 'o1',
      payer: { userId: 'u1' },
      items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 1, agreementId: 'standard' }],
      amountMinor: 1000,
      currency: 'CNY',
      method: { provider: 'alipay' },
    };
    await platform.requestPayment(order, { commandId: 'c-1' });
    await platform.capturePayment('pay_1', { commandId: 'c-2' });
    await platform.cancelPayment('pay_1', 'changed my mind', { commandId: 'c-3' });
    await platform.refundPayment('pay_1', { amountMinor: 400, currency: 'CNY' }, { commandId: 'c-4' });
    const { commandId } = await platform.capturePayment('pay_2');
    await until(() => arrived.length === 5);
    const commands = await Promise.all(
      arrived.map(async (each) => {
        const { payload } = await compactVerify(each.value, publicKey, { algorithms: ['Ed25519'] });
        return { key: each.key, header: each.headers, payload: JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown> };
      }),
    );
    const byId = new Map(commands.map((command) => [command.header['ce_id'], command]));
    expect(byId.get('c-1')).toMatchObject({
      key: 'o1',
      header: { ce_type: 'RequestPayment', ce_source: 'platform:A', 'content-type': 'application/jose' },
      payload: { commandId: 'c-1', type: 'RequestPayment', platformId: 'A', data: { ...order, platformId: 'A' } },
    });
    expect(byId.get('c-2')).toMatchObject({ key: 'pay_1', payload: { type: 'CapturePayment', data: { paymentId: 'pay_1' } } });
    expect(byId.get('c-3')).toMatchObject({ key: 'pay_1', payload: { data: { paymentId: 'pay_1', reason: 'changed my mind' } } });
    expect(byId.get('c-4')).toMatchObject({
      key: 'pay_1',
      payload: { type: 'RefundPayment', data: { paymentId: 'pay_1', amountMinor: 400, currency: 'CNY' } },
    });
    expect(byId.get(commandId)).toMatchObject({ key: 'pay_2' });
  });

  it('gives all messages to the handler, those of a payment in their order', async () => {
    const got: PlatformEvent[] = [];
    const ids = [await tell('pay_1', 'CommandAccepted'), await tell('pay_1'), await tell('pay_2')];
    const subscription = await platform.events((event) => got.push(event), { name: 'all' });
    await until(() => got.length === 3);
    expect(idsOf(got).filter((id) => id !== ids[2])).toEqual(ids.slice(0, 2));
    expect(got.find(({ id }) => id === ids[0])).toEqual({
      id: ids[0],
      type: 'CommandAccepted',
      key: 'pay_1',
      time: '2026-01-01T00:00:00Z',
      causationId: 'command-1',
      data: expect.objectContaining({ paymentId: 'pay_1' }),
    });
    await subscription.stop();
  }, 180_000);

  it('gives a message again until the handler takes it, and the next one only then', async () => {
    const got: string[] = [];
    const errors: unknown[] = [];
    const first = await tell('pay_3');
    const handler = ({ key: paymentId, id }: PlatformEvent) => {
      if (paymentId !== 'pay_3') return;
      got.push(id);
      if (got.length < 3) throw new Error('not yet');
    };
    const subscription = await platform.events(handler, { name: 'again', onError: (error) => errors.push(error) });
    const second = await tell('pay_3');
    await until(() => got.length === 4);
    expect(got).toEqual([first, first, first, second]);
    expect(errors).toHaveLength(2);
    await subscription.stop();
  }, 180_000);

  it('waits for a topic that the hub is yet to make, and misses nothing', async () => {
    const fresh = new TongbaoKafka({ brokers: [broker.brokers], username: 'a', password: 'a-password', platformId: 'New', key });
    const got: PlatformEvent[] = [];
    const reasons: string[] = [];
    await fresh.events((event) => got.push(event), { onWait: (reason) => reasons.push(reason) });
    await until(() => reasons.length > 0);
    expect(reasons[0]).toContain('tongbao.platform.New.events');
    await makeTopic(platformEventsTopic('New'));
    const id = await tell('pay_5', 'CommandAccepted', platformEventsTopic('New'));
    await until(() => got.length > 0);
    expect(idsOf(got)).toEqual([id]);
    await fresh.close();
  }, 180_000);

  it('goes on where it was, under its name', async () => {
    const got: PlatformEvent[] = [];
    const resumed: PlatformEvent[] = [];
    const reading = (into: PlatformEvent[], name: string): Promise<EventSubscription> =>
      platform.events((event) => into.push(event), { name });
    const before = toldToA;
    const first = await reading(got, 'resumed');
    await until(() => got.length === before);
    await first.stop();
    const id = await tell('pay_4');
    const second = await reading(resumed, 'resumed');
    await until(() => resumed.length > 0);
    expect(idsOf(resumed)).toEqual([id]);
    await second.stop();
  }, 180_000);
});

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 25_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error('it does not become so');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
