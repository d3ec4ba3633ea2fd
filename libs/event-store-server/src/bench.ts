import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { openDatabase } from './database.js';
import { EventStore } from './event-store.js';
import type { ProposedEvent, WriteOutcome } from './events.js';
import { startEventStoreServer } from './server.js';

export interface BenchOptions {
  /** Where the temporary data goes, which decides what fsync costs; the system's folder for such by default. */
  readonly parentDir?: string;
  /** Events of each measurement inside the server; those through gRPC take a quarter of it. */
  readonly events?: number;
  /** Size of an event's data. */
  readonly dataBytes?: number;
}

/** Events per second. */
export interface BenchReport {
  /** By group size: appends of one event to streams of two events each, against bare SQLite inserts of the same data with the same durability. */
  readonly groups: { readonly size: number; readonly storeAppends: number; readonly bareInserts: number }[];
  /** Events of $all read from disk, checked and encoded. */
  readonly reads: number;
  /** Through gRPC with @eventstore/db-client, server and client in one thread: appends in flight 64 at a time, and a read of $all. */
  readonly grpcAppends: number;
  readonly grpcReads: number;
}

const METADATA = Buffer.from('{"correlationId":"00000000-0000-4000-8000-000000000000"}');

/** Measures the store on this machine, in a temporary folder that is removed afterwards. */
export async function benchEventStore(options: BenchOptions = {}): Promise<BenchReport> {
  const { parentDir = tmpdir(), events = 20_000, dataBytes = 400 } = options;
  const dir = await mkdtemp(join(parentDir, 'event-store-bench-'));
  try {
    const groups = [];
    let reads = 0;
    for (const size of [32, 128]) {
      const store = new EventStore({ dataDir: join(dir, `store-${size}`), limits: { recentEvents: 1 } });
      const storeAppends = await measureAppends(store, events, size, dataBytes);
      reads = measureReads(store, events);
      store.close();
      groups.push({ size, storeAppends, bareInserts: measureInserts(join(dir, `bare-${size}`), events, size, dataBytes) });
    }
    return { groups, reads, ...(await measureGrpc(join(dir, 'grpc'), Math.ceil(events / 4), dataBytes)) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const proposed = (dataBytes: number): ProposedEvent => ({
  id: randomBytes(16),
  type: 'BenchHappened',
  isJson: true,
  data: Buffer.alloc(dataBytes, 'x'),
  metadata: METADATA,
});

async function measureAppends(store: EventStore, events: number, size: number, dataBytes: number): Promise<number> {
  const append = (stream: string) =>
    new Promise<WriteOutcome>((done) => store.append({ stream, expected: 'any', deadlineMs: Infinity, done }, [proposed(dataBytes)]));
  const startedMs = performance.now();
  for (let count = 0; count < events; count += size)
    await Promise.all(Array.from({ length: size }, (_, index) => append(`bench-${(count + index) >> 1}`)));
  return perSecond(events, startedMs);
}

function measureReads(store: EventStore, events: number): number {
  const startedMs = performance.now();
  for (let from = 1; from < events;) {
    const page = store.all.forward(from, undefined);
    for (const event of page.events) store.wireOf(event, false);
    from = page.considered + 1;
  }
  return perSecond(events, startedMs);
}

/** One table with the columns of ours, and nothing else: the least that any store on SQLite pays. */
function measureInserts(dataDir: string, events: number, size: number, dataBytes: number): number {
  const database = openDatabase({ dataDir });
  database.exec(`CREATE TABLE bare(pos INTEGER PRIMARY KEY, sid INTEGER, rev INTEGER, type TEXT, created INTEGER, id BLOB, data BLOB, meta BLOB);
    CREATE UNIQUE INDEX bare_by_stream ON bare(sid, rev)`);
  const insert = database.prepare('INSERT INTO bare(sid, rev, type, created, id, data, meta) VALUES (?, ?, ?, ?, ?, ?, ?)');
  const startedMs = performance.now();
  for (let count = 0; count < events; count += size) {
    database.exec('BEGIN IMMEDIATE');
    for (let index = count; index < count + size; index += 1) {
      const { id, type, data, metadata } = proposed(dataBytes);
      insert.run(index >> 1, index & 1, type, Date.now(), id, data, metadata);
    }
    database.exec('COMMIT');
  }
  const rate = perSecond(events, startedMs);
  database.close();
  return rate;
}

async function measureGrpc(dataDir: string, events: number, dataBytes: number): Promise<{ grpcAppends: number; grpcReads: number }> {
  const server = await startEventStoreServer({ dataDir });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  const data = { text: 'x'.repeat(dataBytes) };
  let next = 0;
  const writer = async () => {
    while (next < events) await client.appendToStream(`bench-${next++ >> 1}`, jsonEvent({ type: 'BenchHappened', data }));
  };
  const appendsStartedMs = performance.now();
  await Promise.all(Array.from({ length: 64 }, writer));
  const grpcAppends = perSecond(events, appendsStartedMs);
  const readsStartedMs = performance.now();
  let read = 0;
  for await (const { event } of client.readAll()) if (event) read += 1;
  const grpcReads = perSecond(read, readsStartedMs);
  await client.dispose();
  await server.close();
  return { grpcAppends, grpcReads };
}

const perSecond = (count: number, startedMs: number): number => Math.round((count * 1000) / (performance.now() - startedMs));
