import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres, StartFailed, type PostgresService } from '../src/index.js';
import { childrenOf, startOf } from '../src/process-table.js';
import { temporaryFolder } from './temporary-folder.js';

const dataDir = join(temporaryFolder(), 'postgres');
let postgres: PostgresService;

async function query(text: string, url = postgres.url): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  // The query that is under way fails, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  postgres = await startPostgres({ dataDir });
}, 180_000);

afterAll(() => postgres.stop());

it('has the database tongbao, in UTF-8 and the order of bytes, and reaches the disk before it answers', async () => {
  expect(
    await query(`SELECT current_database() AS name, current_user AS who, datcollate FROM pg_database WHERE datname = current_database()`),
  ).toEqual([{ name: 'tongbao', who: 'tongbao', datcollate: 'C' }]);
  expect(await query('SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
  expect(await query('SHOW server_version')).toEqual([{ server_version: expect.stringMatching(/^18\./) }]);
  expect(await query('SHOW fsync')).toEqual([{ fsync: 'on' }]);
  expect(await query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
});

it('is reached over 127.0.0.1 alone, and only with its password', async () => {
  expect(await query('SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  expect(await query('SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  const stranger = new URL(postgres.url);
  stranger.password = 'guessed';
  await expect(query('SELECT 1', stranger.href)).rejects.toThrow('password authentication failed');
  expect(statSync(join(dataDir, 'service.json')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(dataDir, 'password'))).toBe(false);
});

it('does not run as root', () => {
  const status = readFileSync(`/proc/${postgres.pid}/status`, 'utf8');
  const [, uid] = /^Uid:\t(\d+)/m.exec(status)!;
  expect(Number(uid)).not.toBe(0);
  expect(statSync(join(dataDir, 'data')).uid).toBe(Number(uid));
});

it.each(['stop', 'kill'] as const)('comes back after a %s at the same address with what it has confirmed', async (end) => {
  await query(`CREATE TABLE after_${end} (id int PRIMARY KEY)`);
  await query(`INSERT INTO after_${end} SELECT generate_series(1, 1000)`);
  const { url, pid } = postgres;
  await postgres[end]();
  expect(startOf(pid)).toBeUndefined();
  postgres = await startPostgres({ dataDir });
  expect(postgres.url).toBe(url);
  expect(await query(`SELECT count(*)::int FROM after_${end}`)).toEqual([{ count: 1000 }]);
});

it('leaves nothing behind when it is killed in the middle of its work', async () => {
  const busy = query(`SELECT sum(a * b) FROM generate_series(1, 100000) a, generate_series(1, 100000) b`);
  const broken = expect(busy).rejects.toThrow('Connection terminated');
  while ((await query(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT sum%' AND state = 'active'`)).length === 0);
  const children = childrenOf(postgres.pid);
  expect(children.length).toBeGreaterThan(1);
  await postgres.kill();
  await broken;
  // They have let go of the shared memory; the system may still be taking the rest of them away.
  while (children.some((pid) => startOf(pid) !== undefined)) await delay(10);
  postgres = await startPostgres({ dataDir });
  expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('waits for its children when somebody else has killed it', async () => {
  process.kill(postgres.pid, 'SIGKILL');
  expect(await postgres.exited).toEqual({ code: null, signal: 'SIGKILL' });
  postgres = await startPostgres({ dataDir });
  expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('is held and let go as a whole', async () => {
  // proc_pid_stat(5): T is a process that a signal has stopped.
  const held = (): boolean[] =>
    [postgres.pid, ...childrenOf(postgres.pid).filter((pid) => startOf(pid) !== undefined)].map((pid) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T '),
    );
  postgres.signal('SIGSTOP');
  while (held().includes(false)) await delay(10);
  expect(held().length).toBeGreaterThan(1);
  postgres.signal('SIGCONT');
  while (held().includes(true)) await delay(10);
  expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('stops at once although clients are connected', async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  const lost = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  await postgres.stop();
  expect(await lost).toMatchObject({ message: expect.stringMatching(/terminat/) });
  postgres = await startPostgres({ dataDir });
});

it('refuses a second start on its folder', async () => {
  await expect(startPostgres({ dataDir })).rejects.toThrow(/is in use by a running service/);
});

it('shows the end of the log when a start fails, and can be started when the cause is gone', async () => {
  await postgres.stop();
  const file = join(dataDir, 'data/PG_VERSION');
  renameSync(file, `${file}.away`);
  const failure = await startPostgres({ dataDir }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StartFailed);
  expect(failure).toMatchObject({
    service: 'postgres',
    message: expect.stringMatching(/did not start: it ended with exit code 1\n[^]*is not a valid data directory/),
  });
  renameSync(`${file}.away`, file);
  postgres = await startPostgres({ dataDir });
});
