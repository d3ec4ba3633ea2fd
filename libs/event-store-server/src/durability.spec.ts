import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { status } from '@grpc/grpc-js';
import { EventStoreDBClient, UnavailableError } from '@eventstore/db-client';
import { buildForProcesses } from '../test/build.js';
import {
  classic,
  collect,
  event,
  events,
  failureOf,
  idsOf,
  Recorder,
  startHarness,
  temporaryFolder,
  type Harness,
} from '../test/harness.js';
import { openDatabase } from './database.js';
import { EventStoreLockedError, startEventStoreServer, verifyStore } from './index.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const open = (options = {}): Promise<Harness> => startHarness({ dataDir: folder.path, ...options });

describe('a restart', () => {
  it('keeps all events, their order, metadata, tombstones, and goes on with the next position', async () => {
    const first = await open();
    const batch = events(3);
    await first.client.appendToStream('keep-1', batch);
    await first.client.appendToStream('gone-1', events(1));
    await first.client.tombstoneStream('gone-1');
    await first.client.setStreamMetadata('keep-1', { maxCount: 2 });
    const before = await collect(first.client.readAll());
    await first.stop();

    const second = await open();
    expect(await collect(second.client.readAll())).toEqual(before);
    expect(idsOf(await collect(second.client.readStream('keep-1')))).toEqual(batch.slice(1).map(({ id }) => id));
    expect(await failureOf(second.client.appendToStream('gone-1', events(1)))).toMatchObject({ type: 'stream-deleted' });
    const again = await second.client.appendToStream('keep-1', batch, { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(2n);
    const next = await second.client.appendToStream('keep-1', events(1));
    expect(next).toMatchObject({ nextExpectedRevision: 3n, position: { commit: BigInt(before.length + 1) } });
    await second.stop();
  });
});

describe('a graceful close', () => {
  it('answers the appends it has, refuses later ones, ends subscriptions, and leaves no log behind', async () => {
    const { server, client, raw } = await open();
    const recorder = await new Recorder(client.subscribeToAll()).until(({ seen }) => seen.includes('caughtUp'));
    const appends = await Promise.all(Array.from({ length: 20 }, (_, n) => client.appendToStream(`close-${n}`, event())));
    const closed = server.close();
    expect(server.close()).toBe(closed);
    await recorder.until(({ error }) => error !== undefined);
    expect(recorder.error).toBeInstanceOf(UnavailableError);
    raw.close();
    await client.dispose();
    await closed;
    const late = EventStoreDBClient.connectionString(server.connectionString);
    expect(await failureOf(late.appendToStream('close-1', event()))).toMatchObject({ code: status.UNAVAILABLE });
    await late.dispose();
    const report = await verifyStore(folder.path);
    expect(report).toEqual({ events: appends.length, damaged: [], ok: true });
  });
});

describe('the database', () => {
  it('is written so that a commit is on disk when it returns', () => {
    const database = openDatabase({ dataDir: folder.path });
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect([pragma('synchronous'), pragma('journal_mode'), pragma('locking_mode')]).toEqual([2, 'wal', 'exclusive']);
    database.close();
  });
});

describe('a folder in use', () => {
  it('is refused to a second instance with an error that names it, and is free after the first closes', async () => {
    const first = await open();
    const error = await failureOf<EventStoreLockedError>(startEventStoreServer({ dataDir: folder.path }));
    expect(error).toBeInstanceOf(EventStoreLockedError);
    expect(error.message).toContain(folder.path);
    expect(await failureOf(verifyStore(folder.path))).toBeInstanceOf(EventStoreLockedError);
    await first.client.appendToStream('still-1', event());
    await first.stop();
    const second = await open();
    expect(await collect(second.client.readAll())).toHaveLength(1);
    await second.stop();
  });
});

describe('a full disk', () => {
  it('acknowledges nothing of what it could not store, stops the store with a clear error, and keeps what was acknowledged', async () => {
    const fatal: Error[] = [];
    const { client, server, stop } = await open({ limits: { maxDatabasePages: 60 }, onFatal: (error: Error) => fatal.push(error) });
    const recorder = await new Recorder(client.subscribeToAll()).until(({ seen }) => seen.includes('caughtUp'));
    const acknowledged: string[] = [];
    let refusal: Error | undefined;
    for (let n = 0; refusal === undefined; n += 1) {
      const batch = [event('Big', { text: 'x'.repeat(9000) })];
      await client.appendToStream(`full-${n}`, batch).then(
        () => acknowledged.push(batch[0]!.id),
        (error: unknown) => (refusal = error as Error),
      );
    }
    expect(refusal).toBeInstanceOf(UnavailableError);
    expect(refusal.message).toContain('database or disk is full');
    expect(fatal).toHaveLength(1);
    expect(acknowledged.length).toBeGreaterThan(3);
    for (const mode of [{}, classic])
      expect(await failureOf(client.appendToStream('later-1', event(), mode))).toBeInstanceOf(UnavailableError);
    await recorder.until(({ error }) => error !== undefined);
    expect(recorder.error).toBeInstanceOf(UnavailableError);
    expect(server.stats().lastPosition).toBeGreaterThanOrEqual(acknowledged.length);
    await stop();

    const again = await open();
    expect(idsOf((await collect(again.client.readAll())) as never)).toEqual(acknowledged);
    expect((await again.client.appendToStream('again-1', event())).position?.commit).toBe(BigInt(acknowledged.length + 1));
    await again.stop();
    expect(await verifyStore(folder.path)).toMatchObject({ ok: true });
  });
});

describe('as a process of its own', () => {
  let dist: string;
  let children: ChildProcess[] = [];
  beforeAll(async () => {
    dist = await buildForProcesses('run-durability');
  });
  afterEach(async () => {
    for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    children = [];
  });

  async function run(): Promise<{ child: ChildProcess; line: { message: string; connectionString: string } }> {
    const child = spawn(process.execPath, [join(dist, 'main.js')], {
      env: { ...process.env, EVENT_STORE_DATA: folder.path, EVENT_STORE_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { child, line: JSON.parse(line) as { message: string; connectionString: string } };
  }

  it('refuses a second process on the same folder', async () => {
    const first = await run();
    const second = await run();
    expect(second.line).toMatchObject({ level: 'error', message: expect.stringContaining(folder.path) });
    if (second.child.exitCode === null) await once(second.child, 'exit');
    expect(second.child.exitCode).toBe(1);
    expect(first.child.exitCode).toBeNull();
  });

  it.each<[NodeJS.Signals]>([['SIGTERM'], ['SIGINT']])('ends on %s with everything stored and code 0', async (signal) => {
    const { child, line } = await run();
    const client = EventStoreDBClient.connectionString(line.connectionString);
    await client.appendToStream('end-1', events(3));
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await client.dispose();
    expect(await verifyStore(folder.path)).toEqual({ events: 3, damaged: [], ok: true });
  });

  it('killed in the middle of appends loses no acknowledged event, and holds no append in part', async () => {
    const { child, line } = await run();
    // The folder is the process's until it has ended, which may be after its connections have.
    const ended = once(child, 'exit');
    const client = EventStoreDBClient.connectionString(line.connectionString);
    const acknowledged: string[] = [];
    let isKilled = false;
    const writer = async (n: number) => {
      for (let round = 0; !isKilled; round += 1) {
        const batch = events(3);
        await client.appendToStream(`kill-${n}-${round}`, batch, { expectedRevision: 'no_stream' });
        acknowledged.push(...batch.map(({ id }) => id));
        if (acknowledged.length > 900) {
          isKilled = true;
          child.kill('SIGKILL');
        }
      }
    };
    await Promise.allSettled(Array.from({ length: 16 }, (_, n) => writer(n)));
    await client.dispose();
    await ended;

    const { client: after, stop } = await open();
    const stored = await collect(after.readAll());
    expect(new Set(idsOf(stored as never))).toEqual(expect.objectContaining({ size: stored.length }));
    const ids = new Set(idsOf(stored));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    const perStream = new Map<string, number>();
    for (const { event: e } of stored) perStream.set(e!.streamId, (perStream.get(e!.streamId) ?? 0) + 1);
    expect([...perStream.values()].every((size) => size === 3)).toBe(true);
    await stop();
    expect(await verifyStore(folder.path)).toMatchObject({ ok: true });
  });
});
