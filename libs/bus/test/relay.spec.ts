import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStore, idOf, LogFeed, StoreUnavailable, type DomainEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { EmbeddedTransport, type Publisher } from '../src/index.js';
import type { MessageSent } from '../src/bus-stream.js';
import { Life, mortalStore, storeThrough } from './mortal.js';
import { commandTopic, until } from './harness.js';

interface HoldsNeeded extends DomainEvent {
  type: 'HoldsNeeded';
  holds: number[];
}

/** Publishes a command for each hold that an event asks for. */
const publisherOf = (service: string, topic: string = commandTopic): Publisher => ({
  service,
  categories: [service],
  publish: ({ event, stream }) => (event as HoldsNeeded).holds.map((n) => ({ topic, key: idOf(stream), type: 'PlaceHold', data: { n } })),
});

describe('the relay of the embedded bus', () => {
  let server: EventStoreServer;
  let store: EventStore;
  const feeds: LogFeed[] = [];

  beforeEach(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
  });
  afterEach(async () => {
    // Not awaited: what a dead process is at never ends.
    for (const feed of feeds.splice(0)) void feed.stop();
    void store.close();
    await server.close();
  });

  const start = async (publishers: Publisher[], seen: EventStore = store, everyMessages = 1_000) => {
    const feed = new LogFeed(seen, { categories: publishers.flatMap(({ categories }) => [...categories]) });
    await feed.start();
    feeds.push(feed);
    const transport = new EmbeddedTransport({ store: seen, feed, publishers, save: { everyMessages, everyMs: 1_000_000 } });
    await transport.start();
    return transport;
  };
  const need = (service: string, stream: string, ...holds: number[]) => {
    const event: HoldsNeeded = { type: 'HoldsNeeded', holds };
    return store.append(`${service}-${stream}`, 'any', [event], {
      commandId: `${service} ${holds.join()}`,
      correlationId: 'order 7',
      traceparent: '00-a-b-01',
    });
  };
  const relayed = () => store.read<MessageSent>(`bus_${commandTopic}`);
  const numbers = async () => (await relayed()).map(({ event }) => (event.payload as { n: number }).n);

  it('appends what its service publishes to command topics, in log order', async () => {
    const transport = await start([publisherOf('payment')]);
    const { position } = await need('payment', 'p1', 1, 2);
    await need('payment', 'p2', 3);
    await until(async () => (await relayed()).length === 3);
    const [first, second] = await relayed();
    expect(await numbers()).toEqual([1, 2, 3]);
    expect(first?.event).toMatchObject({
      key: 'p1',
      headers: {
        ce_type: 'PlaceHold',
        ce_source: 'payment',
        ce_specversion: '1.0',
        ce_correlationid: 'order 7',
        traceparent: '00-a-b-01',
        'tongbao-position': String(position),
      },
    });
    const { ce_causationid: cause } = first!.event.headers;
    expect([first, second].map((message) => message?.event.headers['ce_id'])).toEqual([`${cause}:0`, `${cause}:1`]);
    expect(transport.relays()).toMatchObject([{ service: 'payment', relayed: 3 }]);
    await transport.stop();
  });

  it.each([1, 2, 3])('appends nothing twice when it dies after its write %d', async (write) => {
    for (let n = 0; n < 4; n += 1) await need('payment', `p${n}`, 2 * n, 2 * n + 1);
    const life = new Life({ write, after: true });
    await start([publisherOf('payment')], mortalStore(store, life), 1);
    await until(async () => life.dead && (await relayed()).length > 0);
    await need('payment', 'p9', 8, 9);
    const transport = await start([publisherOf('payment')]);
    await until(async () => (await relayed()).length >= 10);
    expect(await numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await transport.stop();
  });

  it('appends nothing twice when the outcome of an append is unknown', async () => {
    let writes = 0;
    const doubtful = storeThrough(store, async (write) => {
      const result = await write();
      writes += 1;
      if (writes === 1) throw new StoreUnavailable('no answer');
      return result;
    });
    const transport = await start([publisherOf('payment')], doubtful);
    for (let n = 0; n < 4; n += 1) await need('payment', `p${n}`, n);
    const last = await need('payment', 'p9', 4);
    await until(() => (transport.relays()[0]?.position ?? 0n) >= last.position);
    expect(writes).toBeGreaterThanOrEqual(1);
    expect(await numbers()).toEqual([0, 1, 2, 3, 4]);
  });

  it('finds its own last message among those of other services', async () => {
    const both = [publisherOf('payment'), publisherOf('settlement')];
    for (let n = 0; n < 150; n += 1) await need('settlement', 's', n);
    await need('payment', 'p', 1_000);
    const first = await start(both);
    await until(async () => (await relayed()).length === 151);
    for (let n = 150; n < 300; n += 1) await need('settlement', 's', n);
    await until(async () => (await relayed()).length === 301);
    expect(first.relays().map(({ error }) => error)).toEqual([undefined, undefined]);
    // Nothing was saved: both begin again, and find their messages at the end of the stream, however far back.
    await need('payment', 'p', 1_001);
    await until(async () => (await relayed()).length === 302);
    const second = await start(both);
    await need('payment', 'p', 1_002);
    await until(async () => (await numbers()).includes(1_002));
    expect((await numbers()).filter((n) => n >= 1_000)).toEqual([1_000, 1_001, 1_002]);
    await second.stop();
  });

  it('serves a service that fills no event topic, and needs none for a service that reads nothing', async () => {
    const silent: Publisher = { service: 'notification', categories: [], topics: [], publish: () => [] };
    const transport = await start([{ ...publisherOf('payment'), topics: [] }, silent]);
    await need('payment', 'p', 1);
    await until(async () => (await relayed()).length === 1);
    expect(transport.relays().map(({ service }) => service)).toEqual(['payment']);
  });

  it('stands still with an error at a message to a topic that does not exist', async () => {
    const transport = await start([publisherOf('payment', 'tongbao.nowhere.commands')]);
    await need('payment', 'p', 1);
    await until(() => transport.relays()[0]?.error !== undefined);
    expect(transport.relays()[0]?.error).toMatch(/tongbao.nowhere.commands, which does not exist/);
  });
});
