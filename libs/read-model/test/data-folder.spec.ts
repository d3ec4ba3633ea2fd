import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { transformFileSync, type Options } from '@swc/core';
import { Outage } from '@tongbao/event-store';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FolderInUse, openPglite } from '../src/index.js';
import { WorkerConnection } from '../src/worker-connection.js';

jest.setTimeout(120_000);

const library = join(import.meta.dirname, '..');
const compiled = join(library, 'out-tsc', 'worker-for-tests');
const script = (name: string): URL => pathToFileURL(join(compiled, name));

/** What the worker consists of, as the build makes it: a worker thread is plain Node, which cannot run the sources. */
function compileWorker(): void {
  mkdirSync(compiled, { recursive: true });
  const { jsc, module } = JSON.parse(readFileSync(join(library, '../../.swcrc'), 'utf8')) as Options;
  for (const name of readdirSync(join(library, 'src'))) {
    const { code } = transformFileSync(join(library, 'src', name), { jsc, module, swcrc: false });
    writeFileSync(join(compiled, name.replace(/\.ts$/, '.js')), code);
  }
}

/** Making a database takes seconds, copying one does not. */
const pristine = join(mkdtempSync(join(tmpdir(), 'read-model-')), 'data');
let folder: string;
beforeAll(async () => {
  compileWorker();
  await (await openPglite(pristine)).close();
});
afterAll(() => rmSync(dirname(pristine), { recursive: true }));
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'read-model-')), 'data');
  cpSync(pristine, folder, { recursive: true });
});
afterEach(() => rmSync(dirname(folder), { recursive: true }));

describe('a data folder', () => {
  it('is made by a process of its own when there is none, as the build has it', async () => {
    rmSync(folder, { recursive: true });
    const client = await openPglite(folder, { workerScript: script('pglite.worker.js') });
    expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await client.close();
  });

  it('holds what was written when it is opened again, in a worker or in this thread', async () => {
    const first = await openPglite(folder, { workerScript: script('pglite.worker.js') });
    await first.query('CREATE TABLE kept (id integer)');
    await first.transaction((tx) => tx.query('INSERT INTO kept VALUES (1), (2)'));
    await expect(first.query('SELECT nonsense')).rejects.toMatchObject({ name: 'SqlError', code: '42703' });
    await first.close();
    const second = await openPglite(folder);
    expect(await second.query('SELECT id FROM kept ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
    await second.close();
  });

  it('is refused while it is open elsewhere, and free again after a close', async () => {
    const first = await openPglite(folder);
    await expect(openPglite(folder)).rejects.toThrow(new FolderInUse(folder));
    await first.close();
    await (await openPglite(folder)).close();
  });

  it('keeps what was committed when the process is killed, and is free at once', async () => {
    const body = `
      import { lockFolder } from '${script('folder-lock.js').href}';
      import { openHere } from '${script('pglite.host.js').href}';
      const lock = lockFolder(process.argv[1]);
      const { host } = await openHere(process.argv[1]);
      await host.ask('CREATE TABLE kept (id integer)', []);
      for (let id = 0; ; id += 1) {
        await host.ask('INSERT INTO kept VALUES ($1)', [id]);
        console.log(id);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', body, folder], {
      cwd: library,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let written = 0;
    try {
      await new Promise<void>((resolve, reject) => {
        child.on('exit', () => reject(new Error('the child ended by itself')));
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          written += chunk.split('\n').length - 1;
          if (written >= 200) resolve();
        });
      });
      await expect(openPglite(folder)).rejects.toBeInstanceOf(FolderInUse);
    } finally {
      child.kill('SIGKILL');
    }
    await exited;
    const client = await openPglite(folder, { onDamaged: (movedAside) => expect(movedAside).toBeUndefined() });
    const [row] = await client.query<{ rows: number }>('SELECT count(*)::integer AS rows FROM kept');
    expect(row?.rows).toBeGreaterThanOrEqual(written);
    await client.close();
  });

  it('that does not open is moved aside, and a fresh one takes its place', async () => {
    const first = await openPglite(folder);
    await first.query('CREATE TABLE lost (id integer)');
    await first.close();
    writeFileSync(join(folder, 'pg', 'global', 'pg_control'), Buffer.alloc(8192, 7));
    const moved: string[] = [];
    const second = await openPglite(folder, { onDamaged: (movedAside) => moved.push(movedAside) });
    expect(moved).toEqual([expect.stringContaining('pg.damaged-')]);
    expect(readdirSync(moved[0]!)).toContain('global');
    await expect(second.query('SELECT * FROM lost')).rejects.toMatchObject({ code: '42P01' });
    await second.close();
  });

  it('that was in use when the machine went down is moved aside, but not one that was closed before', async () => {
    const first = await openPglite(folder);
    await first.query('CREATE TABLE lost (id integer)');
    expect(existsSync(join(folder, 'opened'))).toBe(true);
    await first.close();
    expect(existsSync(join(folder, 'opened'))).toBe(false);
    writeFileSync(join(folder, 'opened'), 'another start of the machine');
    const moved: string[] = [];
    const second = await openPglite(folder, { onDamaged: (movedAside) => moved.push(movedAside) });
    expect(moved).toHaveLength(1);
    await second.close();
  });

  it('that was found damaged in use is moved aside at the next start', async () => {
    const first = await openPglite(folder);
    await first.query("CREATE TABLE broken AS SELECT number, repeat('x', 500) AS filler FROM generate_series(1, 1000) number");
    await first.query('CHECKPOINT');
    const [file] = await first.query<{ path: string }>("SELECT pg_relation_filepath('broken') AS path");
    await first.close();
    writeFileSync(join(folder, 'pg', file!.path), Buffer.alloc(8192 * 60, 255));
    const second = await openPglite(folder);
    await expect(second.query('SELECT sum(length(filler)) FROM broken')).rejects.toMatchObject({ code: 'XX001' });
    await second.close();
    const moved: string[] = [];
    const third = await openPglite(folder, { onDamaged: (movedAside) => moved.push(movedAside) });
    expect(moved).toHaveLength(1);
    await third.close();
  });
});

describe('the worker that PGlite lives in', () => {
  /** A worker that opens and dies at the first request. */
  const dying = new URL(`data:text/javascript,import { parentPort } from 'node:worker_threads';
    parentPort.postMessage({ ready: true });
    parentPort.on('message', () => process.exit(3));`);

  it('refuses everything as an outage when it dies, and says so once', async () => {
    const fatal: Error[] = [];
    const { connection } = await WorkerConnection.open(dying, folder, (error) => fatal.push(error));
    const asked = [connection.ask('SELECT 1', []), connection.ask('SELECT 2', [])];
    for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toBeInstanceOf(Outage);
    }
    await expect(connection.ask('SELECT 3', [])).rejects.toBeInstanceOf(Outage);
    expect(fatal).toHaveLength(1);
    await connection.close();
  });

  it('says why it does not open', async () => {
    const unable = new URL(`data:text/javascript,import { parentPort } from 'node:worker_threads';
      parentPort.postMessage({ fatal: 'no such disk' });`);
    await expect(WorkerConnection.open(unable, folder, () => undefined)).rejects.toThrow('no such disk');
  });
});
