import { appendFile, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textLines } from './text-lines.js';

const firstBytes = 2 * 1024;
const mostBytes = 32 * 1024;

interface Part {
  bytes: Buffer;
  length: number;
  hasFile: boolean;
}

/**
 * Texts without line breaks in named parts, each in the order in which it was added. Parts stay in memory until they are long, then go to files of a folder that
 * only this process uses and that `close` removes. They are kept as bytes: as many strings would outlive the collector's young generation and fill the old one.
 */
export class Spill {
  private folder: Promise<string> | undefined;
  private readonly parts = new Map<string, Part>();

  constructor(private readonly tempDir: string | undefined) {}

  /** @returns what is to be awaited before the next, where the part goes to its file */
  add(name: string, text: string): Promise<void> | undefined {
    let part = this.parts.get(name);
    if (part === undefined) this.parts.set(name, (part = { bytes: Buffer.allocUnsafeSlow(firstBytes), length: 0, hasFile: false }));
    // No character has more than three bytes in UTF-8 for each of its UTF-16 units.
    const most = text.length * 3 + 1;
    if (part.length + most <= part.bytes.length) {
      append(part, text);
      return undefined;
    }
    if (part.bytes.length < mostBytes && part.length + most <= mostBytes) {
      part.bytes = Buffer.concat([part.bytes.subarray(0, part.length)], part.bytes.length * 2);
      return this.add(name, text);
    }
    return this.flush(name, part, text);
  }

  async *read(name: string): AsyncGenerator<readonly string[]> {
    const part = this.parts.get(name);
    if (part === undefined) return;
    const kept = part.bytes.subarray(0, part.length);
    if (part.hasFile) {
      await appendFile(await this.pathOf(name), kept);
      part.length = 0;
    }
    const chunks = part.hasFile ? bytesOfFile(await this.pathOf(name)) : only(kept);
    for await (const lines of textLines(chunks, 'utf-8', Number.MAX_SAFE_INTEGER)) {
      yield lines.map((line) => {
        if ('unreadable' in line) throw new Error(`${name} is damaged at line ${line.number}`);
        return line.text;
      });
    }
  }

  async close(): Promise<void> {
    if (this.folder !== undefined) await rm(await this.folder, { recursive: true, force: true });
  }

  /** Descriptors are not kept: there are more parts than a process may have open files. */
  private async flush(name: string, part: Part, text: string): Promise<void> {
    const path = await this.pathOf(name);
    await appendFile(path, part.bytes.subarray(0, part.length), { mode: 0o600 });
    part.length = 0;
    part.hasFile = true;
    if (text.length * 3 + 1 <= part.bytes.length) append(part, text);
    else await appendFile(path, `${text}\n`);
  }

  private async pathOf(name: string): Promise<string> {
    this.folder ??= mkdtemp(join(this.tempDir ?? tmpdir(), 'reconcile-'));
    return join(await this.folder, name);
  }
}

function append(part: Part, text: string): void {
  part.length += part.bytes.write(text, part.length);
  part.bytes[part.length] = 10;
  part.length += 1;
}

/** Always the same bytes, overwritten: `textLines` keeps none of them. A stream's new ones for each read stay until the collector finds them. */
async function* bytesOfFile(path: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(2 * mostBytes);
  const file = await open(path);
  try {
    for (let { bytesRead } = await file.read(bytes); bytesRead > 0; { bytesRead } = await file.read(bytes))
      yield bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
