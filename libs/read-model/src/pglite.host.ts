import { PGlite, types, type PGliteOptions } from '@electric-sql/pglite';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { filesIn, isUntrusted, markClosed, markDamaged, markOpened, moveAside } from './pglite-folder.js';
import { PreparedStatements } from './prepared-statements.js';
import type { Reply } from './sql-connection.js';
import { saysDamaged, type SqlFailure } from './sql-failure.js';
import { isoTimestamp } from './timestamps.js';

/** Small buffers (the file cache of the system does the rest), no JIT to compile for, few connections to prepare for. */
const settings = {
  shared_buffers: '16MB',
  max_connections: '5',
  jit: 'off',
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

const asText = (value: string): string => value;

const options: PGliteOptions = {
  relaxedDurability: true,
  startParams: [...PGlite.defaultStartParams, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
  parsers: {
    [types.INT8]: asText,
    [types.NUMERIC]: asText,
    [types.DATE]: asText,
    [types.TIMESTAMP]: (value) => isoTimestamp(value),
    [types.TIMESTAMPTZ]: (value) => isoTimestamp(value),
  },
};

export interface OpenedPglite {
  host: PgliteHost;
  /** Where the old data lies, when it could not be opened. */
  movedAside?: string;
}

/** Creates the database of a new data folder and closes it again. */
export async function initialise(dataDir: string): Promise<void> {
  const { host } = await openHere(dataDir);
  await host.close();
}

/**
 * Opens PGlite in this thread. It does not fsync, so a power cut may leave files that do not open, or worse, files that open and lack some
 * writes: they are moved aside, because a read model can be built again from the log.
 */
export async function openHere(dataDir: string): Promise<OpenedPglite> {
  if (dataDir === 'memory') return { host: new PgliteHost(await PGlite.create(options)) };
  mkdirSync(dataDir, { recursive: true });
  const untrusted = isUntrusted(dataDir) ? moveAside(dataDir) : undefined;
  markOpened(dataDir);
  try {
    return { host: await openFiles(dataDir), ...(untrusted && { movedAside: untrusted }) };
  } catch (error) {
    if (!existsSync(filesIn(dataDir)) || isDiskFull(dataDir)) throw error;
    const movedAside = moveAside(dataDir);
    return { host: await openFiles(dataDir), movedAside };
  }
}

/** PostgreSQL does not start without room for its log; that says nothing against the data. */
function isDiskFull(dataDir: string): boolean {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize < 64 * 1024 * 1024;
}

async function openFiles(dataDir: string): Promise<PgliteHost> {
  const database = await PGlite.create({ ...options, dataDir: filesIn(dataDir) });
  await database.query('SELECT 1');
  return new PgliteHost(database, dataDir);
}

/** PGlite in this thread. What it throws that is no answer of PostgreSQL says that its memory cannot be trusted any more. */
export class PgliteHost {
  readonly #statements: PreparedStatements;

  constructor(
    private readonly database: PGlite,
    /** Absent: in memory. */
    private readonly dataDir?: string,
  ) {
    this.#statements = new PreparedStatements(database);
  }

  async ask(sql: string, parameters: readonly unknown[]): Promise<Reply> {
    try {
      const { fields, rows } = await this.#statements.run(sql, parameters);
      return { answer: { fields: fields.map(({ name }) => name), rows } };
    } catch (error) {
      const failure = failureOf(error) ?? (await this.#refusedParameter(error));
      if (this.dataDir !== undefined && saysDamaged(failure)) markDamaged(this.dataDir);
      return { failure };
    }
  }

  async close(): Promise<void> {
    await this.database.close();
    if (this.dataDir !== undefined) markClosed(this.dataDir);
  }

  /** PGlite refuses a parameter that does not fit its type by a plain error; if the database still answers, it was that. */
  async #refusedParameter(error: unknown): Promise<SqlFailure> {
    await this.database.query('SELECT 1').catch((crash: unknown) => {
      const answered = failureOf(crash);
      if (answered?.code !== inFailedTransaction) throw new Error(`PGlite crashed: ${String(error)}`, { cause: error });
    });
    return { message: String(error), code: invalidParameterValue };
  }
}

const inFailedTransaction = '25P02';
const invalidParameterValue = '22023';

function failureOf(error: unknown): SqlFailure | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const detail = 'detail' in error && typeof error.detail === 'string' ? error.detail : undefined;
  return { message: error.message, code: error.code, ...(detail && { detail }) };
}
