import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ensureTools, kafkaTool } from '@tongbao/local-services';
import kafkajs, { type IHeaders, type Message, type Producer } from 'kafkajs';
import { headerNames } from '../src/index.js';
import { commandTopic, outsideTopic, until, type ProcessSetup } from './harness.js';
import { KafkaHarness, type KafkaProcess, type KafkaWorld } from './kafka.harness.js';

jest.setTimeout(120_000);

const group = 'reader';
const deadTopic = `${commandTopic}.${group}.dead`;
const headers: IHeaders = { [headerNames.id]: 'm1', [headerNames.type]: 'Do' };
const noText = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);

describe('what a foreign client puts on a topic', () => {
  const harness = new KafkaHarness();
  let world: KafkaWorld;
  let producer: Producer;
  beforeAll(async () => {
    await harness.begin();
    producer = harness.connect('foreign').producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
  });
  afterAll(async () => {
    await producer.disconnect();
    await harness.end();
  });
  beforeEach(async () => {
    world = await harness.open();
  });
  afterEach(() => world.close());

  const start = async (seen: unknown[], topic: string = commandTopic): Promise<KafkaProcess> => {
    const handlers: ProcessSetup['groups'][0]['handlers'] = { [topic]: { Do: ({ data: { n } }) => void seen.push(n) } };
    const process = await world.join({ groups: [{ group, handlers }] });
    await process.start();
    return process;
  };

  it.each<[string, Omit<Message, 'partition'>]>([
    ['a message without headers', { key: 'k', value: '{"n":1}' }],
    ['garbage', { key: 'k', headers, value: randomBytes(2_000) }],
    [
      'a value that is no UTF-8 within JSON',
      { key: 'k', headers, value: Buffer.concat([Buffer.from('{"n":"'), noText, Buffer.from('"}')]) },
    ],
    ['a null key', { key: null, headers, value: '{"n":1}' }],
    ['a key that is no text', { key: noText, headers, value: '{"n":1}' }],
    ['a null value', { key: 'k', headers, value: null }],
    ['an empty value', { key: 'k', headers, value: '' }],
    ['a type that is no text', { key: 'k', headers: { ...headers, [headerNames.type]: noText }, value: '{"n":1}' }],
    ['as much as a topic takes', { key: 'k', headers, value: Buffer.alloc(1_048_000, 'x') }],
  ])('becomes a dead letter, byte for byte, and the others of the partition go on: %s', async (_, poison) => {
    const seen: number[] = [];
    const process = await start(seen);
    const offset = await put(commandTopic, { ...poison, partition: 3 });
    await put(commandTopic, { key: 'other', headers: { ...headers, [headerNames.id]: 'm2' }, value: '{"n":2}', partition: 3 });
    await until(() => seen.length === 1);
    const [letter, ...others] = (await process.deadLetters(group).list()).items;
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      group,
      topic: commandTopic,
      partition: 3,
      offset: expect.stringMatching(new RegExp(`^3\\.${offset}\\.\\d{13}$`)),
      reason: 'malformed',
      error: { name: 'MalformedMessage' },
    });
    const [kept] = await harness.reader.read(deadTopic, 0, 0n, 1);
    expect(kept?.key).toEqual(bytesOf(poison.key));
    expect(kept?.value).toEqual(bytesOf(poison.value));
    for (const [name, value] of Object.entries(poison.headers ?? {}))
      expect(kept?.headers?.[name]).toEqual(bytesOf(value as Buffer | string));
    expect(textsOf(kept?.headers)).toMatchObject({
      'tongbao-dead-group': group,
      'tongbao-dead-topic': commandTopic,
      'tongbao-dead-partition': '3',
      'tongbao-dead-offset': String(offset),
      'tongbao-dead-reason': 'malformed',
      'tongbao-dead-error-name': 'MalformedMessage',
      'tongbao-dead-error-stack': expect.stringContaining('at '),
    });
    await process.stop();
    expect(await saved(3)).toBe(offset + 2);
  });

  it('is handled when it is sound, whatever else it carries', async () => {
    const seen: number[] = [];
    const process = await start(seen);
    const odd: IHeaders = { CE_ID: 'm1', [headerNames.type]: ['Do', 'Undo'], 'x-trace': noText };
    await put(commandTopic, { key: 'k', headers: odd, value: '{"n":5}', partition: 0 });
    await until(() => seen.length === 1);
    expect(process.status(group).topics[0]).toMatchObject({ handled: 1, dead: 0 });
  });

  it('becomes a dead letter too when a header has no value', async () => {
    await ensureTools(['kafka-tools']);
    const process = await start([]);
    const properties = ['parse.key=true', 'parse.headers=true', 'null.marker=NULL'].flatMap((each) => ['--reader-property', each]);
    const on = { brokers: harness.broker.brokers };
    await kafkaTool('console-producer', ['--topic', commandTopic, ...properties], { on, input: 'ce_type:Do,x-none:NULL\tk\t{"n":1}\n' });
    await until(() => process.status(group).topics[0]?.dead === 1);
    const [letter] = (await process.deadLetters(group).list()).items;
    expect(letter).toMatchObject({ messageType: 'Do', record: { key: 'k', payload: '{"n":1}', headers: { 'x-none': '' } } });
  });

  it('can be told apart by the official tools: topics, keys, headers, and how far the group is behind', async () => {
    await ensureTools(['kafka-tools']);
    const process = await start([], outsideTopic);
    await put(outsideTopic, { key: 'payment-7', headers, value: '{"n":', partition: 2 });
    await until(() => process.status(group).topics[0]?.dead === 1);
    await process.stop();
    await put(outsideTopic, { key: 'payment-8', headers, value: '{"n":1}', partition: 2 });
    const on = { brokers: harness.broker.brokers };
    const shown = ['key', 'headers', 'value', 'partition'].flatMap((what) => ['--formatter-property', `print.${what}=true`]);
    const dead = await kafkaTool(
      'console-consumer',
      ['--topic', `${outsideTopic}.${group}.dead`, '--from-beginning', '--max-messages', '1', '--timeout-ms', '20000', ...shown],
      { on },
    );
    expect(dead).toContain('payment-7');
    expect(dead).toContain('{"n":');
    expect(dead).toContain(`tongbao-dead-topic:${outsideTopic}`);
    expect(dead).toContain('tongbao-dead-error-message:the payload is not JSON');
    const described = await kafkaTool('consumer-groups', ['--describe', '--group', group], { on });
    const line = described.split('\n').find((each) => each.includes(`${outsideTopic} `) && / 2 +\d+ +\d+ +1 /.test(each));
    expect(line).toBeDefined();
  });

  it('does not keep the hub from sending: of many that go together only the one that is too large is refused', async () => {
    const large = 'x'.repeat(1_100_000);
    const send = (n: number, pad = '') => world.sendRaw({ topic: commandTopic, key: `k${n % 5}`, payload: JSON.stringify({ n, pad }) });
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => send(n, n === 33 ? large : '')));
    expect(results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([33]);
    expect(results[33]).toMatchObject({ reason: { type: 'MESSAGE_TOO_LARGE' } });
    const read = await Promise.all(Array.from({ length: 12 }, (_, partition) => harness.reader.read(commandTopic, partition, 0n, 100)));
    for (let key = 0; key < 5; key += 1) {
      const numbers = read.flat().flatMap(({ key: found, value }) => (String(found) === `k${key}` ? numberOf(value) : []));
      // Those that had been taken with it are sent once more.
      expect([...new Set(numbers)]).toEqual(Array.from({ length: 12 }, (_, n) => n * 5 + key).filter((n) => n !== 33));
    }
  });

  const put = async (topic: string, message: Message): Promise<number> => {
    const [written] = await producer.send({ topic, acks: -1, messages: [message] });
    return Number(written?.baseOffset);
  };

  const saved = async (partition: number): Promise<number> => {
    const [topic] = await harness.admin.fetchOffsets({ groupId: group, topics: [commandTopic] });
    return Number(topic?.partitions.find((each) => each.partition === partition)?.offset);
  };
});

const numberOf = (value: Buffer | null): number => (JSON.parse(String(value)) as { n: number }).n;

const bytesOf = (value: Buffer | string | null | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value);

const textsOf = (all: IHeaders | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(all ?? {}).map(([name, value]) => [name, String(value)]));
