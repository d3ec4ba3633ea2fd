import { TextDecoder } from 'node:util';
import { isNotOfEncoding } from './bill-problem.js';

/** One line of a file, without its line break; or why it cannot be read. Numbers count from 1. */
export type TextLine =
  { readonly number: number; readonly text: string } | { readonly number: number; readonly unreadable: 'encoding' | 'line_too_long' };

/** GB 18030 holds GBK and what came after it; a byte of a line break is never part of another character in it. */
export type BillEncoding = 'utf-8' | 'gb18030';

const lineFeed = 10;

/**
 * Cuts bytes into lines, a batch for every chunk. A line that is not of the encoding, or longer than the bound, is named and passed over; memory is bounded
 * by the chunk and the longest line.
 */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  encoding: BillEncoding,
  maxLineBytes: number,
): AsyncGenerator<readonly TextLine[]> {
  const cutter = new LineCutter(encoding, maxLineBytes);
  for await (const chunk of chunks) yield cutter.cut(chunk);
  yield cutter.end();
}

class LineCutter {
  private readonly decoder: TextDecoder;
  /** Of the line that has begun. */
  private begun: Uint8Array[] = [];
  private begunBytes = 0;
  private tooLong = false;
  private count = 0;

  constructor(
    encoding: BillEncoding,
    private readonly maxLineBytes: number,
  ) {
    this.decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  }

  cut(chunk: Uint8Array): TextLine[] {
    const end = chunk.lastIndexOf(lineFeed);
    if (end < 0) {
      this.keep(chunk);
      return [];
    }
    const lines: TextLine[] = [];
    let from = 0;
    if (this.begunBytes > 0 || this.tooLong) {
      from = chunk.indexOf(lineFeed) + 1;
      this.keep(chunk.subarray(0, from - 1));
      lines.push(this.finishBegun());
    }
    if (from <= end) this.decodeBlock(chunk.subarray(from, end), lines);
    this.keep(chunk.subarray(end + 1));
    return lines;
  }

  end(): TextLine[] {
    return this.begunBytes > 0 || this.tooLong ? [this.finishBegun()] : [];
  }

  private keep(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.tooLong) return;
    this.begunBytes += bytes.length;
    if (this.begunBytes > this.maxLineBytes) {
      this.tooLong = true;
      this.begun = [];
      return;
    }
    // A copy, which `slice` of a Buffer is not: who made the chunk may use its memory again.
    this.begun.push(new Uint8Array(bytes));
  }

  private finishBegun(): TextLine {
    const bytes = Buffer.concat(this.begun);
    const { tooLong } = this;
    this.begun = [];
    this.begunBytes = 0;
    this.tooLong = false;
    this.count += 1;
    return tooLong ? { number: this.count, unreadable: 'line_too_long' } : this.decodeLine(bytes, this.count);
  }

  /** Whole lines at once, which is ten times as quick as one by one; one by one where a byte is wrong. */
  private decodeBlock(block: Uint8Array, lines: TextLine[]): void {
    const text = this.decode(block);
    if (text !== undefined) {
      for (const line of text.split('\n')) {
        const number = ++this.count;
        // No line has more characters than bytes.
        lines.push(line.length > this.maxLineBytes ? { number, unreadable: 'line_too_long' } : { number, text: withoutReturn(line) });
      }
      return;
    }
    for (let from = 0; from <= block.length;) {
      const next = block.indexOf(lineFeed, from);
      const end = next < 0 ? block.length : next;
      lines.push(this.decodeLine(block.subarray(from, end), ++this.count));
      from = end + 1;
    }
  }

  private decodeLine(bytes: Uint8Array, number: number): TextLine {
    if (bytes.length > this.maxLineBytes) return { number, unreadable: 'line_too_long' };
    const text = this.decode(bytes);
    return text === undefined ? { number, unreadable: 'encoding' } : { number, text: withoutReturn(text) };
  }

  private decode(bytes: Uint8Array): string | undefined {
    try {
      return this.decoder.decode(bytes);
    } catch (error) {
      if (isNotOfEncoding(error)) return undefined;
      throw error;
    }
  }
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
