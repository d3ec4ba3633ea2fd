import { EventStore, idOf, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { Bus, busCategories, BusClient, EmbeddedTransport, type Publisher } from '../src/index.js';
import { newsTopic, type BusHarness, type ProcessSetup, type TestProcess, type World } from './harness.js';
import { declareGroups, Life, listening, mortalStore } from './mortal.js';

interface Counted {
  type: string;
  n: number;
}

const publisher: Publisher = {
  service: 'payment',
  categories: ['payment'],
  publish: ({ event, stream }) => [{ topic: newsTopic, key: idOf(stream), type: event.type, data: { n: (event as Counted).n } }],
};

const rhythms = {
  each: { everyMessages: 1, everyMs: 1 },
  soon: { everyMessages: 3, everyMs: 5 },
  'at-stop': { everyMessages: Infinity, everyMs: 1_000_000 },
};

async function startProcess(shared: EventStore, setup: ProcessSetup): Promise<TestProcess> {
  const life: Life = new Life(setup.dieAt, () => void feed.stop());
  const store = mortalStore(shared, life);
  const consumed = setup.groups.flatMap(({ handlers }) => Object.keys(handlers));
  const feed = new LogFeed(store, { categories: busCategories([publisher], consumed) });
  await feed.start();
  const transport = new EmbeddedTransport({
    store,
    feed,
    publishers: [publisher],
    save: rhythms[setup.save ?? 'soon'],
    maxOpen: setup.maxOpen,
  });
  const bus = new Bus({ transport, store, backoff: { firstMs: 1, maxMs: 4 }, ...(setup.check && { check: setup.check }) });
  const servers = declareGroups(bus, setup.groups, life);
  const stop = async () => {
    await bus.stop();
    await feed.stop();
  };
  try {
    await Promise.all([...servers.values()].map((server) => listening(server)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server: (group) => servers.get(group)!,
    deadLetters: (group) => bus.deadLetters(group),
    status: (group) => servers.get(group)!.groupStatus(),
    stop,
    crash: () => life.end(),
    get dead() {
      return life.dead;
    },
  };
}

export const embeddedHarness: BusHarness = {
  async open(): Promise<World> {
    const server = await startEventStoreServer({ dataDir: ':memory:' });
    const store = EventStore.connect(server.connectionString);
    const client = new BusClient(new EmbeddedTransport({ store, feed: new LogFeed(store, { categories: [] }), publishers: [] }));
    const processes: TestProcess[] = [];
    let sent = 0;
    return {
      emit: async (key, type, n) => {
        sent += 1;
        const event: Counted = { type, n };
        await store.append(`payment-${key}`, 'any', [event], { commandId: `emit ${sent}` });
      },
      send: async (topic, key, type, n) => {
        await client.send({ topic, key, type, data: { n } });
      },
      sendRaw: async (message) => {
        await client.sendRaw(message);
      },
      start: async (setup) => {
        const process = await startProcess(store, setup);
        processes.push(process);
        return process;
      },
      close: async () => {
        for (const process of processes) {
          if (!process.dead) await process.stop();
        }
        // The client's dispose may wait for ever for subscriptions that have ended already; the server's end is what counts here.
        void store.close();
        await server.close();
      },
    };
  },
};
