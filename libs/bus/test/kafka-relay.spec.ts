import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { kafkaTool } from '@tongbao/local-services';
import { startTelemetry } from '@tongbao/telemetry';
import { relayPosition, resetRelay, Unpublishable } from '../src/index.js';
import { RelayFenced } from '../src/kafka-relay.js';
import { until } from './harness.js';
import { eventsTopic, platformTopic, publisherOf } from './kafka-relay.fixture.js';
import { faultless, judge, RelayWorld } from './kafka-relay.harness.js';

const soon = 20_000;
let world: RelayWorld;

beforeAll(async () => {
  world = await RelayWorld.open();
}, 600_000);
afterEach(() => world.endCase());
afterAll(() => world.close());

describe('the relay to Kafka', () => {
  it('publishes in the order of the log what was there before and what comes, each message once', async () => {
    const service = await world.service();
    await service.appendMany(700);
    const relay = await service.relay();
    await service.append(60);
    expect(await relay.reached(await service.appendMany(40), soon)).toBe(true);
    const received = await service.read();
    expect(judge(received, 800)).toEqual({ ...faultless, repeated: 0 });
    expect(received.length).toBe(800);
    expect(relay.status()).toMatchObject({ service: service.name, lagEvents: 0, lagSeconds: 0, messages: 800, state: 'running' });
    expect(relay.status().byTopic).toEqual({ [service.topic]: 800 });
    await relay.stop();
    expect(await relayPosition(world.store, service.name)).toBe(relay.status().position);
  });

  it('goes on where the one before it ended, and repeats nothing after a graceful end', async () => {
    const service = await world.service();
    const first = await service.relay({ saveEveryMs: 600_000 });
    await first.reached(await service.append(20), soon);
    await first.stop();
    const later = await service.append(20);
    const second = await service.relay();
    expect(await second.reached(later, soon)).toBe(true);
    expect(judge(await service.read(), 40)).toEqual({ ...faultless, repeated: 0 });
  });

  it('keeps the messages of a key in one partition, and gives each record the attributes of a CloudEvent and its place in the log', async () => {
    const service = await world.service();
    const relay = await service.relay();
    const position = await service.append(14);
    await relay.reached(position, soon);
    const received = await service.read();
    const partitionsOf = (key: string) => new Set(received.filter((record) => record.key === key).map(({ partition }) => partition)).size;
    expect(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'].map(partitionsOf)).toEqual(Array(7).fill(1));
    const [stored] = await world.store.read(`${service.name}-k0`, { from: 1 });
    expect(received.find(({ n }) => n === 14)).toMatchObject({
      key: 'k0',
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: `${stored?.id}:0`,
        ce_type: 'NumberTold',
        ce_source: service.name,
        ce_time: stored?.createdAt.toISOString(),
        ce_causationid: stored?.id,
        ce_correlationid: 'order 14',
        'tongbao-position': String(position),
        'tongbao-revision': '1',
      },
    });
  });

  it('sends each message as a step of the trace that its event belongs to', async () => {
    const exporter = new InMemorySpanExporter();
    const logger = { warn: () => undefined, info: () => undefined };
    const telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 0, logger, exporter });
    world.atEnd(() => telemetry.stop());
    const service = await world.service();
    const relay = await service.relay();
    await relay.reached(await service.append(1, {}, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'), soon);
    await telemetry.flush();
    const span = exporter.getFinishedSpans().find(({ name }) => name === `send ${service.topic}`);
    const { traceId, spanId } = span!.spanContext();
    expect(traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect((await service.read()).map(({ headers }) => headers['traceparent'])).toEqual([`00-${traceId}-${spanId}-01`]);
  });

  it("is read by Kafka's own console consumer, with key, headers and JSON", async () => {
    const service = await world.service();
    const relay = await service.relay();
    const position = await service.append(1);
    await relay.reached(position, soon);
    const shown = ['print.key', 'print.headers'].flatMap((name) => ['--formatter-property', `${name}=true`]);
    const args = ['--topic', service.topic, '--from-beginning', '--max-messages', '1', ...shown];
    const line = (await kafkaTool('console-consumer', args, { on: world.broker })).trim();
    const [headers = '', key, value] = line.split('\t');
    expect(headers.split(',')).toEqual(
      expect.arrayContaining([
        'ce_specversion:1.0',
        'content-type:application/json',
        'ce_type:NumberTold',
        `tongbao-position:${position}`,
        'tongbao-revision:0',
      ]),
    );
    expect([key, value]).toEqual(['k1', '{"n":1}']);
  });

  it('sends nothing while this process does not lead, says so, and goes on when it leads again', async () => {
    const service = await world.service();
    let leads = true;
    const relay = await service.relay({ leads: () => leads });
    await relay.reached(await service.append(3), soon);
    leads = false;
    const position = await service.append(3);
    await until(() => relay.status().error !== undefined && relay.status().lagEvents === 3);
    expect(relay.status()).toMatchObject({ error: 'Outage: this process does not lead at the moment', messages: 3 });
    expect(relay.status().lagSeconds).toBeGreaterThan(0);
    expect((await service.read()).length).toBe(3);
    leads = true;
    expect(await relay.reached(position, soon)).toBe(true);
    expect(relay.status().error).toBeUndefined();
    expect(judge(await service.read(), 6)).toEqual({ ...faultless, repeated: 0 });
  });

  it('stands still before a message that does not keep to its schema: what comes before it is published, nothing after it', async () => {
    const service = await world.service();
    await service.append(9);
    const check = ({ data }: { data: object }) => ('n' in data && data.n === 6 ? '/n must not be 6' : undefined);
    const relay = await service.relay({ check });
    await until(() => relay.status().state === 'failed');
    expect(relay.status().error).toBe(
      `Unpublishable: ${service.name}-k6@0 cannot be published: Error: NumberTold on ${service.topic} does not keep to its schema: /n must not be 6`,
    );
    expect(service.failures).toEqual([expect.any(Unpublishable)]);
    expect(relay.status()).toMatchObject({ messages: 5, lagEvents: 4 });
    expect(relay.status().lagSeconds).toBeGreaterThan(0);
    await relay.stop();
    expect((await service.read()).map(({ n }) => n).toSorted()).toEqual([1, 2, 3, 4, 5]);
    // A release that mends it goes on from there.
    const mended = await service.relay();
    expect(await mended.reached(await service.append(1), soon)).toBe(true);
    expect(judge(await service.read(), 10)).toEqual({ ...faultless, repeated: 0 });
  });

  it('stands still before a message that the brokers find too large', async () => {
    const service = await world.service({ 'max.message.bytes': '2000' });
    await service.append(3);
    await service.append(1, { padding: 'x'.repeat(4_000) });
    await service.append(3);
    const relay = await service.relay();
    await until(() => relay.status().state === 'failed');
    expect(relay.status().error).toMatch(new RegExp(`^Unpublishable: ${service.name}-k4@0 cannot be published: .*larger than the max`));
    await relay.stop();
    // Later ones of other partitions, which came in the same request, may have been taken; of its own partition none.
    const before = await service.read();
    expect(before.map(({ n }) => n)).toEqual(expect.arrayContaining([1, 2, 3]));
    expect(before.filter(({ n }) => n >= 4).map(({ key }) => key)).not.toContain('k4');
    await world.alter(service.topic, { 'max.message.bytes': '10000' });
    const second = await service.relay();
    expect(await second.reached(await service.append(1), soon)).toBe(true);
    const { missing, early } = judge(await service.read(), 8);
    expect({ missing, early }).toEqual({ missing: [], early: [] });
  });

  it('keeps its requests below what a broker takes as one batch, however much there is for one partition', async () => {
    const service = await world.service();
    for (let left = 40; left > 0; left -= 1) await service.append(1, { padding: 'x'.repeat(100_000) });
    const relay = await service.relay();
    expect(await relay.reached(await service.append(1), soon)).toBe(true);
    expect(judge(await service.read(), 41)).toEqual({ ...faultless, repeated: 0 });
  });

  it('makes the topic of a platform when it is first needed, and again when it was removed', async () => {
    const service = await world.service();
    const platform = `of-${service.name}`;
    const topic = platformTopic(platform);
    const relay = await service.relay({ platformTopics: { partitions: 2, retentionMs: 3_600_000 } });
    expect(await relay.reached(await service.append(3, { platform }), soon)).toBe(true);
    expect(judge(await world.read(topic), 3)).toEqual({ ...faultless, repeated: 0 });
    const described = await kafkaTool('topics', ['--describe', '--topic', topic], { on: world.broker });
    expect(described).toMatch(/PartitionCount: 2\b.*retention\.ms=3600000\b/);
    expect(relay.status().byTopic).toEqual({ [service.topic]: 3, 'tongbao.platform.{id}.events': 3 });
    await world.remove(topic);
    expect(await relay.reached(await service.append(1, { platform }), soon)).toBe(true);
    expect((await world.read(topic)).map(({ n }) => n)).toEqual([4]);
  });

  it('retries without end where its own topic is missing', async () => {
    const service = await world.service();
    await world.remove(service.topic);
    const relay = await service.relay();
    const position = await service.append(2);
    await until(() => relay.status().error !== undefined);
    expect(relay.status().error).toMatch(`nothing can be published to ${service.topic}`);
    expect(relay.status()).toMatchObject({ state: 'running', messages: 0 });
    await world.create(service.topic);
    expect(await relay.reached(position, soon)).toBe(true);
    expect(judge(await service.read(), 2)).toEqual({ ...faultless, repeated: 0 });
  });

  it('stops when another one begins, which publishes all the rest', async () => {
    const service = await world.service();
    await service.appendMany(2_000);
    const first = await service.relay({ saveEveryMs: 5 });
    await until(() => first.status().messages > 0);
    const second = await service.relay({ saveEveryMs: 5 });
    const position = await service.appendMany(1_000);
    expect(await second.reached(position, soon)).toBe(true);
    await until(() => first.status().state === 'failed');
    expect(service.failures).toEqual([expect.any(RelayFenced)]);
    expect(second.status().state).toBe('running');
    const { missing, early } = judge(await service.read(), 3_000);
    expect({ missing, early }).toEqual({ missing: [], early: [] });
  });

  it('publishes again what comes after a position that it was reset to', async () => {
    const service = await world.service();
    const relay = await service.relay({ saveEveryMs: 1 });
    const early = await service.append(5);
    const late = await service.append(5);
    await relay.reached(late, soon);
    await until(() => relay.status().saved === late);
    await expect(resetRelay(world.store, service.name, late + 1n)).rejects.toThrow(RangeError);
    await resetRelay(world.store, service.name, early);
    // The one that runs is no longer the one.
    const next = await service.append(1);
    await until(() => relay.status().state === 'failed');
    await relay.stop();
    const second = await service.relay();
    expect(await second.reached(next, soon)).toBe(true);
    const numbers = (await service.read()).map(({ n }) => n);
    expect(numbers.filter((n) => n <= 5)).toHaveLength(5);
    expect(numbers.filter((n) => n > 5 && n <= 10)).toHaveLength(10);
  });

  it('learns that it was reset while there is nothing to publish', async () => {
    const service = await world.service();
    const relay = await service.relay({ saveEveryMs: 1 });
    const position = await service.append(5);
    await relay.reached(position, soon);
    await until(() => relay.status().saved === position);
    await resetRelay(world.store, service.name, 0n);
    await until(() => relay.status().state === 'failed');
    expect(service.failures).toEqual([expect.any(RelayFenced)]);
  });

  it('of an event that is published to a topic that nothing serves stands still', async () => {
    const service = await world.service();
    const publisher = { ...publisherOf(service.name), topics: [eventsTopic('other')] };
    await service.append(1);
    const relay = await service.relay({ publisher });
    await until(() => relay.status().state === 'failed');
    expect(relay.status().error).toMatch(`${service.name} publishes to ${service.topic}, which does not exist`);
  });
});
