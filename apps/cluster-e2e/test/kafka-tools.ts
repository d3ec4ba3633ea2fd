import { beforeAll, expect, it } from '@jest/globals';
import { kafkaTool } from '@tongbao/local-services';
import { eventually } from '@tongbao/testing';
import { partitionOf } from './keys.js';
import type { Shop } from './shop.js';

const readBy: Readonly<Record<string, readonly string[]>> = {
  'tongbao.payment.commands': ['payment'],
  'tongbao.payment.events': ['notification'],
  'tongbao.ledger.commands': ['ledger'],
  'tongbao.ledger.events': ['payment', 'settlement', 'notification'],
  'tongbao.settlement.commands': [],
  'tongbao.settlement.events': ['payment', 'notification'],
};

const lanes = Object.entries(readBy).flatMap(([topic, groups]) => groups.map((group) => [topic, group] as const));
const all = Array.from({ length: 12 }, (_, partition) => partition);

/** What somebody sees of the hub who has nothing but the command-line tools of Apache Kafka. */
export function describeKafkaTools(shop: () => Shop): void {
  const paid: string[] = [];
  const tool = (name: Parameters<typeof kafkaTool>[0], args: readonly string[]) =>
    kafkaTool(name, args, { on: { brokers: shop().market.cluster.addresses.kafkaBrokers } });

  beforeAll(async () => {
    for (const provider of ['alipay', 'alipay', 'wallet']) paid.push(await shop().pay(shop().order(provider)));
    const { order, paymentId } = shop().order();
    await shop().kafka.requestPayment(order);
    await shop().becomes(paymentId, ({ status }) => status === 'captured');
    paid.push(paymentId);
    await shop().refund(paid[0]!, 100);
    await shop().approve(await shop().settle());
    for (const each of paid) await shop().told(each, ({ type }) => type === 'payment.settled');
    await shop().letters.rest();
  }, 60_000);

  it('kafka-topics shows every topic, each of the hub’s with its partitions, and the dead letters of every group', async () => {
    const described = await tool('topics', ['--describe', '--exclude-internal']);
    const lines = described.matchAll(/^Topic: (\S+)\s.*PartitionCount: (\d+)\s.*Configs: (.*)$/gm);
    const found = new Map([...lines].map(([, name = '', partitions, settings]) => [name, { partitions: Number(partitions), settings }]));
    const own = Object.keys(readBy);
    for (const name of own)
      expect([name, found.get(name)]).toEqual([
        name,
        { partitions: 12, settings: expect.stringContaining('compression.type=uncompressed') },
      ]);
    const dead = [...found.keys()].filter((name) => name.endsWith('.dead'));
    expect(dead.toSorted()).toEqual(
      // Nobody sends commands to settlement yet.
      ['tongbao.settlement.commands.settlement.dead', ...lanes.map(([topic, group]) => `${topic}.${group}.dead`)].toSorted(),
    );
    for (const name of dead) expect([name, found.get(name)?.partitions]).toEqual([name, 1]);
    const others = [...found.keys()].filter((name) => !own.includes(name) && !dead.includes(name));
    expect(others).toEqual(['tongbao.platform.A.events']);
  }, 60_000);

  it('kafka-consumer-groups shows each service as a group that has read everything', async () => {
    const states = await tool('consumer-groups', ['--describe', '--all-groups', '--state']);
    for (const [, group] of lanes) expect(states).toMatch(new RegExp(`^${group}\\s.*\\sStable\\s+1\\s*$`, 'm'));
    const rows = await eventually(
      async () => rowsOf(await tool('consumer-groups', ['--describe', '--all-groups'])),
      (present) => present.every(({ lag }) => lag === '0' || lag === '-'),
      30_000,
    );
    for (const [topic, group] of lanes) {
      const own = rows.filter((row) => row.group === group && row.topic === topic);
      expect([group, topic, own.map(({ partition }) => partition).toSorted((left, right) => left - right)]).toEqual([group, topic, all]);
      for (const { current, end, member, client } of own) {
        // A partition in which nothing has ever been is not committed.
        if (end !== '0') expect([topic, current]).toEqual([topic, end]);
        expect([member, client]).toEqual([expect.stringContaining(`Tongbao-${group}`), `Tongbao-${group}`]);
      }
      expect([topic, own.some(({ end }) => Number(end) > 0)]).toEqual([topic, true]);
    }
  }, 90_000);

  it('kafka-console-consumer shows events under the ids of what they are about, with the headers of CloudEvents', async () => {
    const topic = 'tongbao.payment.events';
    const shown = ['partition', 'offset', 'headers', 'key'].flatMap((what) => ['--formatter-property', `print.${what}=true`]);
    const count = (await shop().kcat.read(topic)).length;
    const read = await tool('console-consumer', ['--topic', topic, '--from-beginning', '--max-messages', String(count), ...shown]);
    const events = read.trim().split('\n').map(eventOf);
    expect(new Set(events.map(({ key }) => key))).toEqual(new Set(paid));
    for (const { partition, headers, key, value } of events) {
      expect(partition).toBe(partitionOf(key));
      expect(headers).toMatchObject({
        ce_specversion: '1.0',
        ce_id: expect.stringMatching(/^[0-9a-f-]{36}:\d+$/),
        ce_source: 'payment',
        ce_type: value.type,
        ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        'content-type': 'application/json',
        'tongbao-position': expect.stringMatching(/^\d+$/),
        'tongbao-revision': expect.stringMatching(/^\d+$/),
      });
      expect(value.paymentId).toBe(key);
    }
    for (const partition of all) {
      const offsets = events.filter((event) => event.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, index) => index));
    }
    const storyOf = (paymentId: string) => events.filter(({ key }) => key === paymentId).map(({ value }) => value.type);
    expect(storyOf(paid[0]!)).toEqual(['PaymentCaptured', 'PaymentRefunded', 'PaymentSettled']);
    for (const paymentId of paid.slice(1)) expect(storyOf(paymentId)).toEqual(['PaymentCaptured', 'PaymentSettled']);
  }, 60_000);
}

/** GROUP, TOPIC, PARTITION, CURRENT-OFFSET, LOG-END-OFFSET, LAG, CONSUMER-ID, HOST, CLIENT-ID; a head for each group. */
function rowsOf(table: string) {
  const lines = table.split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([group = '']) => group !== '' && group !== 'GROUP')
    .map(([group, topic, partition, current, end, lag, member, , client]) => ({
      ...{ group, topic, partition: Number(partition), current, end, lag, member, client },
    }));
}

/** `Partition:3<tab>Offset:0<tab>ce_id:…,ce_type:…<tab>key<tab>value` */
function eventOf(line: string) {
  const [partition = '', offset = '', headers = '', key = '', value = ''] = line.split('\t');
  const pairs = headers
    .split(',')
    .map((header): [string, string] => [header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 1)]);
  return {
    partition: Number(partition.replace('Partition:', '')),
    offset: Number(offset.replace('Offset:', '')),
    headers: Object.fromEntries(pairs),
    key,
    // What every payment event has.
    value: JSON.parse(value) as { type: string; paymentId: string },
  };
}
