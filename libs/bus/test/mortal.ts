import type { EventStore } from '@tongbao/event-store';
import type { Bus, BusServer } from '../src/index.js';
import type { GroupSetup, ProcessSetup } from './harness.js';

/** Whether a process lives, and how long it still may. */
export class Life {
  #dead = false;
  #writes = 0;

  constructor(
    private readonly dieAt?: ProcessSetup['dieAt'],
    private readonly onDeath: () => void = () => undefined,
  ) {}

  get dead(): boolean {
    return this.#dead;
  }

  /** At once, as by kill -9. */
  end(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.onDeath();
  }

  async write<T>(work: () => Promise<T>): Promise<T> {
    this.#writes += 1;
    const last = this.dieAt !== undefined && this.#writes === this.dieAt.write;
    if (last && !this.dieAt.after) this.end();
    if (this.#dead) return new Promise(() => undefined);
    const result = await work();
    if (last) this.end();
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

/** The servers of a process's groups, with handlers that do nothing once it is dead. */
export const declareGroups = (bus: Bus, groups: readonly GroupSetup[], life: Life): Map<string, BusServer> =>
  new Map(groups.map((group) => [group.group, declare(bus, group, life)]));

function declare(bus: Bus, { group, handlers, topics }: GroupSetup, life: Life): BusServer {
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

export const listening = (server: BusServer): Promise<void> =>
  new Promise((resolve, reject) => server.listen((error) => (error instanceof Error ? reject(error) : resolve())));
