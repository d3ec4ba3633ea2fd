import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage, type LogFeed } from '@tongbao/event-store';
import { pgSchema, text } from 'drizzle-orm/pg-core';
import { drizzleOver, ProjectionRunner, type Rows, type SqlClient } from '../src/index.js';
import { databases, type TestDatabase } from './databases.js';
import { FakeLog } from './fake-log.js';
import { FlakyClient } from './flaky-client.js';
import { ForgettingClient } from './forgetting-client.js';
import { paymentEvent, paymentsProjection, type PaymentEvent } from './payments.projection.js';

describe.each(databases)('over %s', (_, open) => {
  let database: TestDatabase;
  let client: SqlClient;
  beforeAll(async () => {
    database = await open();
    client = database.client;
  }, 180_000);
  afterAll(async () => database.close());

  const log = (...payments: (string | PaymentEvent)[]): FakeLog => {
    const created = new FakeLog();
    for (const payment of payments) append(created, payment);
    return created;
  };
  const append = (to: FakeLog, payment: string | PaymentEvent): bigint => {
    const event = typeof payment === 'string' ? paymentEvent(payment, 'Captured') : payment;
    return to.append(`payment-${event.payment}`, event);
  };
  const capturedIn = async (schema: string): Promise<number> => {
    const [row] = await client.query<{ captured: number }>(`SELECT coalesce(sum(payments), 0)::integer AS captured FROM "${schema}".days`);
    return row?.captured ?? 0;
  };
  /** A runner's failure, to be waited for. */
  const awaitedFailure = () => {
    let onFailure: (projection: string, error: unknown) => void = () => undefined;
    const failure = new Promise<unknown>((resolve) => {
      onFailure = (_, error) => resolve(error);
    });
    return { failure, onFailure };
  };
  const stopped = async (feed: LogFeed, runner: ProjectionRunner): Promise<ProjectionRunner> => {
    await runner.stop();
    await feed.stop();
    return runner;
  };

  describe('a projection', () => {
    it('folds what the log holds and what comes, into rows that queries read under the plain names', async () => {
      const projection = paymentsProjection('folding');
      const source = log(paymentEvent('a', 'Requested', '9007199254740993'));
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, projection);
      const position = append(source, paymentEvent('a', 'Captured', '9007199254740993'));
      expect(await runner.reached(position, 60_000)).toBe(true);
      const { payments, days } = projection.tables;
      const steps = ['Requested', 'Captured'];
      const payment = { id: 'a', status: 'Captured', amount: 9007199254740993n, steps, note: null, updatedAt: '1970-01-01T00:00:00.002Z' };
      expect(await drizzleOver(client).select().from(payments)).toEqual([payment]);
      expect(await drizzleOver(client).select().from(days)).toEqual([
        { platform: 'platform_1', day: 2, payments: 1, total: 9007199254740993n },
      ]);
      expect(runner.status()).toEqual({ name: 'folding', version: 1, generation: 1, position: 2n, head: 2n, lagMs: 0, state: 'running' });
      await stopped(feed, runner);
    });

    it('writes a row once in a batch, however many events change it', async () => {
      const flaky = new FlakyClient(client);
      const source = log(...Array.from({ length: 300 }, () => 'hot'));
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(flaky, feed, paymentsProjection('coalescing'));
      expect(await runner.reached(source.last, 60_000)).toBe(true);
      expect(flaky.writes).toHaveLength(1);
      for (const rows of flaky.writes[0]!.slice(4)) expect(JSON.parse(rows as string)).toHaveLength(1);
      await stopped(feed, runner);
    });

    it('says that a position has not been reached when the time is over', async () => {
      const feed = await log('a').feed();
      const runner = await ProjectionRunner.start(client, feed, paymentsProjection('waiting'));
      expect(await runner.reached(1n, 60_000)).toBe(true);
      expect(await runner.reached(2n, 10)).toBe(false);
      await stopped(feed, runner);
    });

    it('passes over what is not for it without a write', async () => {
      const flaky = new FlakyClient(client);
      const source = log('a');
      const feed = await source.feed({ categories: ['payment', 'window'] });
      const runner = await ProjectionRunner.start(flaky, feed, paymentsProjection('passing'));
      for (let number = 0; number < 20; number += 1) {
        const position = source.append('window-1', { type: 'Opened' });
        expect(await runner.reached(position, 60_000)).toBe(true);
      }
      expect(flaky.writes).toHaveLength(1);
      expect(runner.status().position).toBe(21n);
      await stopped(feed, runner);
    });

    it.each([[['before']], [['after']], [['before', 'after', 'before']]] as ('before' | 'after')[][][])(
      'counts every event once when the database is lost %j a write',
      async (failures) => {
        const schema = `flaky_${failures.join('_')}`;
        const flaky = new FlakyClient(client);
        flaky.failures = [...failures];
        const source = log('a', 'b', 'a');
        const outages: unknown[] = [];
        const feed = await source.feed({ onOutage: (_, error) => outages.push(error) });
        const runner = await ProjectionRunner.start(flaky, feed, paymentsProjection(schema));
        expect(await runner.reached(3n, 60_000)).toBe(true);
        append(source, 'a');
        expect(await runner.reached(4n, 60_000)).toBe(true);
        expect(await capturedIn(schema)).toBe(4);
        expect(outages).toHaveLength(failures.length);
        expect(outages[0]).toBeInstanceOf(Outage);
        await stopped(feed, runner);
      },
    );

    it('counts every event once over restarts', async () => {
      const source = log();
      for (let restart = 0; restart < 6; restart += 1) {
        for (let number = 0; number < 40; number += 1) append(source, `p${number % 7}`);
        const feed = await source.feed();
        const runner = await ProjectionRunner.start(client, feed, paymentsProjection('restarted'), { maxBatch: 7, minIntervalMs: 0 });
        // Stops somewhere on the way.
        await runner.reached(source.last - BigInt(restart * 5), 60_000);
        await stopped(feed, runner);
      }
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, paymentsProjection('restarted'));
      expect(await runner.reached(source.last, 60_000)).toBe(true);
      expect(await capturedIn('restarted')).toBe(240);
      expect(runner.status().generation).toBe(1);
      await stopped(feed, runner);
    });

    it('stops for good at an event that it cannot fold, and stores nothing of that batch', async () => {
      const projection = paymentsProjection('failing');
      const source = log('a', 'b');
      const feed = await source.feed();
      const { failure, onFailure } = awaitedFailure();
      const runner = await ProjectionRunner.start(client, feed, projection, { onFailure });
      expect(await runner.reached(2n, 60_000)).toBe(true);
      append(source, { ...paymentEvent('c', 'Captured'), amountMinor: 'much' });
      expect(String(await failure)).toContain('failing cannot fold Captured, payment-c@0');
      expect(await runner.reached(3n, 10)).toBe(false);
      expect(runner.status()).toMatchObject({ state: 'failed', position: 2n });
      expect(await capturedIn('failing')).toBe(2);
      await expect(runner.rebuild()).rejects.toThrow('it is failed');
      await stopped(feed, runner);
    });

    it('goes on from its checkpoint once the fold has been mended', async () => {
      const source = log('a', { ...paymentEvent('b', 'Captured'), amountMinor: '5 ' });
      const projection = paymentsProjection('mended');
      const broken = { ...projection, apply: (): Promise<void> => Promise.reject(new Error('a bug')) };
      const firstFeed = await source.feed();
      const { failure, onFailure } = awaitedFailure();
      const first = await ProjectionRunner.start(client, firstFeed, broken, { onFailure });
      expect(String(await failure)).toContain('a bug');
      await stopped(firstFeed, first);
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, projection);
      expect(await runner.reached(2n, 60_000)).toBe(true);
      expect(await capturedIn('mended')).toBe(2);
      await stopped(feed, runner);
    });

    it('is stopped by whoever moves its checkpoint first: two writers never add to the same rows', async () => {
      const source = log('a');
      const feeds = [await source.feed(), await source.feed()];
      const { failure, onFailure } = awaitedFailure();
      const start = (feed: LogFeed) => ProjectionRunner.start(client, feed, paymentsProjection('contested'), { onFailure });
      const runners = [await start(feeds[0]!), await start(feeds[1]!)];
      for (let number = 0; number < 5; number += 1) append(source, 'a');
      expect(String(await failure)).toContain('somebody else writes it');
      // The consumer takes note of the failure after its handler has told it.
      await new Promise((resolve) => setImmediate(resolve));
      const going = runners.filter((runner) => runner.status().state === 'running');
      expect(going).toHaveLength(1);
      expect(await going[0]!.reached(source.last, 60_000)).toBe(true);
      expect(await capturedIn('contested')).toBe(6);
      await Promise.all(runners.map((runner, index) => stopped(feeds[index]!, runner)));
    });

    it('stores texts that PostgreSQL has no room for as near as it can', async () => {
      const projection = paymentsProjection('odd_texts');
      const source = log({ ...paymentEvent('nul\0half\uD800', 'Captured'), platform: 'p\0' });
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, projection);
      expect(await runner.reached(1n, 60_000)).toBe(true);
      expect(await drizzleOver(client).select({ id: projection.tables.payments.id }).from(projection.tables.payments)).toEqual([
        { id: 'nul\uFFFDhalf\uFFFD' },
      ]);
      await stopped(feed, runner);
    });

    it('refuses tables of another schema', async () => {
      const feed = await log().feed();
      const { tables } = paymentsProjection('theirs');
      await expect(ProjectionRunner.start(client, feed, { ...paymentsProjection('mine'), tables })).rejects.toThrow('in the schema mine');
      await feed.stop();
    });

    it('fails at a row without a value that its column needs', async () => {
      const source = log('a');
      const feed = await source.feed();
      const apply = (_: unknown, rows: Rows) => {
        rows.put('payments', { id: 'a' });
        return Promise.resolve();
      };
      const { failure, onFailure } = awaitedFailure();
      const runner = await ProjectionRunner.start(client, feed, { ...paymentsProjection('lacking'), apply }, { onFailure });
      expect(String(await failure)).toContain('payments.status: must not be null');
      await stopped(feed, runner);
    });
  });

  describe('another version of a projection', () => {
    /** Version 2 of the payments, held back until the gate is opened. */
    const heldBack = (schema: string, gate: Promise<void>) => {
      const next = paymentsProjection(schema, 2);
      return {
        ...next,
        apply: async (...parameters: Parameters<typeof next.apply>): Promise<void> => {
          await gate;
          const [event, rows] = parameters;
          await next.apply(event, rows);
          const id = (event.event as PaymentEvent).payment;
          const row = await rows.get<object>('payments', [id]);
          if (row) rows.put('payments', { ...row, note: 'second version' });
        },
      };
    };

    it('is built beside the old rows, which are read until it has caught up', async () => {
      const source = log('a', 'b');
      const oldFeed = await source.feed();
      const old = await ProjectionRunner.start(client, oldFeed, paymentsProjection('versioned'));
      expect(await old.reached(2n, 60_000)).toBe(true);
      await stopped(oldFeed, old);

      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      append(source, 'c');
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, heldBack('versioned', gate));
      expect(runner.status()).toMatchObject({ state: 'building', version: 1, generation: 1, position: 2n });
      expect(runner.status().rebuilding).toEqual({ reason: 'version', generation: 2, position: 0n });
      expect(await capturedIn('versioned')).toBe(2);
      expect(await runner.reached(2n, 10)).toBe(true);
      expect(await runner.reached(3n, 10)).toBe(false);
      await expect(runner.rebuild()).rejects.toThrow('it is building');
      open();
      expect(await runner.reached(3n, 60_000)).toBe(true);
      expect(runner.status()).toMatchObject({ state: 'running', version: 2, generation: 2, position: 3n });
      expect(await client.query('SELECT DISTINCT note FROM versioned.payments')).toEqual([{ note: 'second version' }]);
      expect(await tablesIn('versioned')).toEqual(['days_g2', 'payments_g2']);
      await stopped(feed, runner);
    });

    it('is shown although the answer to that never comes', async () => {
      const source = log('a', 'b');
      const oldFeed = await source.feed();
      const old = await ProjectionRunner.start(client, oldFeed, paymentsProjection('unanswered'));
      expect(await old.reached(2n, 60_000)).toBe(true);
      await stopped(oldFeed, old);
      const forgetting = new ForgettingClient(client);
      forgetting.forgetAfter('DROP VIEW');
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(forgetting, feed, paymentsProjection('unanswered', 2));
      expect(await runner.reached(append(source, 'c'), 60_000)).toBe(true);
      expect(forgetting.forgotten).toBe(1);
      expect(runner.status()).toMatchObject({ version: 2, generation: 2, position: 3n });
      expect(await capturedIn('unanswered')).toBe(3);
      await stopped(feed, runner);
    });

    it('follows on what the first releases have left, whose registry was one for all projections', async () => {
      const source = log('a', 'b');
      const oldFeed = await source.feed();
      const old = await ProjectionRunner.start(client, oldFeed, paymentsProjection('first_release'));
      expect(await old.reached(2n, 60_000)).toBe(true);
      await stopped(oldFeed, old);
      const columns = 'generation, version, shape, tables, position, live';
      await client.query('CREATE SCHEMA hub');
      await client.query(`CREATE TABLE hub.projections AS SELECT 'first_release' AS name, ${columns} FROM first_release.hub_generations`);
      await client.query('DROP TABLE first_release.hub_generations');
      append(source, 'c');
      const folded: bigint[] = [];
      const projection = paymentsProjection('first_release');
      const apply = (...given: Parameters<typeof projection.apply>) => {
        folded.push(given[0].position);
        return projection.apply(...given);
      };
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, { ...projection, apply });
      expect(await runner.reached(3n, 60_000)).toBe(true);
      expect(folded).toEqual([3n]);
      expect(await capturedIn('first_release')).toBe(3);
      await stopped(feed, runner);
    });

    it('goes on being built after a restart', async () => {
      const source = log(...Array.from({ length: 20 }, (_, number) => `p${number}`));
      const oldFeed = await source.feed();
      const old = await ProjectionRunner.start(client, oldFeed, paymentsProjection('resumed'));
      expect(await old.reached(20n, 60_000)).toBe(true);
      await stopped(oldFeed, old);
      let events = 0;
      const next = paymentsProjection('resumed', 2);
      const halting = {
        ...next,
        apply: (...given: Parameters<typeof next.apply>) =>
          (events += 1) > 10 ? Promise.reject(new Error('enough')) : next.apply(...given),
      };
      const firstFeed = await source.feed();
      const { failure, onFailure } = awaitedFailure();
      const first = await ProjectionRunner.start(client, firstFeed, halting, { maxBatch: 5, onFailure });
      expect(String(await failure)).toContain('enough');
      await stopped(firstFeed, first);
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, next);
      expect(runner.status().rebuilding).toEqual({ reason: 'version', generation: 2, position: 10n });
      append(source, 'z');
      expect(await runner.reached(21n, 60_000)).toBe(true);
      expect(runner.status()).toMatchObject({ generation: 2, state: 'running' });
      expect(await capturedIn('resumed')).toBe(21);
      await stopped(feed, runner);
    });

    it('is stopped and gone on with, or begun again; queries read the old rows meanwhile', async () => {
      const source = log(...Array.from({ length: 20 }, (_, number) => `p${number}`));
      const oldFeed = await source.feed();
      const old = await ProjectionRunner.start(client, oldFeed, paymentsProjection('paused'));
      expect(await old.reached(20n, 60_000)).toBe(true);
      await stopped(oldFeed, old);
      append(source, 'new');
      const next = paymentsProjection('paused', 2);
      let folded = 0;
      let stopping: Promise<void> | undefined;
      const apply = async (...given: Parameters<typeof next.apply>) => {
        await next.apply(...given);
        folded += 1;
        if (folded === 10) stopping = runner.stopBuild();
      };
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, { ...next, apply }, { maxBatch: 5, minIntervalMs: 0 });
      while (stopping === undefined) await new Promise((resolve) => setImmediate(resolve));
      await stopping;
      const atRest = { reason: 'version', generation: 2, position: 10n, stopped: true };
      expect(runner.status()).toMatchObject({ state: 'building', version: 1, generation: 1, position: 20n, rebuilding: atRest });
      await expect(runner.stopBuild()).rejects.toMatchObject({ name: 'BuildRefused' });
      expect(await capturedIn('paused')).toBe(20);
      await runner.dropBuild();
      expect(await runner.reached(21n, 60_000)).toBe(true);
      expect(runner.status()).toMatchObject({ state: 'running', version: 2, generation: 3, position: 21n });
      expect(await tablesIn('paused')).toEqual(['days_g3', 'payments_g3']);
      await stopped(feed, runner);
    });

    it('goes on from where it was stopped', async () => {
      const source = log(...Array.from({ length: 20 }, (_, number) => `p${number}`));
      const oldFeed = await source.feed();
      const old = await ProjectionRunner.start(client, oldFeed, paymentsProjection('gone_on'));
      expect(await old.reached(20n, 60_000)).toBe(true);
      await stopped(oldFeed, old);
      append(source, 'new');
      const next = paymentsProjection('gone_on', 2);
      const positions: bigint[] = [];
      let stopping: Promise<void> | undefined;
      const apply = async (...given: Parameters<typeof next.apply>) => {
        await next.apply(...given);
        positions.push(given[0].position);
        if (positions.length === 10) stopping = runner.stopBuild();
      };
      const feed = await source.feed();
      const runner = await ProjectionRunner.start(client, feed, { ...next, apply }, { maxBatch: 5, minIntervalMs: 0 });
      while (stopping === undefined) await new Promise((resolve) => setImmediate(resolve));
      await stopping;
      expect(await runner.resumeBuild()).toBeUndefined();
      expect(await runner.reached(21n, 60_000)).toBe(true);
      expect(positions).toEqual(Array.from({ length: 21 }, (_, index) => BigInt(index + 1)));
      expect(runner.status()).toMatchObject({ version: 2, generation: 2 });
      await stopped(feed, runner);
    });

    it('is what other tables make, even under the same number; with nothing to fold it is shown at once', async () => {
      const feed = await log().feed();
      const first = await ProjectionRunner.start(client, feed, paymentsProjection('reshaped'));
      expect(first.status().generation).toBe(1);
      const projection = paymentsProjection('reshaped');
      const { payments } = projection.tables;
      const days = pgSchema('reshaped').table('weeks', { week: text('week').primaryKey() });
      const runner = await ProjectionRunner.start(client, feed, { ...projection, tables: { payments, days } });
      expect(runner.status()).toMatchObject({ generation: 2, state: 'running' });
      expect(await client.query('SELECT * FROM reshaped.weeks')).toEqual([]);
      await expect(client.query('SELECT * FROM reshaped.days')).rejects.toMatchObject({ code: '42P01' });
      await stopped(feed, runner);
    });

    async function tablesIn(schema: string): Promise<string[]> {
      const rows = await client.query<{ name: string }>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> 'hub_generations' ORDER BY 1`,
        [schema],
      );
      return rows.map(({ name }) => name);
    }
  });
});
