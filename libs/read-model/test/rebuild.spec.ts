import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LogFeed } from '@tongbao/event-store';
import { ProjectionRunner, type RebuildProgress, type SqlClient } from '../src/index.js';
import { databases, type TestDatabase } from './databases.js';
import { FakeLog } from './fake-log.js';
import { ForgettingClient } from './forgetting-client.js';
import { paymentEvent, paymentsProjection } from './payments.projection.js';

describe.each(databases)('over %s', (_, open) => {
  let database: TestDatabase;
  let client: SqlClient;
  beforeAll(async () => {
    database = await open();
    client = database.client;
  }, 180_000);
  afterAll(async () => database.close());

  interface Given {
    log: FakeLog;
    feed: LogFeed;
    runner: ProjectionRunner;
    append: (payment: string) => bigint;
  }

  async function given(schema: string, payments: number, options = {}): Promise<Given> {
    const log = new FakeLog();
    const append = (payment: string) => log.append(`payment-${payment}`, paymentEvent(payment, 'Captured'));
    for (let number = 0; number < payments; number += 1) append(`p${number}`);
    const feed = await log.feed();
    const runner = await ProjectionRunner.start(client, feed, paymentsProjection(schema), options);
    expect(await runner.reached(log.last, 60_000)).toBe(true);
    return { log, feed, runner, append };
  }

  async function tablesIn(schema: string): Promise<string[]> {
    const rows = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> 'hub_generations' ORDER BY 1`,
      [schema],
    );
    return rows.map(({ name }) => name);
  }

  const countOf = async (schema: string): Promise<unknown> =>
    (await client.arrays(`SELECT count(*)::integer FROM "${schema}".payments`))[0]?.[0];

  describe('a rebuild', () => {
    it('folds the log again, finds the same rows, and takes the place of the old ones', async () => {
      const { runner, feed, append } = await given('rebuilt', 50, { maxBatch: 20 });
      const progress: RebuildProgress[] = [];
      const result = await runner.rebuild((step) => progress.push(step));
      expect(result).toEqual({ generation: 2, events: 50, seconds: expect.any(Number), equal: true, differences: [] });
      expect(progress.map(({ events }) => events)).toEqual([20, 40, 50]);
      expect(progress.at(-1)).toEqual({ events: 50, position: 50n, head: 50n });
      expect(await tablesIn('rebuilt')).toEqual(['days_g2', 'payments_g2']);
      expect(await runner.reached(append('next'), 60_000)).toBe(true);
      expect(await countOf('rebuilt')).toBe(51);
      expect(runner.status()).toMatchObject({ generation: 2, position: 51n, state: 'running' });
      await feed.stop();
    });

    it('is equal while events come in, and the live rows go on meanwhile', async () => {
      const { runner, feed, log, append } = await given('busy', 500, { maxBatch: 10, minIntervalMs: 0 });
      const before = runner.status().position;
      let movedWhileBuilding = false;
      const result = await runner.rebuild(({ events }) => {
        for (let number = 0; events < 2_000 && number < 7; number += 1) append(`late_${events}_${number}`);
        if (events < 2_000 && runner.status().position > before) movedWhileBuilding = true;
      });
      expect(result).toMatchObject({ equal: true, generation: 2 });
      expect(movedWhileBuilding).toBe(true);
      expect(await runner.reached(log.last, 60_000)).toBe(true);
      expect(await countOf('busy')).toBe(Number(log.last));
      expect((await runner.compare()).equal).toBe(true);
      await feed.stop();
    });

    it('that is ahead of the live rows waits for them', async () => {
      const { runner, feed, append } = await given('ahead', 1, { minIntervalMs: 1_000_000 });
      append('p1');
      append('p2');
      expect(await runner.rebuild()).toMatchObject({ equal: true, generation: 2, events: 3 });
      expect(runner.status().position).toBe(3n);
      await runner.stop();
      await feed.stop();
    });

    it('says which rows differ and keeps the live ones', async () => {
      const { runner, feed } = await given('differing', 40);
      await client.query(`UPDATE differing.payments_g1 SET amount_minor = amount_minor + 1 WHERE id = 'p7'`);
      await client.query(`DELETE FROM differing.payments_g1 WHERE id > 'p3'`);
      const result = await runner.rebuild();
      expect(result).toMatchObject({ generation: 1, equal: false });
      const [{ table, liveRows, rebuiltRows, onlyLive, onlyRebuilt } = {} as never, ...others] = result.differences;
      expect(others).toEqual([]);
      expect({ table, rebuiltRows, onlyLive }).toEqual({ table: 'payments', rebuiltRows: 40, onlyLive: { count: 0, rows: [] } });
      expect(onlyRebuilt.count).toBe(40 - liveRows);
      expect(onlyRebuilt.rows.length).toBeLessThanOrEqual(20);
      expect(onlyRebuilt.rows[0]).toMatchObject({ id: 'p30', amount_minor: '100' });
      expect(await tablesIn('differing')).toEqual(['days_g1', 'payments_g1']);
      await feed.stop();
    });

    it('takes the rebuilt rows in spite of differences when it is forced', async () => {
      const { runner, feed } = await given('forced', 5);
      await client.query(`UPDATE forced.days_g1 SET payments = 99`);
      const result = await runner.rebuild(undefined, { force: true });
      expect(result).toMatchObject({
        equal: false,
        generation: 2,
        differences: [{ table: 'days', onlyLive: { rows: [{ payments: 99 }] } }],
      });
      expect((await runner.compare()).equal).toBe(true);
      await feed.stop();
    });

    it('that only compares leaves the live rows and nothing else', async () => {
      const { runner, feed } = await given('compared', 5);
      expect(await runner.compare()).toMatchObject({ equal: true, generation: 1, events: 5 });
      expect(await tablesIn('compared')).toEqual(['days_g1', 'payments_g1']);
      await feed.stop();
    });

    it('runs one at a time', async () => {
      const { runner, feed } = await given('single', 5);
      const first = runner.rebuild();
      await expect(runner.compare()).rejects.toThrow('a rebuild is running already');
      expect(await first).toMatchObject({ equal: true });
      expect(await runner.compare()).toMatchObject({ equal: true });
      await feed.stop();
    });

    it('of an empty log is equal', async () => {
      const { runner, feed } = await given('empty', 0);
      expect(await runner.rebuild()).toMatchObject({ equal: true, events: 0, generation: 2 });
      await feed.stop();
    });

    it('goes on although the answer to its switch never comes', async () => {
      const forgetting = new ForgettingClient(client);
      const log = new FakeLog();
      for (let number = 0; number < 30; number += 1) log.append(`payment-${number}`, paymentEvent(`p${number}`, 'Captured'));
      const feed = await log.feed();
      const runner = await ProjectionRunner.start(forgetting, feed, paymentsProjection('unanswered'), { maxBatch: 10 });
      expect(await runner.reached(log.last, 60_000)).toBe(true);
      forgetting.forgetAfter('DROP VIEW');
      expect(await runner.rebuild()).toMatchObject({ equal: true, generation: 2 });
      expect(forgetting.forgotten).toBe(1);
      expect(await runner.reached(log.append('payment-x', paymentEvent('x', 'Captured')), 5_000)).toBe(true);
      expect(await countOf('unanswered')).toBe(31);
      expect(await tablesIn('unanswered')).toEqual(['days_g2', 'payments_g2']);
      expect(await runner.compare()).toMatchObject({ equal: true });
      await feed.stop();
    });

    it('that was under way when its process ended is there at the next start, and is gone on with', async () => {
      const { runner, feed, log } = await given('interrupted', 30, { maxBatch: 10 });
      const rebuild = runner.rebuild(() => void runner.stop());
      await expect(rebuild).rejects.toMatchObject({ name: 'RebuildStopped' });
      await runner.stop();
      await feed.stop();
      const nextFeed = await log.feed();
      const next = await ProjectionRunner.start(client, nextFeed, paymentsProjection('interrupted'), { maxBatch: 10 });
      expect(next.status().rebuilding).toEqual({ reason: 'rebuild', generation: 2, position: 10n, stopped: true });
      expect(await next.resumeBuild()).toMatchObject({ equal: true, events: 20, generation: 2 });
      expect(await tablesIn('interrupted')).toEqual(['days_g2', 'payments_g2']);
      await nextFeed.stop();
    });

    it('goes with a new version, which is built instead', async () => {
      const { runner, feed, log } = await given('outdated', 30, { maxBatch: 10 });
      const rebuild = runner.rebuild(() => void runner.stop());
      await expect(rebuild).rejects.toMatchObject({ name: 'RebuildStopped' });
      await runner.stop();
      await feed.stop();
      const nextFeed = await log.feed();
      const next = await ProjectionRunner.start(client, nextFeed, paymentsProjection('outdated', 2));
      expect(await next.reached(log.append('payment-x', paymentEvent('x', 'Captured')), 60_000)).toBe(true);
      expect(await tablesIn('outdated')).toEqual(['days_g3', 'payments_g3']);
      await nextFeed.stop();
    });

    describe('that is stopped', () => {
      async function stoppedAfter(schema: string, kind: 'rebuild' | 'compare' = 'rebuild') {
        const { runner, feed, log, append } = await given(schema, 30, { maxBatch: 10 });
        let stopped: Promise<void> | undefined;
        const build = runner[kind](() => {
          stopped ??= runner.stopBuild();
        });
        await expect(build).rejects.toMatchObject({ name: 'RebuildStopped' });
        await stopped;
        return { runner, feed, log, append };
      }

      it('keeps what it has, while the live rows go on, and goes on from there', async () => {
        const { runner, feed, append } = await stoppedAfter('resumed');
        expect(runner.status().rebuilding).toEqual({ reason: 'rebuild', generation: 2, position: 10n, stopped: true });
        expect(await runner.reached(append('meanwhile'), 60_000)).toBe(true);
        expect(runner.status()).toMatchObject({ state: 'running', generation: 1, position: 31n });
        const progress: RebuildProgress[] = [];
        expect(await runner.resumeBuild((step) => progress.push(step))).toMatchObject({ equal: true, generation: 2, events: 21 });
        expect(progress[0]).toMatchObject({ events: 10, position: 20n });
        expect(runner.status().rebuilding).toBeUndefined();
        expect(await tablesIn('resumed')).toEqual(['days_g2', 'payments_g2']);
        await feed.stop();
      });

      it('and was to compare only, switches nothing when it is gone on with', async () => {
        const { runner, feed } = await stoppedAfter('resumed_comparison', 'compare');
        expect(await runner.resumeBuild()).toMatchObject({ equal: true, generation: 1 });
        expect(await tablesIn('resumed_comparison')).toEqual(['days_g1', 'payments_g1']);
        await feed.stop();
      });

      it('leaves nothing when it is dropped, and another one may begin', async () => {
        const { runner, feed } = await stoppedAfter('dropped');
        await expect(runner.rebuild()).rejects.toMatchObject({
          name: 'BuildRefused',
          message: expect.stringContaining('resume or drop it'),
        });
        await runner.dropBuild();
        expect(await tablesIn('dropped')).toEqual(['days_g1', 'payments_g1']);
        await expect(runner.resumeBuild()).rejects.toMatchObject({ name: 'BuildRefused' });
        expect(await runner.rebuild()).toMatchObject({ equal: true, generation: 2 });
        await feed.stop();
      });

      it('twice, and gone on with twice, is built as one', async () => {
        const { runner, feed } = await stoppedAfter('twice');
        let stopped: Promise<void> | undefined;
        const again = runner.resumeBuild(() => {
          stopped ??= runner.stopBuild();
        });
        await expect(again).rejects.toMatchObject({ name: 'RebuildStopped' });
        await stopped;
        expect(runner.status().rebuilding).toMatchObject({ generation: 2, position: 20n, stopped: true });
        expect(await runner.resumeBuild()).toMatchObject({ equal: true, generation: 2 });
        await feed.stop();
      });
    });

    it('is dropped while it runs', async () => {
      const { runner, feed } = await given('dropped_at_once', 30, { maxBatch: 10 });
      let dropped: Promise<void> | undefined;
      const build = runner.rebuild(() => {
        dropped ??= runner.dropBuild();
      });
      await expect(build).rejects.toMatchObject({ name: 'RebuildStopped' });
      await dropped;
      expect(runner.status().rebuilding).toBeUndefined();
      expect(await tablesIn('dropped_at_once')).toEqual(['days_g1', 'payments_g1']);
      await feed.stop();
    });

    it('is not stopped, gone on with nor dropped where there is none', async () => {
      const { runner, feed } = await given('nothing', 1);
      for (const work of [() => runner.stopBuild(), () => runner.resumeBuild(), () => runner.dropBuild()])
        await expect(work()).rejects.toMatchObject({ name: 'BuildRefused' });
      await feed.stop();
    });

    it('whose fold throws is given up, and the live rows go on', async () => {
      const log = new FakeLog();
      log.append('payment-a', paymentEvent('a'));
      const feed = await log.feed();
      const projection = paymentsProjection('half_broken');
      let broken = false;
      const apply = (...given: Parameters<typeof projection.apply>) =>
        broken ? Promise.reject(new Error('a bug')) : projection.apply(...given);
      const runner = await ProjectionRunner.start(client, feed, { ...projection, apply });
      expect(await runner.reached(1n, 60_000)).toBe(true);
      broken = true;
      await expect(runner.rebuild()).rejects.toThrow('cannot fold Requested');
      broken = false;
      expect(await tablesIn('half_broken')).toEqual(['days_g1', 'payments_g1']);
      expect(await runner.reached(log.append('payment-b', paymentEvent('b')), 5_000)).toBe(true);
      await feed.stop();
    });
  });
});
