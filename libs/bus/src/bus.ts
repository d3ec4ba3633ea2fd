import type { EventStore } from '@tongbao/event-store';
import { BusClient } from './bus-client.js';
import { BusServer, type BusServerOptions, type GroupStatus } from './bus-server.js';
import type { DeadLetterOps } from './dead-letter.ops.js';
import type { Transport } from './transport.js';

export interface BusOptions extends Pick<BusServerOptions, 'backoff' | 'now' | 'onIncident' | 'check' | 'loops'> {
  transport: Transport;
  store: EventStore;
}

/** A process's side of the bus: its consumer groups, its client, and what ops ask of them. */
export class Bus {
  readonly client: BusClient;
  readonly #servers = new Map<string, BusServer>();

  constructor(private readonly options: BusOptions) {
    this.client = new BusClient(options.transport, options.now);
  }

  /** The Nest strategy of a group; asked once for each group that the process hosts. */
  server(group: string, topics?: readonly string[]): BusServer {
    if (this.#servers.has(group)) throw new Error(`the group ${group} has a server already`);
    const server = new BusServer({ ...this.options, group, ...(topics && { topics }) });
    this.#servers.set(group, server);
    return server;
  }

  get groups(): string[] {
    return [...this.#servers.keys()];
  }

  /** @throws Error when the process does not host the group, or it does not run yet */
  deadLetters(group: string): DeadLetterOps {
    const server = this.#servers.get(group);
    if (!server) throw new Error(`this process does not host the group ${group}`);
    return server.deadLetters;
  }

  status(): GroupStatus[] {
    return [...this.#servers.values()].map((server) => server.groupStatus());
  }

  /** Begins to publish; a process without groups needs it, servers do it by themselves. */
  start(): Promise<void> {
    return this.options.transport.start();
  }

  /** Stops the groups, then publishing. */
  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    await this.options.transport.stop();
  }
}
