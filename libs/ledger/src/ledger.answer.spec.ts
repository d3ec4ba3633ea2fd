import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EventStore, LogFeed, Outage } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { soleLeader, systemClock } from '@tongbao/service';
import { pino } from 'pino';
import { postEntry, transfer } from '../test/builders.js';
import { ledgerCategories } from './ledger.module.js';
import { Ledger } from './ledger.js';

let dataDir: string;
let server: EventStoreServer;
let store: EventStore;
let feed: LogFeed;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ledger-answer-'));
  server = await startEventStoreServer({ dataDir });
  store = EventStore.connect(server.connectionString);
  feed = new LogFeed(store, { categories: ledgerCategories });
  await feed.start();
});
afterEach(async () => {
  await feed.stop();
  await store.close();
  await server.close();
  rmSync(dataDir, { recursive: true });
});

it('whoever waits while the store is down is told so, and has the outcome under the same id when it is back', async () => {
  const parts = { store, feed, clock: systemClock, logger: pino({ level: 'silent' }), healthChecks: [], leadership: soleLeader };
  const ledger = new Ledger({ ...parts, answerWithinMs: 50 });
  await ledger.onApplicationBootstrap();
  const { port } = server;
  await server.close();
  const command = postEntry('post-1', [transfer('hub:fees', 'hub:losses', 1)]);
  await expect(ledger.answer(command)).rejects.toThrow(Outage);
  server = await startEventStoreServer({ dataDir, port });
  expect(await ledger.submit(command)).toMatchObject({ result: 'accepted', entry: 0, replayed: true });
  await ledger.beforeApplicationShutdown();
});
