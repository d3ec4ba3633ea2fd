import { EventStore, idOf, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { Bus, busCategories, BusClient, EmbeddedTransport, type Publisher } from '../src/index.js';
import { newsTopic, type BusHarness, type GroupSetup, type ProcessSetup, type TestProcess, type World } from './harness.js';

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

/** Whether a process lives, and how long it still may. */
export class Life {
  dead = false;
  #writes = 0;

  constructor(private readonly dieAt?: ProcessSetup['dieAt']) {}

  async write<T>(work: () => Promise<T>): Promise<T> {
    this.#writes += 1;
    const last = this.dieAt !== undefined && this.#writes === this.dieAt.write;
    if (last && !this.dieAt.after) this.dead = true;
    if (this.dead) return new Promise(() => undefined);
    const result = await work();
    if (last) this.dead = true;
    return this.dead ? new Promise(() => undefined) : result;
  }
}

/** A store whose writes go through a function. */
export function storeThrough(store: EventStore, through: (write: () => Promise<unknown>) => Promise<unknown>): EventStore {
  return new Proxy(store, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      return name === 'append' || name === 'keepNewest' ? (...args: unknown[]) => through(() => Promise.resolve(call(...args))) : call;
    },
  });
}

/** The store as a mortal process sees it: once it is dead, nothing that it asks for happens or returns. */
export const mortalStore = (store: EventStore, life: Life): EventStore => storeThrough(store, (write) => life.write(write));

async function startProcess(shared: EventStore, setup: ProcessSetup): Promise<TestProcess> {
  const life = new Life(setup.dieAt);
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
  const bus = new Bus({ transport, store, backoff: { firstMs: 1, maxMs: 4 } });
  const servers = new Map(setup.groups.map((group) => [group.group, declare(bus, group, life)]));
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
    crash: () => {
      life.dead = true;
      void feed.stop();
    },
    get dead() {
      return life.dead;
    },
  };
}

function declare(bus: Bus, { group, handlers, topics }: GroupSetup, life: Life) {
  const server = bus.server(group, topics);
  for (const [topic, types] of Object.entries(handlers)) {
    for (const [type, handler] of Object.entries(types)) {
      server.addHandler(
        { group, topic, type },
        (message) => (life.dead ? new Promise(() => undefined) : Promise.resolve(handler(message))),
        true,
      );
    }
  }
  return server;
}

const listening = (server: ReturnType<typeof declare>): Promise<void> =>
  new Promise((resolve, reject) => server.listen((error) => (error instanceof Error ? reject(error) : resolve())));

export const embeddedHarness: BusHarness = {
  async open(): Promise<World> {
    const server = await startEventStoreServer({ dataDir: ':memory:' });
    const store = EventStore.connect(server.connectionString);
    const client = new BusClient(store);
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
          if (process.dead) process.crash();
          else await process.stop();
        }
        // The client's dispose may wait for ever for subscriptions that have ended already; the server's end is what counts here.
        void store.close();
        await server.close();
      },
    };
  },
};
