import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Outage } from '@tongbao/event-store';

/** The file of a bill is not where it was put, or not as it was: giving the same bill again mends it. */
export class BillFileMissing extends Outage {
  override readonly name = 'BillFileMissing';
}

/** More was sent than a bill may have. */
export class BillTooLarge extends Error {
  override readonly name = 'BillTooLarge';
}

/** A file that has come in and is not yet a bill's. */
export interface ReceivedFile {
  sha256: string;
  bytes: number;
  /** Makes it the file of a bill, durably; in place of one that is there already. */
  keepAs(billId: string): Promise<void>;
  discard(): Promise<void>;
}

/** The bills as files of a folder, which all processes of the service share, and the room for what does not fit into memory. */
export class BillFiles {
  constructor(
    private readonly folder: string,
    private readonly maxBytes: number,
  ) {}

  /**
   * Writes what is sent to a file.
   * @throws BillTooLarge; whatever reading the source or writing the file throws: nothing is left of it then
   */
  async receive(source: Readable): Promise<ReceivedFile> {
    await mkdir(join(this.folder, 'incoming'), { recursive: true, mode: 0o700 });
    const path = join(this.folder, 'incoming', randomUUID());
    const count = new Counting(this.maxBytes);
    const discard = () => rm(path, { force: true });
    try {
      await pipeline(count.of(source), createWriteStream(path, { mode: 0o600, flush: true }));
    } catch (error) {
      await discard();
      throw error;
    }
    const keepAs = async (billId: string) => {
      await rename(path, this.#pathOf(billId));
      await synced(this.folder);
    };
    return { sha256: count.digest(), bytes: count.bytes, keepAs, discard };
  }

  /**
   * Where the file of a bill is.
   * @throws BillFileMissing also where it is not what was received
   */
  async find(billId: string, sha256: string): Promise<string> {
    const path = this.#pathOf(billId);
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer); // no encoding is set
    } catch (error) {
      if (isMissing(error))
        throw new BillFileMissing(`the file of ${billId} is not in ${this.folder}: give the bill again`, { cause: error });
      throw error;
    }
    if (hash.digest('hex') === sha256) return path;
    throw new BillFileMissing(`the file of ${billId} in ${this.folder} was changed: give the bill again`);
  }

  /** A folder for what does not fit into memory, for as long as `work` takes. */
  async withScratch<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
    await mkdir(this.#scratch, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(this.#scratch, 'work-'));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes what processes that were killed have left. To be called by the process that leads, before its first work: nobody else has work then. */
  async clearScratch(): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true });
  }

  get #scratch(): string {
    return join(this.folder, 'scratch');
  }

  #pathOf(billId: string): string {
    return join(this.folder, `${billId}.file`);
  }
}

const isMissing = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/** A new name in a folder is durable when the folder is. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class Counting {
  readonly #hash = createHash('sha256');
  bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Leaves the source open: who sent too much is to hear of it. */
  async *of(source: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer; // no encoding is set
      this.bytes += bytes.length;
      if (this.bytes > this.maxBytes) throw new BillTooLarge(`a bill has at most ${this.maxBytes} bytes`);
      this.#hash.update(bytes);
      yield bytes;
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
