import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage, type LogFeed } from '@tongbao/event-store';
import { setImmediate as turn } from 'node:timers/promises';
import {
  CheckpointLost,
  drizzleOver,
  NotLeading,
  ProjectionReplica,
  ProjectionRunner,
  queriesOver,
  SqlError,
  type ProjectionStatus,
  type SqlClient,
} from '../src/index.js';
import { PostgresServer } from './databases.js';
import { FakeLog } from './fake-log.js';
import { paymentEvent, paymentsProjection } from './payments.projection.js';

/** Each process has connections of its own. */
let server: PostgresServer;
let first: SqlClient;
let second: SqlClient;
beforeAll(async () => {
  server = await PostgresServer.start();
  [first, second] = await Promise.all([server.open(), server.open()]);
}, 180_000);
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
  await server.remove();
});

const append = (log: FakeLog, payment: string): bigint => log.append(`payment-${payment}`, paymentEvent(payment, 'Captured'));
const logOf = (payments: number): FakeLog => {
  const log = new FakeLog();
  for (let number = 0; number < payments; number += 1) append(log, `p${number % 10}`);
  return log;
};
const capturedIn = async (schema: string): Promise<unknown> =>
  (await first.arrays(`SELECT coalesce(sum(payments), 0)::integer FROM "${schema}".days`))[0]?.[0];
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await turn();
};
const stop = async (feed: LogFeed, ...projections: { stop(): Promise<void> }[]): Promise<void> => {
  await Promise.all(projections.map((projection) => projection.stop()));
  await feed.stop();
};
const failuresOf = () => {
  const failures: unknown[] = [];
  return { failures, onFailure: (_: string, error: unknown) => void failures.push(error) };
};

describe('the first start of everything on an empty database', () => {
  it('may be done by any number of processes at the same moment', async () => {
    const log = logOf(20);
    const clients = await Promise.all(Array.from({ length: 6 }, () => server.open({ connections: 2 })));
    const feed = await log.feed();
    const names = ['at_once_a', 'at_once_b', 'at_once_c'];
    const runners = await Promise.all(
      clients.flatMap((client) => names.map((name) => ProjectionRunner.start(client, feed, paymentsProjection(name)))),
    );
    for (const name of names) {
      await until(() => runners.some((runner) => runner.name === name && runner.status().position === log.last));
      expect(await capturedIn(name)).toBe(20);
    }
    await stop(feed, ...runners);
    await Promise.all(clients.map((client) => client.close()));
  });
});

describe('two processes that both hold themselves for the leader', () => {
  it('never both write: the one of the earlier epoch is refused from the moment that the later one begins', async () => {
    const log = logOf(50);
    const [feed, otherFeed] = [await log.feed(), await log.feed()];
    const { failures, onFailure } = failuresOf();
    const projection = paymentsProjection('led');
    const old = await ProjectionRunner.start(first, feed, projection, { epoch: 3, onFailure, minIntervalMs: 0 });
    expect(await old.reached(log.last, 10_000)).toBe(true);
    const later = await ProjectionRunner.start(second, otherFeed, projection, { epoch: 4, minIntervalMs: 0 });
    for (let number = 0; number < 100; number += 1) append(log, `q${number % 10}`);
    expect(await later.reached(log.last, 10_000)).toBe(true);
    await until(() => old.status().state === 'failed');
    expect(failures).toEqual([expect.any(CheckpointLost)]);
    expect(String(failures[0])).toContain('led under epoch 4: somebody else writes it');
    expect(await capturedIn('led')).toBe(150);
    expect(await later.compare()).toMatchObject({ equal: true });
    await expect(ProjectionRunner.start(first, feed, projection, { epoch: 3 })).rejects.toBeInstanceOf(CheckpointLost);
    await stop(feed, old);
    await stop(otherFeed, later);
  });

  it('learn of it even if no event ever comes', async () => {
    const log = logOf(5);
    const feed = await log.feed();
    const { failures, onFailure } = failuresOf();
    const projection = paymentsProjection('led_idle');
    const old = await ProjectionRunner.start(first, feed, projection, { epoch: 1, onFailure });
    expect(await old.reached(log.last, 10_000)).toBe(true);
    const later = await ProjectionRunner.start(second, feed, projection, { epoch: 2 });
    await until(() => old.status().state === 'failed');
    expect(failures).toEqual([expect.any(CheckpointLost)]);
    // Whoever asks the feed for its folds sees the failure too.
    await until(() => feed.status().some(({ state }) => state === 'failed'));
    expect(later.status().state).toBe('running');
    await stop(feed, old, later);
  });

  it('without epochs are told apart by the checkpoint alone', async () => {
    const log = logOf(0);
    const feeds = [await log.feed(), await log.feed()];
    const { failures, onFailure } = failuresOf();
    const runners = await Promise.all(
      feeds.map((feed, index) =>
        ProjectionRunner.start(index === 0 ? first : second, feed, paymentsProjection('unfenced'), { onFailure, minIntervalMs: 0 }),
      ),
    );
    for (let number = 0; number < 300; number += 1) {
      append(log, `p${number % 10}`);
      if (number % 7 === 0) await turn();
    }
    await until(() => failures.length === 1);
    const [winner] = runners.filter((runner) => runner.status().state !== 'failed');
    expect(await winner!.reached(log.last, 10_000)).toBe(true);
    expect(await capturedIn('unfenced')).toBe(300);
    expect(await winner!.compare()).toMatchObject({ equal: true });
    await Promise.all(runners.map((runner, index) => stop(feeds[index]!, runner)));
  });

  it('do not take the tables from under each other by a rebuild', async () => {
    const log = logOf(100);
    const feed = await log.feed();
    const projection = paymentsProjection('led_rebuilt');
    const old = await ProjectionRunner.start(first, feed, projection, { epoch: 1, maxBatch: 10 });
    expect(await old.reached(log.last, 10_000)).toBe(true);
    let takeover: Promise<ProjectionRunner> | undefined;
    const rebuild = old.rebuild(() => {
      takeover ??= ProjectionRunner.start(second, feed, projection, { epoch: 2 });
    });
    await expect(rebuild).rejects.toBeInstanceOf(CheckpointLost);
    const later = await takeover!;
    // The earlier leader may not drop what the later one goes on with.
    expect(later.status().rebuilding).toMatchObject({ reason: 'rebuild', generation: 2, stopped: true });
    expect(await later.resumeBuild()).toMatchObject({ equal: true, generation: 2 });
    expect(await later.rebuild()).toMatchObject({ equal: true, generation: 3, events: 100 });
    expect(await capturedIn('led_rebuilt')).toBe(100);
    await stop(feed, old, later);
  });
});

describe('a replica of a projection', () => {
  it('waits for tables that nobody has made yet, and queries meanwhile are outages rather than errors', async () => {
    const log = logOf(5);
    const feed = await log.feed();
    const projection = paymentsProjection('awaited');
    const replica = new ProjectionReplica(first, feed, projection);
    const queries = queriesOver(first, [replica]);
    const database = drizzleOver(queries);
    expect(replica.status()).toMatchObject({ state: 'missing', generation: 0, position: 0n });
    expect(await replica.reached(1n, 50)).toBe(false);
    const error: unknown = await queries.query('SELECT * FROM awaited.payments').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Outage);
    expect(String(error)).toContain('the read model is being made');
    await expect(queries.transaction((tx) => tx.query('SELECT * FROM awaited.payments'))).rejects.toBeInstanceOf(Outage);
    const waiting = replica.reached(log.last, 20_000);
    const leader = new ProjectionReplica(second, feed, projection);
    await leader.lead(1);
    expect(await waiting).toBe(true);
    expect(await database.select().from(projection.tables.payments)).toHaveLength(5);
    await expect(queries.query('SELECT * FROM awaited.refunds')).rejects.toBeInstanceOf(SqlError);
    expect(replica.status()).toMatchObject({ state: 'following', version: 1, generation: 1, position: 5n, head: 5n, lagMs: 0 });
    await stop(feed, replica, leader);
  });

  it('follows what the leader folds, and positions at which nothing came for it', async () => {
    const log = logOf(0);
    const feeds = [await log.feed({ categories: ['payment', 'window'] }), await log.feed({ categories: ['payment', 'window'] })];
    const projection = paymentsProjection('followed');
    const leader = new ProjectionReplica(first, feeds[0]!, projection);
    await leader.lead(1);
    const replica = new ProjectionReplica(second, feeds[1]!, projection);
    for (let round = 1; round <= 3; round += 1) {
      expect(await replica.reached(append(log, 'a'), 10_000)).toBe(true);
      expect(await second.arrays('SELECT sum(payments)::integer FROM followed.days')).toEqual([[round]]);
      expect(await replica.reached(log.append('window-1', { type: 'Opened' }), 10_000)).toBe(true);
    }
    expect(await replica.reached(log.last + 1n, 50)).toBe(false);
    await stop(feeds[0]!, leader);
    await stop(feeds[1]!, replica);
  });

  it('that has started after the last event of all learns how far the rows are', async () => {
    const log = logOf(3);
    const feed = await log.feed({ categories: ['payment', 'window'] });
    const projection = paymentsProjection('quiet');
    const leader = new ProjectionReplica(first, feed, projection);
    await leader.lead(1);
    expect(await leader.reached(log.append('window-1', { type: 'Opened' }), 10_000)).toBe(true);
    const laterFeed = await log.feed({ categories: ['payment', 'window'] });
    const replica = new ProjectionReplica(second, laterFeed, projection);
    expect(await replica.reached(log.last, 10_000)).toBe(true);
    await stop(feed, leader);
    await stop(laterFeed, replica);
  });

  it('refuses what only the leader can do, until it leads', async () => {
    const log = logOf(30);
    const feed = await log.feed();
    const { failures, onFailure } = failuresOf();
    const projection = paymentsProjection('handed_over');
    const old = new ProjectionReplica(first, feed, projection, { onFailure });
    const replica = new ProjectionReplica(second, feed, projection);
    await old.lead(1);
    expect(await replica.reached(log.last, 10_000)).toBe(true);
    await expect(replica.rebuild()).rejects.toBeInstanceOf(NotLeading);
    await expect(replica.compare()).rejects.toThrow('handed_over cannot be compared here: another process keeps its rows');
    // Someone waits while the lead changes hands.
    const waiting = replica.reached(log.last + 1n, 20_000);
    await replica.lead(2);
    append(log, 'next');
    expect(await waiting).toBe(true);
    expect(replica.status()).toMatchObject({ state: 'running', position: 31n });
    expect(await replica.rebuild()).toMatchObject({ equal: true, generation: 2 });
    await until(() => old.status().state === 'failed');
    expect(failures).toEqual([expect.any(CheckpointLost)]);
    await stop(feed, old, replica);
  });

  it('that comes to lead under an epoch that is over has failed', async () => {
    const log = logOf(1);
    const feed = await log.feed();
    const { failures, onFailure } = failuresOf();
    const projection = paymentsProjection('outdated');
    const leader = new ProjectionReplica(first, feed, projection);
    await leader.lead(9);
    const replica = new ProjectionReplica(second, feed, projection, { onFailure });
    await replica.lead(8);
    expect(failures).toEqual([expect.any(CheckpointLost)]);
    expect(replica.status()).toMatchObject({ state: 'failed', error: expect.stringContaining('led under epoch 9') });
    expect(leader.status().state).toBe('running');
    await stop(feed, leader, replica);
  });

  it('says that another version is being built while the leader builds it', async () => {
    const log = logOf(10);
    const oldFeed = await log.feed();
    const old = await ProjectionRunner.start(first, oldFeed, paymentsProjection('renewed'), { epoch: 1 });
    expect(await old.reached(log.last, 10_000)).toBe(true);
    await stop(oldFeed, old);
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const next = paymentsProjection('renewed', 2);
    const apply = async (...given: Parameters<typeof next.apply>): Promise<void> => {
      await gate;
      await next.apply(...given);
    };
    append(log, 'more');
    const feed = await log.feed();
    const replica = new ProjectionReplica(second, feed, next);
    const leader = new ProjectionReplica(first, feed, { ...next, apply });
    await leader.lead(2);
    const building: Partial<ProjectionStatus> = { state: 'building', version: 1, generation: 1, position: 10n };
    expect(leader.status()).toMatchObject(building);
    expect(await replica.reached(10n, 10_000)).toBe(true);
    await until(() => replica.status().rebuilding !== undefined);
    expect(replica.status()).toMatchObject({ ...building, rebuilding: { reason: 'version', generation: 2 } });
    expect(replica.isReady).toBe(false);
    open();
    expect(await replica.reached(11n, 10_000)).toBe(true);
    expect(replica.status()).toMatchObject({ state: 'following', version: 2, generation: 2 });
    await stop(feed, leader, replica);
  });

  it('is read without a fault while the leader rebuilds and switches', async () => {
    const log = logOf(200);
    const feed = await log.feed();
    const projection = paymentsProjection('switched');
    const leader = new ProjectionReplica(first, feed, projection);
    await leader.lead(1);
    expect(await leader.reached(log.last, 10_000)).toBe(true);
    const done = { rebuilding: true };
    const read = async (): Promise<number> => {
      let reads = 0;
      for (; done.rebuilding; reads += 1) {
        const seen = await second.transaction(async (tx) => [
          await tx.arrays('SELECT sum(payments)::integer FROM switched.days'),
          await tx.arrays('SELECT count(*)::integer FROM switched.payments'),
        ]);
        expect(seen).toEqual([[[200]], [[10]]]);
      }
      return reads;
    };
    const readers = [read(), read()];
    for (let generation = 2; generation <= 5; generation += 1) expect(await leader.rebuild()).toMatchObject({ equal: true, generation });
    done.rebuilding = false;
    for (const reads of await Promise.all(readers)) expect(reads).toBeGreaterThan(0);
    await stop(feed, leader);
  });
});
