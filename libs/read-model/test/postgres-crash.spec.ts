import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { setImmediate as turn } from 'node:timers/promises';
import { ProjectionReplica, ProjectionRunner, type RunnerOptions, type SqlClient } from '../src/index.js';
import { PostgresServer } from './databases.js';
import { FakeLog } from './fake-log.js';
import { paymentEvent, paymentsProjection } from './payments.projection.js';

let server: PostgresServer;
let client: SqlClient;
beforeAll(async () => {
  server = await PostgresServer.start();
  client = await server.open();
  // Commits are flushed rarely, so that a kill has much to take away.
  await client.query(`ALTER SYSTEM SET wal_writer_delay = '10s'`);
  await client.query('SELECT pg_reload_conf()');
}, 180_000);
afterAll(async () => {
  await client.close();
  await server.remove();
});

async function given(schema: string, payments: number, options: RunnerOptions = {}) {
  const log = new FakeLog();
  const append = (payment: string): bigint => log.append(`payment-${payment}`, paymentEvent(payment, 'Captured'));
  for (let number = 0; number < payments; number += 1) append(`p${number}`);
  const failures: unknown[] = [];
  const outages: unknown[] = [];
  const feed = await log.feed({ onOutage: (_, error) => outages.push(error) });
  const projection = paymentsProjection(schema);
  const told = {
    onFailure: (_: string, error: unknown) => failures.push(error),
    onOutage: (_: string, error: unknown) => outages.push(error),
  };
  const runner = await ProjectionRunner.start(client, feed, projection, { ...told, ...options });
  const stop = async () => {
    await runner.stop();
    await feed.stop();
  };
  return { log, append, feed, projection, runner, failures, outages, stop };
}

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await turn();
};

const capturedIn = async (schema: string): Promise<unknown> =>
  (await client.arrays(`SELECT coalesce(sum(payments), 0)::integer FROM "${schema}".days`))[0]?.[0];

describe('a projection whose PostgreSQL', () => {
  it('is killed again and again in the middle of the work goes on by itself, with the rows of a fresh fold', async () => {
    const { log, append, feed, projection, runner, failures, outages, stop } = await given('killed', 200, {
      maxBatch: 20,
      minIntervalMs: 0,
    });
    const other = await server.open();
    const replica = new ProjectionReplica(other, feed, projection);
    for (let kill = 0; kill < 3; kill += 1) {
      const before = log.last;
      for (let number = 0; number < 300; number += 1) append(`q${kill}_${number % 50}`);
      expect(await runner.reached(before + 100n, 20_000)).toBe(true);
      await server.service.kill();
      append('meanwhile');
      await expect(client.query('SELECT 1')).rejects.toBeInstanceOf(Outage);
      await server.startAgain();
      expect(await runner.reached(log.last, 20_000)).toBe(true);
    }
    expect(await replica.reached(log.last, 20_000)).toBe(true);
    expect(await runner.compare()).toMatchObject({ equal: true });
    expect(await capturedIn('killed')).toBe(Number(log.last));
    expect(failures).toEqual([]);
    expect(outages.length).toBeGreaterThan(0);
    await replica.stop();
    await stop();
    await other.close();
  }, 120_000);

  it('is stopped for a while says that it waits, and goes on', async () => {
    const { log, append, runner, failures, stop } = await given('stopped', 10);
    expect(await runner.reached(log.last, 10_000)).toBe(true);
    await server.service.stop();
    append('late');
    await until(() => runner.status().state === 'retrying');
    expect(runner.status()).toMatchObject({ position: 10n, error: expect.stringContaining('no connection to the database') });
    await expect(client.query('SELECT * FROM stopped.payments')).rejects.toBeInstanceOf(Outage);
    await server.startAgain();
    expect(await runner.reached(log.last, 20_000)).toBe(true);
    await until(() => runner.status().state === 'running');
    expect(runner.status().position).toBe(11n);
    expect(failures).toEqual([]);
    await stop();
  }, 180_000);

  it('is killed in the middle of a rebuild finishes it', async () => {
    const { log, runner, failures, stop } = await given('rebuilding', 600, { maxBatch: 50 });
    expect(await runner.reached(log.last, 10_000)).toBe(true);
    let killed: Promise<void> | undefined;
    const result = await runner.rebuild(({ events }) => {
      if (events >= 200) killed ??= server.service.kill().then(() => server.startAgain());
    });
    await killed;
    expect(result).toMatchObject({ equal: true, generation: 2, differences: [] });
    expect(await capturedIn('rebuilding')).toBe(600);
    expect(failures).toEqual([]);
    await stop();
  }, 180_000);
});

describe('what a crash has undone', () => {
  /** The database as it was, rows and checkpoint, as after a crash that took all later transactions. */
  async function rememberState(schema: string): Promise<() => Promise<void>> {
    const tables = ['payments_g1', 'days_g1', 'hub_generations'].map((table) => `"${schema}".${table}`);
    for (const table of tables) await client.query(`CREATE TABLE ${table}_before AS SELECT * FROM ${table}`);
    return () =>
      client.transaction(async (tx) => {
        for (const table of tables) {
          await tx.query(`DELETE FROM ${table}`);
          await tx.query(`INSERT INTO ${table} SELECT * FROM ${table}_before`);
        }
      });
  }

  it('is noticed and folded again, even if no event ever follows', async () => {
    const { log, append, runner, failures, stop } = await given('undone', 10);
    expect(await runner.reached(log.last, 10_000)).toBe(true);
    const crash = await rememberState('undone');
    for (let number = 0; number < 10; number += 1) append(`q${number}`);
    expect(await runner.reached(20n, 10_000)).toBe(true);
    await crash();
    expect(await capturedIn('undone')).toBe(10);
    await until(async () => (await capturedIn('undone')) === 20);
    expect(await runner.compare()).toMatchObject({ equal: true });
    await until(() => runner.status().state === 'running');
    expect(runner.status().position).toBe(20n);
    expect(failures).toEqual([]);
    await stop();
  });

  it('is noticed by the next batch, which is not folded over the gap', async () => {
    const { log, append, runner, failures, stop } = await given('gap', 10, { minIntervalMs: 0 });
    expect(await runner.reached(log.last, 10_000)).toBe(true);
    for (let round = 0; round < 3; round += 1) {
      const crash = await rememberState('gap');
      for (let number = 0; number < 10; number += 1) append(`q${number}`);
      expect(await runner.reached(log.last, 10_000)).toBe(true);
      await crash();
      expect(await runner.reached(append('next'), 10_000)).toBe(true);
      expect(await capturedIn('gap')).toBe(Number(log.last));
      for (const table of ['payments_g1', 'days_g1', 'hub_generations']) await client.query(`DROP TABLE gap.${table}_before`);
    }
    expect(await runner.compare()).toMatchObject({ equal: true });
    expect(failures).toEqual([]);
    await stop();
  });
});
