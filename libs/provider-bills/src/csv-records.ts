import type { BillItem } from './bill-line.js';
import { problem } from './bill-problem.js';
import { unreadable } from './bill-reader.js';
import type { TextLine } from './text-lines.js';

/** Lines that one record may span: a quoted description with line breaks. */
const maxRecordLines = 16;

interface PendingLine {
  readonly number: number;
  readonly text: string;
  readonly hasOddQuotes: boolean;
}

/**
 * Records of CSV as in RFC 4180, for files that may be damaged: a quote that is never closed costs the line that it stands in, where a general parser loses every
 * line after it.
 */
export class CsvRecords {
  private pending: PendingLine[] = [];

  constructor(private readonly onRecord: (cells: readonly string[], line: number) => void) {}

  read(line: TextLine, out: BillItem[]): void {
    if ('unreadable' in line) {
      this.end(out);
      out.push(unreadable(line));
      return;
    }
    if (this.pending.length === 0 && line.text === '') return;
    this.feed([{ ...line, hasOddQuotes: (line.text.split('"').length - 1) % 2 === 1 }], out);
  }

  /** What is left open is malformed. */
  end(out: BillItem[]): void {
    while (this.pending.length > 0) this.giveUpFirst(out);
  }

  private feed(lines: readonly PendingLine[], out: BillItem[]): void {
    const queue = [...lines];
    for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
      this.pending.push(line);
      const isOpen = this.pending.reduce((open, { hasOddQuotes }) => open !== hasOddQuotes, false);
      if (isOpen && this.pending.length < maxRecordLines) continue;
      const cells = isOpen ? undefined : cellsOf(this.pending.map(({ text }) => text).join('\n'));
      const [first, ...rest] = this.pending;
      if (first === undefined) continue;
      this.pending = [];
      if (cells !== undefined) this.onRecord(cells, first.number);
      else {
        out.push(malformed(first));
        queue.unshift(...rest);
      }
    }
  }

  private giveUpFirst(out: BillItem[]): void {
    const [first, ...rest] = this.pending;
    this.pending = [];
    if (first !== undefined) out.push(malformed(first));
    this.feed(rest, out);
  }
}

const malformed = ({ number, text }: PendingLine): BillItem =>
  problem('quote_malformed', 'its quotes are not those of CSV', { line: number, value: text });

/** @returns undefined where quotes stand in a cell that is not quoted, or end before the cell does */
function cellsOf(record: string): string[] | undefined {
  const cells: string[] = [];
  for (let from = 0; ;) {
    const end = record[from] === '"' ? endOfQuoted(record, from) : endOfPlain(record, from);
    if (end === undefined) return undefined;
    cells.push(record[from] === '"' ? record.slice(from + 1, end - 1).replaceAll('""', '"') : record.slice(from, end));
    if (end === record.length) return cells;
    from = end + 1;
  }
}

function endOfPlain(record: string, from: number): number | undefined {
  const comma = record.indexOf(',', from);
  const end = comma < 0 ? record.length : comma;
  return record.slice(from, end).includes('"') ? undefined : end;
}

function endOfQuoted(record: string, from: number): number | undefined {
  for (let quote = record.indexOf('"', from + 1); quote >= 0; quote = record.indexOf('"', quote + 2)) {
    if (record[quote + 1] === '"') continue;
    return quote + 1 === record.length || record[quote + 1] === ',' ? quote + 1 : undefined;
  }
  return undefined;
}
