import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EventStoreLockedError } from './errors.js';

/** The value of `dataDir` for a store that lives in memory and dies with the process. */
export const IN_MEMORY = ':memory:';

const FILE_NAME = 'events.db';
const SCHEMA_VERSION = 1;
const SQLITE_BUSY = 5;

/*
 * Why it looks as it does:
 * - `events.pos` is the rowid, so reading $all is one walk through the table, and every index ends in `pos` without storing it twice:
 *   events_by_category is in truth (category, pos).
 * - events_by_id has the stream first: retries look at one stream only, and inserts stay near each other, which random ids alone would not.
 *   Eight bytes of the id are enough to find it; the whole id is compared after that.
 * - Payload columns come last, so that the small ones can be read without following overflow pages.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS categories(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS types(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS streams(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, category INTEGER NOT NULL, last INTEGER NOT NULL, tombstoned INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events(
  pos INTEGER PRIMARY KEY, sid INTEGER NOT NULL, rev INTEGER NOT NULL, category INTEGER NOT NULL, type INTEGER NOT NULL,
  json INTEGER NOT NULL, created INTEGER NOT NULL, crc INTEGER NOT NULL, id BLOB NOT NULL, data BLOB NOT NULL, meta BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events(sid, rev);
CREATE INDEX IF NOT EXISTS events_by_id ON events(sid, substr(id, 1, 8));
CREATE INDEX IF NOT EXISTS events_by_category ON events(category);
PRAGMA user_version = ${SCHEMA_VERSION};`;

export interface DatabaseOptions {
  /** Folder of the store, created when missing, or `:memory:`. */
  readonly dataDir: string;
  /** Upper bound of the database file in pages of 4 KiB; a write beyond it fails as on a full disk. */
  readonly maxPages?: number;
}

/** The path of the database file of a data folder. */
export const databaseFile = (dataDir: string): string => (dataDir === IN_MEMORY ? IN_MEMORY : join(dataDir, FILE_NAME));

/** Whether the folder holds an event store. */
export const hasDatabase = (dataDir: string): boolean => existsSync(databaseFile(dataDir));

/**
 * Opens (and creates, when missing) the store of a folder, and locks it for this connection until it is closed.
 * @throws EventStoreLockedError when somebody else has it open
 */
export function openDatabase({ dataDir, maxPages }: DatabaseOptions): DatabaseSync {
  if (dataDir !== IN_MEMORY) mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(databaseFile(dataDir));
  try {
    lock(database);
    migrate(database, dataDir);
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count=${maxPages}`);
    return database;
  } catch (error) {
    database.close();
    throw isBusy(error) ? new EventStoreLockedError(dataDir, error) : error;
  }
}

/**
 * locking_mode=EXCLUSIVE before the first access keeps the file lock until close, and the index of the write-ahead log in memory.
 * synchronous=FULL makes COMMIT return only after fsync. The log is checkpointed at 16 MiB, so that hot pages are not copied after every few groups.
 */
function lock(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout=0; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;`);
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

function migrate(database: DatabaseSync, dataDir: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > SCHEMA_VERSION)
    throw new Error(`The event store folder '${dataDir}' has format ${version}; this version knows formats up to ${SCHEMA_VERSION}.`);
  if (version < SCHEMA_VERSION) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
}

/** Copies the write-ahead log into the database file, empties it, and gives up the lock. */
export function closeDatabase(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === SQLITE_BUSY;
}

/** Known by its shape: errors that Node makes outside of the current realm are no instances of this realm's Error. */
export function isSqliteError(error: unknown): error is { readonly errcode: number; readonly message: string } {
  return typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number' && 'message' in error;
}
