import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { InProcessConnection } from './in-process-connection.js';
import { isInitialised } from './pglite-folder.js';
import { SingleConnectionClient } from './single-connection-client.js';
import type { SqlClient } from './sql-client.js';
import type { SqlConnection } from './sql-connection.js';
import { WorkerConnection } from './worker-connection.js';

export interface PgliteOptions {
  /** Hosts PGlite in the caller's thread; otherwise in a worker. Always so when running from TypeScript sources. */
  inProcess?: boolean;
  /** PGlite has died: every query fails with Outage from now on, and only a restart of the process helps. */
  onFatal?: (error: Error) => void;
  /** The data could not be opened, was moved to this path, and everything is built again from the log. */
  onDamaged?: (movedAside: string) => void;
  /** The compiled worker, for tests that run from sources. */
  workerScript?: URL;
}

/**
 * Opens PostgreSQL inside this process, with its data in a folder or in memory. It survives a kill of the process, but does not fsync: after a
 * power cut its data is given up. Fit for read models only, which are built again from the log.
 * @throws FolderInUse when another process has the folder
 */
export async function openPglite(dataDir: string, options: PgliteOptions = {}): Promise<SqlClient> {
  const lock = dataDir === 'memory' ? undefined : lockFolder(dataDir);
  try {
    const { connection, movedAside } = await connect(dataDir, options);
    if (movedAside !== undefined) options.onDamaged?.(movedAside);
    return new SingleConnectionClient(lock ? releasing(connection, lock) : connection);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

const isSource = import.meta.url.endsWith('.ts');

async function connect(dataDir: string, options: PgliteOptions): Promise<{ connection: SqlConnection; movedAside?: string }> {
  const onFatal = options.onFatal ?? (() => undefined);
  const inProcess = options.inProcess ?? (isSource && !options.workerScript);
  if (inProcess) {
    // Loaded only here: a process that hosts PGlite in a worker has no use for its code.
    const { openHere } = await import('./pglite.host.js');
    const { host, movedAside } = await openHere(dataDir);
    return { connection: new InProcessConnection(host, onFatal), movedAside };
  }
  const script = options.workerScript ?? new URL('./pglite.worker.js', import.meta.url);
  if (dataDir !== 'memory' && !isInitialised(dataDir)) {
    await promisify(execFile)(process.execPath, [fileURLToPath(new URL('./pglite.initialise.js', script)), dataDir]);
  }
  return WorkerConnection.open(script, dataDir, onFatal);
}

function releasing(connection: SqlConnection, lock: FolderLock): SqlConnection {
  return {
    ask: (sql, parameters) => connection.ask(sql, parameters),
    close: async () => {
      try {
        await connection.close();
      } finally {
        lock.release();
      }
    },
  };
}
