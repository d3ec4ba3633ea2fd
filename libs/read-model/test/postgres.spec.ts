import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { freePort } from '@tongbao/local-services';
import { gt } from 'drizzle-orm';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { drizzleOver, openPostgres, ProjectionRunner, type SqlClient } from '../src/index.js';
import { PostgresServer } from './databases.js';
import { FakeLog } from './fake-log.js';
import { paymentEvent, paymentsProjection } from './payments.projection.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 180_000);
afterAll(async () => server.remove());

const clients: SqlClient[] = [];
async function open(options: Parameters<PostgresServer['open']>[0] = {}): Promise<SqlClient> {
  const client = await server.open(options);
  clients.push(client);
  return client;
}
afterAll(() => Promise.all(clients.map((client) => client.close())));

/** Ends the connections that a client has, as an operator or a failing server would. */
async function endConnectionsOf(applicationName: string, by: SqlClient): Promise<void> {
  await by.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [applicationName]);
}

const elapsedMs = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

describe('a session', () => {
  it('has the settings that the client needs, whatever the database and the connection string say', async () => {
    const admin = await open();
    for (const [name, value] of Object.entries({
      TimeZone: `'Asia/Shanghai'`,
      DateStyle: `'German'`,
      IntervalStyle: `'iso_8601'`,
      bytea_output: `'escape'`,
      default_transaction_isolation: `'serializable'`,
    })) {
      await admin.query(`ALTER DATABASE tongbao SET ${name} = ${value}`);
    }
    const url = `${server.url}?options=${encodeURIComponent('-c work_mem=7MB -c TimeZone=America/Lima')}`;
    const client = await open({ url, applicationName: 'payment-1' });
    const settings = [
      'TimeZone',
      'synchronous_commit',
      'work_mem',
      'application_name',
      'jit',
      'transaction_isolation',
      'statement_timeout',
    ];
    const values = await Promise.all(settings.map((name) => client.arrays(`SHOW ${name}`)));
    expect(values.map(([row]) => row?.[0])).toEqual(['UTC', 'off', '7MB', 'payment-1', 'off', 'read committed', '10s']);
    const sql = `SELECT '2026-01-02 03:04:05+00'::timestamptz AS instant, '2026-01-02'::date AS day, '1 day'::interval AS span, '\\x00'::bytea AS bytes`;
    const expected = { instant: '2026-01-02T03:04:05.000Z', day: '2026-01-02', span: '1 day', bytes: Uint8Array.of(0) };
    expect(await client.query(sql)).toEqual([expected]);
    await admin.query('ALTER DATABASE tongbao RESET ALL');
  });

  it('prepares what comes back, and no more than so many statements', async () => {
    const client = await open({ connections: 1 });
    const prepared = () =>
      client.query<{ statement: string }>(`SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%marked%'`);
    for (let time = 0; time < 3; time += 1) await client.query('SELECT $1::integer AS marked', [time]);
    await client.query('SELECT $1::text AS marked_once', ['x']);
    expect(await prepared()).toEqual([{ statement: 'SELECT $1::integer AS marked' }]);
    for (let time = 0; time < 3; time += 1) {
      for (let number = 0; number < 150; number += 1) await client.query(`SELECT ${number} AS marked`);
    }
    expect((await prepared()).length).toBeLessThanOrEqual(100);
  });
});

describe('a projection in a database that was made for a language', () => {
  it('has its texts in the order of their bytes, as everywhere', async () => {
    const admin = await open();
    await admin.query(`CREATE DATABASE german LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' TEMPLATE template0`);
    const url = new URL(server.url);
    url.pathname = '/german';
    const client = await open({ url: url.href });
    const ids = ['a', 'Z', 'ä', 'B', 'z', 'a-b', 'ab', '10', '9'];
    const log = new FakeLog();
    for (const id of ids) log.append(`payment-${id}`, paymentEvent(id, 'Captured'));
    const feed = await log.feed();
    const projection = paymentsProjection('sorted');
    const runner = await ProjectionRunner.start(client, feed, projection);
    expect(await runner.reached(log.last, 10_000)).toBe(true);
    const { payments } = projection.tables;
    const bySql = await drizzleOver(client).select({ id: payments.id }).from(payments).orderBy(payments.id);
    expect(bySql.map(({ id }) => id)).toEqual([...ids].sort());
    const after = await drizzleOver(client).select({ id: payments.id }).from(payments).where(gt(payments.id, 'Z')).orderBy(payments.id);
    expect(after.map(({ id }) => id)).toEqual(['a', 'a-b', 'ab', 'z', 'ä']);
    expect(await runner.rebuild()).toMatchObject({ equal: true });
    await runner.stop();
    await feed.stop();
  });
});

describe('a statement that takes too long', () => {
  it('is an outage: it says nothing against the statement', async () => {
    const client = await open({ statementTimeoutMs: 100 });
    await expect(client.query('SELECT pg_sleep(20)')).rejects.toBeInstanceOf(Outage);
    expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is let go on where work over whole tables is to be done', async () => {
    const client = await open({ statementTimeoutMs: 100 });
    const work = client.unlimited?.query(`SELECT 1 AS done, pg_sleep(0.3)::text AS slept`);
    expect(await work).toEqual([{ done: 1, slept: '' }]);
    await expect(client.query('SELECT pg_sleep(20)')).rejects.toBeInstanceOf(Outage);
  });

  it('is given up when the server says nothing at all any more', async () => {
    const client = await open({ statementTimeoutMs: 100, connections: 1 });
    const [row] = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    process.kill(row!.pid, 'SIGSTOP');
    try {
      await expect(client.query('SELECT 1')).rejects.toThrow('the connection to the database was lost: Query read timeout');
      expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      process.kill(row!.pid, 'SIGCONT');
    }
  });
});

describe('a connection that breaks', () => {
  it('while it is used is an outage for its user, and another one takes its place', async () => {
    const client = await open({ connections: 1, applicationName: 'broken' });
    await expect(client.query('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toBeInstanceOf(Outage);
    expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const inTransaction = client.transaction(async (tx) => {
      await tx.query('CREATE TABLE never (id integer)');
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(inTransaction).rejects.toBeInstanceOf(Outage);
    expect(await client.query(`SELECT to_regclass('never') AS found`)).toEqual([{ found: null }]);
  });

  it('while nobody uses it is reported, and harms nobody', async () => {
    const outages: Error[] = [];
    let told: () => void = () => undefined;
    const isTold = new Promise<void>((resolve) => (told = resolve));
    const client = await open({
      applicationName: 'idle',
      onOutage: (error) => {
        outages.push(error);
        told();
      },
    });
    await client.query('SELECT 1');
    await endConnectionsOf('idle', await open());
    await isTold;
    expect(outages).toEqual([expect.any(Outage)]);
    expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is no worse than work that throws: no transaction stays open in the pool', async () => {
    const client = await open({ connections: 1, applicationName: 'left' });
    await expect(client.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const states = await (await open()).query(`SELECT state FROM pg_stat_activity WHERE application_name = 'left'`);
    expect(states).toEqual([{ state: 'idle' }]);
  });
});

describe('when there is no connection', () => {
  it('because all are in use, callers wait, but not for ever', async () => {
    const client = await open({ connections: 2 });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const held = [1, 2].map(() =>
      client.transaction(async (tx) => {
        await tx.query('SELECT 1');
        await released;
      }),
    );
    await expect(client.query('SELECT 1')).rejects.toThrow('no connection to the database: timeout exceeded when trying to connect');
    release();
    await Promise.all(held);
    expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('because nobody listens, every call is an outage at once', async () => {
    const client = await open({ url: `postgresql://a:b@127.0.0.1:${await freePort()}/c` });
    expect(await elapsedMs(() => expect(client.query('SELECT 1')).rejects.toBeInstanceOf(Outage))).toBeLessThan(2_000);
    await expect(client.transaction((tx) => tx.query('SELECT 1'))).rejects.toBeInstanceOf(Outage);
  });

  it('because whoever listens says nothing, every call is an outage after some seconds', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const client = await open({ url: `postgresql://a:b@127.0.0.1:${(silent.address() as AddressInfo).port}/c`, connections: 2 });
    const calls = Array.from({ length: 5 }, () => expect(client.query('SELECT 1')).rejects.toBeInstanceOf(Outage));
    expect(await elapsedMs(() => Promise.all(calls))).toBeLessThan(8_000);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it.each([
    ['a password that is wrong', (url: URL) => (url.password = 'guessed'), 'password authentication failed'],
    ['a database that there is not yet', (url: URL) => (url.pathname = '/nowhere'), 'does not exist'],
  ])('because of %s, calls are outages until somebody mends it', async (_, change, reason) => {
    const url = new URL(server.url);
    change(url);
    const client = await open({ url: url.href });
    const error: unknown = await client.query('SELECT 1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Outage);
    expect(String(error)).toContain(reason);
    expect(String(error)).not.toContain('guessed');
  });

  it('because the address is none, it does not open, and keeps the address to itself', async () => {
    const error: unknown = await openPostgres({ url: 'secret', connections: 1, applicationName: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
  });
});
