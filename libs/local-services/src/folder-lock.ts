import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** Somebody, another process or another part of this one, runs a service on that folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
  constructor(readonly folder: string) {
    super(`${folder} is in use by a running service; stop it, or choose another folder`);
  }
}

export interface FolderLock {
  release(): void;
}

/**
 * Takes a folder for one holder. Kafka notices a second broker on its files only after both have written; PostgreSQL and Redis have no lock that would
 * cover a start as a whole. The lock is SQLite's exclusive one on the file `lock`: the system gives it back when the process ends, however it ends.
 * @throws FolderInUse
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'lock'));
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

/** Runs work that only one process of the machine may do at a time; the others wait. @throws Error when it is not their turn in time */
export async function alone<T>(folder: string, work: () => Promise<T>, timeoutMs = 600_000): Promise<T> {
  const lock = await lockInTurn(folder, performance.now() + timeoutMs);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function lockInTurn(folder: string, giveUpAt: number): Promise<FolderLock> {
  for (;;) {
    try {
      return lockFolder(folder);
    } catch (error) {
      if (!(error instanceof FolderInUse) || performance.now() > giveUpAt) throw error;
    }
    await delay(100);
  }
}
