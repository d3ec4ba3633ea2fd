import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { EventStore, idOf, LogFeed, type DomainEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { LoopWatch, metrics, parseTraceparent, startTelemetry, tracing, type Telemetry } from '@tongbao/telemetry';
import { Bus, busCategories, EmbeddedTransport, type Message, type Publisher } from '../src/index.js';
import { commandTopic, gate, newsTopic, until } from './harness.js';
import { declareGroups, Life, listening } from './mortal.js';

const quiet = { warn: () => undefined, info: () => undefined };
const callersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceOf = (traceparent: string | undefined) => parseTraceparent(traceparent)?.traceId;

interface Happened extends DomainEvent {
  type: 'Happened';
  topic: string;
}

/** Publishes every event to the topic that it names. */
const publisher: Publisher = {
  service: 'payment',
  categories: ['payment'],
  publish: ({ event, stream }) => [{ topic: (event as Happened).topic, key: idOf(stream), type: 'Happened', data: { n: 1 } }],
};

describe('the bus in a trace', () => {
  let server: EventStoreServer;
  let store: EventStore;
  let feed: LogFeed;
  let bus: Bus;
  let exporter: InMemorySpanExporter;
  let telemetry: Telemetry;
  const loops = new LoopWatch();
  let handle: (message: Message) => Promise<unknown>;

  beforeEach(async () => {
    exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 0, logger: quiet, exporter });
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    feed = new LogFeed(store, { categories: busCategories([publisher], [newsTopic, commandTopic]) });
    await feed.start();
    bus = new Bus({
      transport: new EmbeddedTransport({ store, feed, publishers: [publisher] }),
      store,
      loops,
      backoff: { firstMs: 1, maxMs: 4 },
    });
    const handlers = { Happened: (message: Message) => handle(message) };
    const groups = [{ group: 'spec', handlers: { [newsTopic]: handlers, [commandTopic]: handlers } }];
    await Promise.all([...declareGroups(bus, groups, new Life(undefined, () => undefined)).values()].map((each) => listening(each)));
  });
  afterEach(async () => {
    await bus.stop();
    await feed.stop();
    await store.close();
    await server.close();
    await telemetry.stop();
  });

  const happen = (topic: string, stream = 'payment-1') =>
    store.append(stream, 'any', [{ type: 'Happened', topic } as Happened], { commandId: `${topic} ${stream}` });
  async function spans() {
    await telemetry.flush();
    return new Map(exporter.getFinishedSpans().map((span) => [span.name, span]));
  }

  it('goes on from the append to the handler, and what that appends, with the attributes of the messaging conventions', async () => {
    const seen: (string | undefined)[] = [];
    handle = async () => {
      seen.push(tracing.traceparent);
      await store.append('news-1', 'any', [{ type: 'Told' }], { commandId: 'told' });
    };
    await tracing.continued(callersTrace, 'request', {}, () => happen(newsTopic));
    await until(async () => (await spans()).has(`process ${newsTopic}`));
    const all = await spans();
    const [append, process, told] = [all.get('append payment')!, all.get(`process ${newsTopic}`)!, all.get('append news')!];
    expect(traceOf(seen[0])).toBe(traceOf(callersTrace));
    expect(process.parentSpanContext?.spanId).toBe(append.spanContext().spanId);
    expect(told.parentSpanContext?.spanId).toBe(process.spanContext().spanId);
    expect(process).toMatchObject({
      kind: 4, // consumer
      attributes: {
        'messaging.system': 'tongbao',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': newsTopic,
        'messaging.consumer.group.name': 'spec',
        'messaging.destination.partition.id': expect.stringMatching(/^\d+$/),
        'messaging.kafka.offset': 0,
        'messaging.message.id': expect.stringMatching(/:0$/),
      },
    });
  });

  it('shows a command on its way through the relay', async () => {
    handle = () => Promise.resolve();
    await tracing.continued(callersTrace, 'request', {}, () => happen(commandTopic));
    await until(async () => (await spans()).has(`process ${commandTopic}`));
    const all = await spans();
    const append = all.get('append payment')!.spanContext().spanId;
    expect(all.get(`send ${commandTopic}`)).toMatchObject({ kind: 3, parentSpanContext: { spanId: append } });
    expect(all.get(`process ${commandTopic}`)).toMatchObject({ parentSpanContext: { spanId: append } });
  });

  it('keeps messages that came with no trace out of every trace', async () => {
    const seen: (string | undefined)[] = [];
    handle = () => Promise.resolve(seen.push(tracing.traceparent));
    await happen(newsTopic);
    await until(() => seen.length === 1);
    expect(seen).toEqual([undefined]);
    expect((await spans()).size).toBe(0);
  });

  it('marks the step of a message that becomes a dead letter as failed', async () => {
    handle = () => Promise.reject(new TypeError('a bug'));
    await tracing.continued(callersTrace, 'request', {}, () => happen(newsTopic));
    await until(async () => (await spans()).has(`process ${newsTopic}`));
    expect((await spans()).get(`process ${newsTopic}`)).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'TypeError' } });
  });

  it('sends directly within a trace', async () => {
    const seen: (string | undefined)[] = [];
    handle = (message) => Promise.resolve(seen.push(message.traceparent));
    await tracing.continued(callersTrace, 'request', {}, () =>
      bus.client.send({ topic: commandTopic, key: 'k', type: 'Happened', data: { n: 1 } }),
    );
    await until(() => seen.length === 1);
    const send = (await spans()).get(`send ${commandTopic}`)!;
    expect(parseTraceparent(seen[0])).toMatchObject({ traceId: traceOf(callersTrace), spanId: send.spanContext().spanId });
  });

  it('counts messages by what became of them, and how long handlers take', async () => {
    const figure = async (line: string) =>
      Number(new RegExp(`^${line.replace(/[{}|]/g, '\\$&')} (\\d+)`, 'm').exec(await metrics.text())?.[1] ?? 0);
    const handled = `tongbao_bus_messages_total{group="spec",topic="${newsTopic}",outcome="handled"}`;
    const dead = `tongbao_bus_messages_total{group="spec",topic="${newsTopic}",outcome="dead"}`;
    const tries = `tongbao_bus_handle_duration_seconds_count{group="spec",topic="${newsTopic}"}`;
    const relayed = `tongbao_relay_messages_total{service="payment",topic="${commandTopic}"}`;
    const before = await Promise.all([handled, dead, tries, relayed].map(figure));
    const fates = [() => Promise.resolve(), () => Promise.reject(new Error('a bug')), () => Promise.resolve()];
    handle = () => fates.shift()!();
    for (const [index, topic] of [newsTopic, newsTopic, commandTopic].entries()) {
      await happen(topic, `payment-${index}`);
      await until(() => fates.length === 2 - index);
    }
    await until(async () => (await figure(relayed)) === before[3]! + 1 && (await figure(dead)) === before[1]! + 1);
    expect(await Promise.all([handled, dead, tries, relayed].map(figure))).toEqual([
      before[0]! + 1,
      before[1]! + 1,
      before[2]! + 2,
      before[3]! + 1,
    ]);
  });

  it('tells how old the oldest message is that waits, and watches the lane that has it', async () => {
    const held = gate();
    const entered = gate();
    handle = async () => {
      entered.open();
      await held.opened;
    };
    await happen(newsTopic);
    await entered.opened;
    const status = () => bus.status()[0]!.topics.find(({ topic }) => topic === newsTopic)!;
    await until(() => status().lagSeconds > 0);
    expect(status()).toMatchObject({ lagMessages: 1 });
    expect(loops.status()).toMatchObject([{ name: 'bus spec', stuck: false }]);
    expect(loops.status()[0]!.ageMs).toBeGreaterThan(0);
    held.open();
    await until(() => status().lagMessages === 0);
    expect(status().lagSeconds).toBe(0);
    await until(() => loops.status()[0]?.ageMs === 0);
  });
});
