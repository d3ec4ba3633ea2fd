import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@tongbao/contracts';
import { openPostgres } from '@tongbao/read-model';
import { eventually } from '@tongbao/testing';
import kafkajs from 'kafkajs';
import type { Finding } from '../src/doctor.checks.js';
import type { RelayState } from '../src/relay.command.js';
import { OpsWorld } from './ops-world.js';

let world: OpsWorld;
let payments: string[];

beforeAll(async () => {
  world = await OpsWorld.open();
  payments = await world.pay(30);
}, 300_000);
afterAll(() => world.close(), 60_000);

describe('the doctor of a distributed hub', () => {
  it('looks at everything that it is told of, and finds it well', async () => {
    const { code, out } = await world.run('doctor', '--json');
    const findings = JSON.parse(out) as Finding[];
    expect(findings.filter(({ passed }) => !passed)).toEqual([]);
    expect(code).toBe(0);
    const checks = findings.map(({ check }) => check);
    for (const service of ['payment', 'ledger', 'settlement', 'notification'])
      expect(checks).toEqual(
        expect.arrayContaining([`leader of ${service}`, `Kafka: group ${service}`, `PostgreSQL: tables of ${service}`]),
      );
    for (const check of ['relay of payment', 'clocks', 'Kafka: topics are as they must be', 'dead letters', 'Redis answers'])
      expect(checks).toContain(check);
    expect(findings.find(({ check }) => check === 'Kafka: group payment')?.detail).toBe('2 members, nothing behind');
  }, 60_000);

  it('finds what is away, and only notes that Redis is', async () => {
    await world.cluster.part('redis').stop();
    const { code, out } = await world.run('doctor');
    expect(out).toMatch(/^note {4}Redis answers: it does not answer/m);
    expect(code).toBe(0);
    await world.cluster.part('redis').start();
    const elsewhere = await world.run('doctor', '--database', 'postgresql://nobody@127.0.0.1:9/nothing');
    expect(elsewhere).toMatchObject({ code: 1, out: expect.stringMatching(/^FAILED {2}PostgreSQL answers: no connection/m) });
  }, 60_000);
});

describe('topics', () => {
  it('are planned and applied: what would let messages go sooner only when it is asked for twice', async () => {
    expect(await world.json<object>('topics', 'plan')).toMatchObject({ created: [], changed: [], wrong: [] });
    const longer = [{ name: 'retention.ms', value: '-1' }];
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topics.paymentEvents, configEntries: longer };
    await world.administer((admin) => admin.alterConfigs({ validateOnly: false, resources: [resource] }));
    const planned = await world.run('topics', 'plan');
    expect(planned.code).toBe(0);
    expect(planned.out).toMatch(/tongbao\.payment\.events .* to be changed .*retention\.ms -1 -> 604800000/);
    expect(await world.run('topics', 'apply')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    const applied = await world.json<{ changed: object[] }>('topics', 'apply', '--yes');
    expect(applied.changed).toMatchObject([
      { name: topics.paymentEvents, settings: { 'retention.ms': '604800000' }, before: { 'retention.ms': '-1' } },
    ]);
    expect((await world.run('topics', 'plan')).out).toContain('0 to be changed');
  }, 60_000);

  it('that only a person can mend are wrong', async () => {
    const { code, out } = await world.run('topics', 'plan', '--replication', '3');
    expect(code).toBe(1);
    expect(out).toMatch(/tongbao\.ledger\.events .* WRONG +has 1 copies of each partition and must have 3/);
  }, 60_000);

  it('are listed with what they hold, those of platforms too', async () => {
    const listed = await world.json<{ name: string; messages: number }[]>('topics', 'list');
    const messages = new Map(listed.map((topic) => [topic.name, topic.messages]));
    expect(messages.get('tongbao.platform.A.events')).toBe(30);
    expect(messages.get(topics.paymentEvents)).toBe(30);
    expect(messages.get('tongbao.payment.events.notification.dead')).toBe(0);
  }, 60_000);

  it('have no rights without an authorizer', async () => {
    const { code, err } = await world.run('topics', 'acls', 'platform', 'A', '--user', 'a');
    expect({ code, err }).toEqual({ code: 1, err: 'failed: these brokers have no authorizer: everybody may do everything\n' });
  }, 60_000);
});

interface Folded {
  events: number;
  leftOut: Record<string, number>;
  tables: { table: string; rows: number }[];
  rows: Record<string, unknown>[];
}

describe('a replay into a scratch projection', () => {
  const replay = <T>(projection: string, ...words: string[]) =>
    world.json<T>('replay', '--into', 'scratch', '--projection', projection, ...words);

  it('folds the log with the code of the service, and is asked by SQL', async () => {
    const query = 'SELECT status, count(*)::integer AS payments, sum(amount_minor) AS minor FROM payments GROUP BY status';
    const { tables, rows } = await replay<Folded>('payment', '--sql', query);
    expect(tables).toContainEqual({ table: 'payments', rows: 30 });
    expect(rows).toEqual([{ status: 'captured', payments: 30, minor: '30000' }]);
  }, 60_000);

  it('folds one stream, or a part of the log without what needs the rest', async () => {
    const stream = `payment-${payments[0] ?? ''}`;
    const one = await replay<Folded>('payment', '--stream', stream, '--table', 'payments');
    expect(one.rows).toMatchObject([{ payment_id: payments[0], status: 'captured' }]);
    const events = await world.json<{ position: string; event: { type: string } }[]>('events', 'show', stream);
    const last = events.at(-1);
    const part = await replay<Folded>('payment', '--from', last?.position ?? '', '--to', last?.position ?? '');
    expect(part).toMatchObject({ events: 1, leftOut: { [last?.event.type ?? '']: 1 } });
    expect(part.tables).toContainEqual({ table: 'payments', rows: 0 });
  }, 60_000);

  it.each(['settlement', 'notification'])(
    'finds the live rows of %s equal',
    async (projection) => {
      expect(await replay<object>(projection, '--compare')).toMatchObject({ equal: true, differences: [] });
    },
    60_000,
  );

  it('finds a row that somebody has edited', async () => {
    const [id = ''] = payments;
    const live = await openPostgres({ url: world.cluster.addresses.databaseUrl, connections: 1, applicationName: 'spec' });
    await live.query(`UPDATE payment.payments_g1 SET user_id = 'somebody else' WHERE payment_id = $1`, [id]);
    const compared = await world.run('replay', '--into', 'scratch', '--projection', 'payment', '--compare', '--json');
    await live.query(`UPDATE payment.payments_g1 SET user_id = 'u1' WHERE payment_id = $1`, [id]);
    await live.close();
    expect(compared.code).toBe(1);
    expect(JSON.parse(compared.out)).toMatchObject({
      equal: false,
      differences: [{ table: 'payments', onlyLive: { count: 1, rows: [{ payment_id: id, user_id: 'somebody else' }] } }],
    });
  }, 60_000);
});

describe('a replay to a topic', () => {
  const passedOver = () =>
    world.counted('notification', `tongbao_bus_messages_total{group="notification",topic="${topics.paymentEvents}",outcome="passed_over"}`);
  const newsTold = async () => {
    const news = await world.json<{ event: { items: unknown[] } }[]>('events', 'show', 'news-main', '--limit', '100000');
    return news.reduce((sum, { event }) => sum + event.items.length, 0);
  };

  it('only counts what it would send, until it is asked for twice', async () => {
    const before = await world.messagesIn(topics.paymentEvents);
    const words = ['replay', '--to-topic', topics.paymentEvents, '--service', 'payment'];
    expect(await world.json<object>(...words, '--dry-run')).toMatchObject({ messages: 30, byType: { PaymentCaptured: 30 } });
    expect((await world.run(...words)).code).toBe(2);
    expect(await world.messagesIn(topics.paymentEvents)).toBe(before);
  }, 60_000);

  it('reaches everybody but the hub, which passes it over', async () => {
    const [before, told, passed] = [await world.messagesIn(topics.paymentEvents), await newsTold(), await passedOver()];
    const { messages } = await world.json<{ messages: number }>(
      'replay',
      '--to-topic',
      topics.paymentEvents,
      '--service',
      'payment',
      '--yes',
    );
    expect(messages).toBe(30);
    expect(await world.messagesIn(topics.paymentEvents)).toBe(before + 30);
    await eventually(passedOver, (count) => count === passed + 30);
    await world.pay(1);
    await eventually(newsTold, (count) => count > told);
    expect(await newsTold()).toBe(told + 1);
  }, 60_000);

  it('of one payment reaches a topic of somebody else', async () => {
    await world.administer((admin) => admin.createTopics({ topics: [{ topic: 'analytics.payments', numPartitions: 1 }] }));
    const stream = ['--stream', `payment-${payments[1] ?? ''}`];
    const sent = await world.run('replay', '--to-topic', 'analytics.payments', '--service', 'payment', ...stream, '--yes');
    expect(sent).toMatchObject({ code: 0, out: expect.stringContaining('1 messages of tongbao.payment.events') });
    expect(await world.messagesIn('analytics.payments')).toBe(1);
    const nowhere = await world.run('replay', '--to-topic', 'nowhere', '--service', 'payment', '--yes');
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('the brokers have no topic nowhere') });
  }, 60_000);
});

describe('relays', () => {
  const relayOf = async (service: string) => {
    const relays = await world.json<(RelayState & { leader: string; epoch: number })[]>('relay', 'status');
    const relay = relays.find((each) => each.service === service);
    if (!relay) throw new Error(`no relay of ${service} runs`);
    return relay;
  };

  it('tell how far they are, and who leads', async () => {
    expect(await relayOf('payment')).toMatchObject({ state: 'running', lagEvents: 0, epoch: expect.any(Number) });
    const { code, out } = await world.run('relay', 'status');
    expect(code).toBe(0);
    expect(out).toMatch(/payment +http:\/\/127\.0\.0\.1:\d+, epoch \d+ +\d+ +no/);
  }, 60_000);

  it('that are set back publish everything once more, led by another process, and nothing happens twice', async () => {
    const before = await relayOf('payment');
    const told = await world.messagesIn('tongbao.platform.A.events');
    const { code, out } = await world.run('relay', 'reset', 'payment', '--to', '0', '--yes');
    expect(code).toBe(0);
    expect(out).toContain(`epoch ${before.epoch + 1}`);
    // Between two leaders it is told that there is none.
    await eventually(
      () => world.run('relay', 'status'),
      (status) => status.code === 0,
    );
    const after = await eventually(
      () => relayOf('payment'),
      (relay) => BigInt(relay.position) >= BigInt(before.position),
    );
    expect(after.leader).not.toBe(before.leader);
    await eventually(
      () => world.messagesIn('tongbao.platform.A.events'),
      (count) => count === 2 * told,
    );
    await eventually(
      () => world.run('doctor'),
      (doctor) => doctor.code === 0,
      60_000,
    );
    expect(await world.json<object>('replay', '--into', 'scratch', '--projection', 'ledger', '--compare')).toMatchObject({ equal: true });
  }, 120_000);

  it('cannot be set forward', async () => {
    const { code, err } = await world.run('relay', 'reset', 'ledger', '--to', '999999999', '--yes');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('would never be published') });
  });
});

describe('dead letters, asked for at the gateway', () => {
  /** So many keys that each of the two processes has some of them. */
  const keys = Array.from({ length: 8 }, (_, index) => `pay_${'abcdefgh'.charAt(index).repeat(32)}`);
  const captured = (key: string) =>
    JSON.stringify({
      ...{ type: 'PaymentCaptured', paymentId: key, platformId: 'A', orderId: key, amountMinor: 1, currency: 'CNY', provider: 'alipay' },
    });

  interface Letter {
    deadLetterId: string;
    reason: string;
    status: string;
    record: { key: string; payload: string };
  }

  const letters = () => world.json<Letter[]>('dead-letters', 'list', 'notification');

  it('are listed, shown, released in order, and discarded, whichever process has them', async () => {
    for (const key of keys) {
      await world.put(topics.paymentEvents, key, 'PaymentCaptured', '{"broken');
      await world.put(topics.paymentEvents, key, 'PaymentCaptured', captured(key));
    }
    const parked = await eventually(letters, (found) => found.length === 2 * keys.length);
    expect(new Set(parked.map(({ status }) => status))).toEqual(new Set(['parked']));
    const doctor = await world.run('doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.out).toMatch(/FAILED {2}dead letters: 16 of notification wait for somebody/);
    for (const key of keys) {
      const broken = parked.find(({ reason, record }) => record.key === key && reason === 'malformed');
      if (!broken) throw new Error(`no dead letter of ${key}`);
      expect(await world.json<Letter>('dead-letters', 'show', 'notification', broken.deadLetterId)).toMatchObject({
        record: { key, payload: '{"broken' },
      });
      const release = ['dead-letters', 'release', 'notification', '--topic', topics.paymentEvents, '--key', key, '--yes'];
      const failed = await world.run(...release);
      expect(failed).toMatchObject({
        code: 1,
        out: expect.stringContaining('failed again: the payload is not JSON; the key is still parked'),
      });
      const why = ['--reason', 'not JSON', '--yes'];
      expect((await world.run('dead-letters', 'discard', 'notification', broken.deadLetterId, ...why)).code).toBe(0);
      expect(await world.json<object>(...release)).toEqual({ handled: 1, stillParked: false });
    }
    expect(await letters()).toEqual([]);
    expect((await world.run('dead-letters', 'list')).out).toContain('No key is parked.');
    expect((await world.run('doctor')).out).toMatch(/ok {6}dead letters: none is open; 16 are done with/);
  }, 120_000);
});
