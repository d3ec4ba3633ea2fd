import { hash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The hexadecimal name of a log in paths: SHA-256 of its origin, as in C2SP tlog-mirror. */
export const originHash = (origin: string): string => hash('sha256', origin, 'hex');

/**
 * What a witness remembers: for each log one file with the checkpoint that it cosigned last. The folder belongs to one process at a time.
 */
export class WitnessState {
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(
    private readonly folder: string,
    private readonly lock: DatabaseSync,
  ) {}

  /** @throws Error when another witness runs on the folder */
  static async open(folder: string): Promise<WitnessState> {
    await mkdir(folder, { recursive: true });
    await syncFolder(folder);
    // SQLite's exclusive lock is given back by the system when the process ends, however it ends.
    const lock = new DatabaseSync(join(folder, 'lock'));
    try {
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      throw new Error(`${folder} cannot be locked: another witness runs on it`, { cause: error });
    }
    return new WitnessState(folder, lock);
  }

  /** The signed and cosigned checkpoint; undefined when the witness never cosigned one of this log. */
  async read(origin: string): Promise<string | undefined> {
    try {
      return await readFile(this.#path(origin), 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Returns when the checkpoint is on the disk, in place of the one before. A crash leaves one of the two, whole. */
  async write(origin: string, checkpoint: string): Promise<void> {
    const path = this.#path(origin);
    const file = await open(`${path}.next`, 'w');
    try {
      await file.writeFile(checkpoint);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.next`, path);
    await syncFolder(this.folder);
  }

  /** Runs work on a log when all work on it that came before is done: nobody reads the state between another's comparison and its write. */
  async inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const turn = Promise.allSettled([this.#turns.get(origin)]).then(work);
    this.#turns.set(origin, turn);
    return await turn;
  }

  /** Call it when no work is under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#turns.values());
    this.lock.close();
  }

  #path(origin: string): string {
    return join(this.folder, `${originHash(origin)}.checkpoint`);
  }
}

const isMissing = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/** Makes new names in it durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
