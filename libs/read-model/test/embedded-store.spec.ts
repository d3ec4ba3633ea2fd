import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { ProjectionRunner, type SqlClient } from '../src/index.js';
import { databases, type TestDatabase } from './databases.js';
import { paymentEvent, paymentsProjection } from './payments.projection.js';

describe.each(databases)('over the real store and %s', (_, open) => {
  let server: EventStoreServer;
  let database: TestDatabase;
  let store: EventStore;
  let client: SqlClient;
  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    database = await open();
    client = database.client;
  }, 180_000);
  afterAll(async () => {
    await database.close();
    await store.close();
    await server.close();
  });

  async function append(from: number, to: number): Promise<bigint> {
    const appended = Array.from({ length: to - from }, (_, index) => {
      const payment = `p${from + index}`;
      const events = [paymentEvent(payment, 'Requested'), paymentEvent(payment, 'Captured')];
      return store.append(`payment-${payment}`, 'no_stream', events, { commandId: `pay ${payment}` });
    });
    return (await Promise.all(appended)).reduce((last, { position }) => (position > last ? position : last), 0n);
  }

  async function start(): Promise<{ feed: LogFeed; runner: ProjectionRunner }> {
    const feed = new LogFeed(store, { categories: ['payment'] });
    await feed.start();
    return { feed, runner: await ProjectionRunner.start(client, feed, paymentsProjection('real')) };
  }

  it('follows, is rebuilt equal while payments come in, and goes on after a restart', async () => {
    await append(0, 400);
    const { feed, runner } = await start();
    const coming = append(400, 800);
    const result = await runner.rebuild();
    expect(result).toMatchObject({ equal: true, generation: 2 });
    expect(await runner.reached(await coming, 10_000)).toBe(true);
    await runner.stop();
    await feed.stop();

    const last = await append(800, 1_000);
    const restarted = await start();
    expect(await restarted.runner.reached(last, 10_000)).toBe(true);
    expect(await client.query('SELECT sum(payments)::integer AS captured FROM real.days')).toEqual([{ captured: 1_000 }]);
    expect(await restarted.runner.compare()).toMatchObject({ equal: true, events: 2_000 });
    await restarted.feed.stop();
  });
});
