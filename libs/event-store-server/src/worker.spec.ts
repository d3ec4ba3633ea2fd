import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EventStoreDBClient } from '@eventstore/db-client';
import { buildForProcesses } from '../test/build.js';
import { collect, event, events, failureOf, temporaryFolder } from '../test/harness.js';
import { verifyStore, type startEventStoreWorker } from './index.js';

let start: typeof startEventStoreWorker;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  const dist = await buildForProcesses('run-worker');
  ({ startEventStoreWorker: start } = (await import(pathToFileURL(join(dist, 'worker-host.js')).href)) as {
    startEventStoreWorker: typeof start;
  });
});
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('an event store in a thread of its own', () => {
  it('serves, counts, checks itself, and closes with everything stored', async () => {
    const worker = await start({ dataDir: folder.path });
    const client = EventStoreDBClient.connectionString(worker.connectionString);
    await client.appendToStream('thread-1', events(5));
    expect(await collect(client.readStream('thread-1'))).toHaveLength(5);
    expect(await worker.stats()).toMatchObject({ lastPosition: 5, writes: 1 });
    expect(await worker.verifyAll()).toEqual({ events: 5, damaged: [], ok: true });
    await client.dispose();
    await worker.close();
    expect(await failureOf(worker.stats())).toMatchObject({ message: 'The event store has ended.' });
    expect(await verifyStore(folder.path)).toMatchObject({ events: 5, ok: true });
  });

  it('refuses a folder in use by the name of it', async () => {
    const worker = await start({ dataDir: folder.path });
    const error = await failureOf(start({ dataDir: folder.path }));
    expect(error).toMatchObject({ name: 'EventStoreLockedError', code: 'EVENT_STORE_LOCKED', dataDir: folder.path });
    await worker.close();
  });

  it('tells its host of a commit that failed', async () => {
    const fatal = Promise.withResolvers<Error>();
    const worker = await start({ dataDir: folder.path, limits: { maxDatabasePages: 30 }, onFatal: fatal.resolve });
    const client = EventStoreDBClient.connectionString(worker.connectionString);
    await failureOf(client.appendToStream('full-1', event('Big', { text: 'x'.repeat(500_000) })));
    expect(await fatal.promise).toMatchObject({ code: 'EVENT_STORE_FATAL', message: expect.stringContaining('full') });
    await client.dispose();
    await worker.close();
  });
});
