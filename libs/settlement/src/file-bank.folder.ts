import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultPoint } from '@tongbao/event-store';

/** What is done to the disk; a spec cuts it off half way. */
export interface FolderEffects {
  write(path: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

/** Writes are on the disk when they are done: a file's bytes, and its name in the folder. */
export const durableEffects: FolderEffects = {
  async write(path, text) {
    const bytes = Buffer.from(text);
    const half = bytes.length >> 1;
    faultPoint('before', `filewrite-${path}`);
    const file = await open(path, 'w');
    try {
      await file.writeFile(bytes.subarray(0, half));
      faultPoint('amid', `filewrite-${path}`);
      await file.writeFile(bytes.subarray(half));
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(join(path, '..'));
    faultPoint('after', `filewrite-${path}`);
  },
  async rename(from, to) {
    faultPoint('before', `filerename-${to}`);
    await rename(from, to);
    faultPoint('after', `filerename-${to}`);
    await syncFolder(join(to, '..'));
    await syncFolder(join(from, '..'));
  },
};

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A file that a bank has sent. */
export interface ArrivedFile {
  name: string;
  path: string;
}

/**
 * The folders through which files go to a bank and come from it. `out` is emptied by whatever carries files to the bank; `in` is filled by it, which gives a file
 * its name when it is complete (names with a dot first, or `.tmp` or `.part` last, are not looked at). `ready` is the hub's own: a file in it has never been in
 * `out`.
 */
export class FileBankFolder {
  constructor(
    readonly path: string,
    private readonly effects: FolderEffects = durableEffects,
  ) {}

  async make(): Promise<void> {
    for (const name of ['out', 'in', 'done', 'rejected', 'ready']) await mkdir(join(this.path, name), { recursive: true });
  }

  /**
   * Lays a file complete where nothing takes it away, under a name that nobody else gives: of two that prepare the same run, only one's files are those that the log
   * names.
   * @returns that name
   */
  async prepare(name: string, text: string): Promise<string> {
    const preparedAs = `${name}.${randomUUID()}`;
    await this.effects.write(join(this.path, 'ready', preparedAs), text);
    return preparedAs;
  }

  /** Puts a prepared file where it is taken to the bank from; once: one that is not there any more has gone out. */
  async publish({ name, preparedAs }: { name: string; preparedAs: string }): Promise<void> {
    const from = join(this.path, 'ready', preparedAs);
    if (await exists(from)) await this.effects.rename(from, join(this.path, 'out', name));
  }

  /** Removes what was prepared of a file that went out otherwise. */
  async tidy({ name }: { name: string }): Promise<void> {
    const ready = join(this.path, 'ready');
    for (const left of await readdir(ready)) if (left.startsWith(`${name}.`)) await rm(join(ready, left), { force: true });
  }

  /** Files that wait to be taken in, by name. */
  async arrived(): Promise<ArrivedFile[]> {
    const entries = await readdir(join(this.path, 'in'), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !/^\.|\.(tmp|part)$/.test(entry.name))
      .map(({ name }) => ({ name, path: join(this.path, 'in', name) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Puts away a file that was taken in. Its content makes its name unique: banks use names again. */
  async putAway({ name, path }: ArrivedFile, fileId: string): Promise<void> {
    await this.effects.rename(path, join(this.path, 'done', `${fileId.slice(0, 12)}-${name}`));
  }

  /** Puts aside a file of which nothing counts, with a report of why. */
  async putAside({ name, path }: ArrivedFile, fileId: string, report: object): Promise<void> {
    const target = join(this.path, 'rejected', `${fileId.slice(0, 12)}-${name}`);
    await writeFile(`${target}.report.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    await this.effects.rename(path, target);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** SHA-256 of a file's bytes, in hex: its identity. */
export async function identityOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

export const identityOfBytes = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
