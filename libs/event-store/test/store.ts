import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { EventStore, type EventStoreOptions } from '../src/event-store.js';

/** A real embedded event store on disk, which a test may stop and start again at the same port. */
export class TestStore {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'tongbao-store-'));
  server!: EventStoreServer;
  store!: EventStore;

  static async begin(options?: EventStoreOptions): Promise<TestStore> {
    const test = new TestStore();
    test.server = await startEventStoreServer({ dataDir: test.dataDir, port: 0 });
    test.store = EventStore.connect(test.server.connectionString, options);
    return test;
  }

  /** Stops the server, and starts it again where clients look for it. */
  async bounce(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { port } = this.server;
    await this.server.close();
    await meanwhile();
    this.server = await startEventStoreServer({ dataDir: this.dataDir, port });
  }

  async end(): Promise<void> {
    await this.store.close();
    await this.server.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export interface Counted {
  type: 'Counted';
  number: number;
}

export const counted = (number: number): Counted => ({ type: 'Counted', number });
