import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Another process (or another part of this one) has the folder open. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
  constructor(readonly folder: string) {
    super(`${folder} is in use by another process; stop it, or choose another data folder`);
  }
}

export interface FolderLock {
  release(): void;
}

/**
 * Takes a data folder for this process alone. PGlite has no lock of its own, and two of them on the same files destroy each other. The lock is
 * SQLite's exclusive one on `lock.db`, which the system gives back when the process dies, however it dies.
 * @throws FolderInUse
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'lock.db'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new FolderInUse(folder);
    throw error;
  }
  return { release: () => database.close() };
}

const sqliteBusy = 5;
const isBusy = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === sqliteBusy;
