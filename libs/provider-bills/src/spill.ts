import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from './bill-source.js';
import { textLines } from './text-lines.js';

const flushLength = 32 * 1024;

/**
 * Texts without line breaks in numbered parts, each in the order in which it was added. Parts stay in memory until they are long, then go to files of a folder that
 * only this process uses and that `close` removes.
 */
export class Spill {
  private folder: Promise<string> | undefined;
  private readonly parts = new Map<string, { buffered: string[]; length: number; file: FileHandle | undefined }>();

  constructor(private readonly tempDir: string | undefined) {}

  /** @returns what is to be awaited before the next, where the part goes to its file */
  add(part: string, text: string): Promise<void> | undefined {
    let kept = this.parts.get(part);
    if (kept === undefined) this.parts.set(part, (kept = { buffered: [], length: 0, file: undefined }));
    kept.buffered.push(text);
    kept.length += text.length;
    return kept.length < flushLength ? undefined : this.flush(part, kept);
  }

  async *read(part: string): AsyncGenerator<readonly string[]> {
    const kept = this.parts.get(part);
    if (kept === undefined) return;
    if (kept.file !== undefined) {
      const path = await this.pathOf(part);
      for await (const lines of textLines(binary(createReadStream(path)), 'utf-8', Number.MAX_SAFE_INTEGER)) {
        yield lines.map((line) => {
          if ('unreadable' in line) throw new Error(`${path} is damaged at line ${line.number}`);
          return line.text;
        });
      }
    }
    yield kept.buffered;
  }

  async close(): Promise<void> {
    for (const { file } of this.parts.values()) await file?.close();
    if (this.folder !== undefined) await rm(await this.folder, { recursive: true, force: true });
  }

  private async flush(part: string, kept: { buffered: string[]; length: number; file: FileHandle | undefined }): Promise<void> {
    const text = kept.buffered.join('\n') + '\n';
    kept.buffered = [];
    kept.length = 0;
    kept.file ??= await open(await this.pathOf(part), 'ax', 0o600);
    await kept.file.appendFile(text);
  }

  private async pathOf(part: string): Promise<string> {
    this.folder ??= mkdtemp(join(this.tempDir ?? tmpdir(), 'reconcile-'));
    return join(await this.folder, part);
  }
}
