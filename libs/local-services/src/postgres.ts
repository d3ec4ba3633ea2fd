import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './ports.js';
import { asAccount, postgresAccount, type Account } from './postgres.account.js';
import { postgresBinaries, type PostgresBinaries } from './postgres.binaries.js';
import { runProgram } from './program.js';
import { onFolder, type LocalService, type Remembered, type ServiceFolder } from './service-folder.js';

/** How a PostgreSQL is started. */
export interface PostgresOptions {
  /** A folder for this PostgreSQL alone. */
  readonly dataDir: string;
  /** When not given: the one of the last start on this folder, at first any free one. */
  readonly port?: number;
}

/** A running PostgreSQL. */
export type PostgresService = LocalService & {
  /** For DATABASE_URL: user, password and database included. The user is the server's superuser. */
  readonly url: string;
};

interface PostgresState extends Remembered {
  readonly password: string;
}

// SIGINT is the fast shutdown: sessions are ended, a checkpoint is written. SIGTERM would wait for the sessions.
const kind = { service: 'postgres', stopSignal: 'SIGINT', stopTimeoutMs: 30_000 } as const;

/**
 * One PostgreSQL 18 on 127.0.0.1 with a user and a database `tongbao`, the password its own random one. It is as durable as PostgreSQL is by default.
 * As root it runs under another account, which then owns `data/`.
 * @throws FolderInUse, StartFailed, ProgramFailed
 */
export function startPostgres({ dataDir, port }: PostgresOptions): Promise<PostgresService> {
  return onFolder<PostgresState, PostgresService>(dataDir, kind, async (folder) => {
    const known = folder.remembered();
    const state = { port: port ?? known?.port ?? (await freePort()), password: known?.password ?? randomBytes(18).toString('base64url') };
    const binaries = await postgresBinaries();
    const account = postgresAccount(folder.dataPath);
    await folder.prepare((fresh) => initialise(folder, binaries, account, fresh, state));
    const [command, ...args] = asAccount(account, [binaries.postgres, folder.dataPath, ...binaries.libraries]);
    await detached(folder.dataPath);
    const settings = serverSettings(state.port, folder.dataPath);
    const postgres = await folder.start({ command, args: [...args, ...settings], env: binaries.env }, [state.port]);
    const url = (database: string): string => `postgres://tongbao:${state.password}@127.0.0.1:${state.port}/${database}`;
    await postgres.ready(async () => {
      if (!postgres.log().includes('database system is ready to accept connections')) return false;
      await createDatabase(url('postgres'));
      return true;
    });
    folder.remember(state);
    return { ...folder.serve(postgres, state.port, () => detached(folder.dataPath)), url: url('tongbao') };
  });
}

async function initialise(
  folder: ServiceFolder<PostgresState>,
  { initdb, libraries, env }: PostgresBinaries,
  account: Account,
  fresh: string,
  state: PostgresState,
): Promise<void> {
  // Remembered before the data folder gets its name: a password that is only in the database would be lost.
  folder.remember(state);
  const passwordFile = join(folder.path, 'password');
  writeFileSync(passwordFile, state.password, { mode: 0o600 });
  try {
    if (account) for (const path of [fresh, passwordFile]) chownSync(path, account.uid, account.gid);
    const [command, ...before] = asAccount(account, [initdb, fresh, ...libraries]);
    const args = [
      `--pgdata=${fresh}`,
      '--username=tongbao',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ];
    await runProgram('initdb', command, [...before, ...args], env);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

const serverSettings = (port: number, dataPath: string): string[] => [
  '-D',
  dataPath,
  ...Object.entries({ port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200, timezone: 'UTC' }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  ),
];

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  // A connection that breaks fails the query it is used for, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'tongbao'`);
    if (rowCount === 0) await client.query('CREATE DATABASE tongbao');
  } finally {
    await client.end();
  }
}

/**
 * Waits until no process uses the server's shared memory any more. After a kill the server's children live on for a moment, and PostgreSQL rightly
 * refuses to start beside them. It is the check that it makes itself: line 7 of postmaster.pid holds the segment's key and id, and the system counts
 * who is attached: `key shmid perms size cpid lpid nattch …` in /proc/sysvipc/shm.
 */
async function detached(dataPath: string): Promise<void> {
  const lockFile = join(dataPath, 'postmaster.pid');
  if (!existsSync(lockFile)) return;
  const [, id] = (readFileSync(lockFile, 'utf8').split('\n')[6] ?? '').trim().split(/\s+/);
  const giveUpAt = performance.now() + 30_000;
  while (id !== undefined && attachedTo(id) > 0) {
    if (performance.now() > giveUpAt) throw new Error(`processes of an earlier PostgreSQL on ${dataPath} do not end`);
    await delay(20);
  }
}

const attachedTo = (id: string): number =>
  readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, shmid]) => shmid === id)
    .reduce((sum, [, , , , , , attached]) => sum + Number(attached), 0);
