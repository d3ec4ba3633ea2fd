import type { BillHead, BillItem, BillLine } from './bill-line.js';
import { CellRefused, FileRefused, problem, problemOfCell } from './bill-problem.js';
import { formatDecimal } from './decimal-amount.js';
import type { TextLine } from './text-lines.js';

/** Reads the lines after the header of one kind of file. */
export interface BillReader {
  /** Adds what the line says to `out`. */
  read(line: TextLine, out: BillItem[]): void;
  /** After the last line: what is missing, and whether totals are right. */
  end(out: BillItem[]): void;
}

/** What the header of a table names, by its place. */
export class Columns {
  private readonly places = new Map<string, number>();
  readonly repeated: string | undefined;

  constructor(readonly names: readonly string[]) {
    for (const [index, name] of names.entries()) {
      if (this.places.has(name)) this.repeated ??= name;
      else this.places.set(name, index);
    }
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /** The first of the names that the header has. */
  find(...names: readonly string[]): Column | undefined {
    for (const name of names) {
      const index = this.places.get(name);
      if (index !== undefined) return { name, index };
    }
    return undefined;
  }
}

export interface Column {
  readonly name: string;
  readonly index: number;
}

/** @throws FileRefused `header_incomplete` */
export function requiredColumn(header: Columns, ...names: readonly [string, ...string[]]): Column {
  const column = header.find(...names);
  if (column === undefined) throw new FileRefused('header_incomplete', 'the header lacks a column', { field: names[0] });
  return column;
}

export const cell = (cells: readonly string[], column: Column | undefined): string =>
  column === undefined ? '' : (cells[column.index] ?? '').trim();

const reference = /^[^\x00-\x1f\x7f]{1,128}$/u;

/** A number or key of a line; an empty one, or the `0` that stands for none, is undefined. */
export function referenceOf(cells: readonly string[], column: Column | undefined): string | undefined {
  const text = cell(cells, column);
  return text === '' || text === '0' ? undefined : checkedReference(text, column?.name ?? '');
}

export function checkedReference(text: string, field: string): string {
  if (!reference.test(text)) throw new CellRefused('reference_malformed', field, text, 'not 1 to 128 characters without controls');
  return text;
}

/** @throws CellRefused `reference_missing` */
export function requiredReference(cells: readonly string[], column: Column | undefined): string {
  const found = referenceOf(cells, column);
  if (found === undefined) throw new CellRefused('reference_missing', column?.name ?? '', '', 'the line has no number');
  return found;
}

/** What a bill came to, as its items go by. */
export class BillCount {
  rows = 0;
  lines = 0;
  problems = 0;
  private readonly sums = new Map<string, { lines: number; amountMinor: bigint; feeMinor: bigint }>();

  add(item: BillItem): void {
    if (item.type === 'problem') this.problems += 1;
    if (item.type === 'line') this.addLine(item.line);
  }

  private addLine({ currency, amountMinor, feeMinor }: BillLine): void {
    this.lines += 1;
    let sum = this.sums.get(currency);
    if (sum === undefined) this.sums.set(currency, (sum = { lines: 0, amountMinor: 0n, feeMinor: 0n }));
    sum.lines += 1;
    sum.amountMinor += BigInt(amountMinor);
    sum.feeMinor += BigInt(feeMinor);
  }

  end(verified: boolean): BillItem {
    const { rows, lines, problems } = this;
    return { type: 'end', end: { rows, lines, problems, verified, sums: Object.fromEntries(this.sums) } };
  }
}

/** What the files of one bill have in common while they are read. */
export interface BillContext {
  readonly count: BillCount;
  readonly file?: string;
  /** `differs` also where totals are missing. */
  readonly totals: { compared: boolean; differs: boolean };
}

export const headItem = (head: BillHead): BillItem => ({ type: 'head', head });

/** Runs the reading of a row; a cell that is refused becomes a problem of the line. */
export function readRow(line: number, file: string | undefined, out: BillItem[], row: () => void): void {
  try {
    row();
  } catch (error) {
    if (!(error instanceof CellRefused)) throw error;
    out.push(problemOfCell(error, line, file));
  }
}

export function unreadable({ number, unreadable: code }: Extract<TextLine, { unreadable: string }>, file?: string): BillItem {
  const message =
    code === 'encoding' ? 'the bytes of the line are not of the encoding of the file' : 'the line is longer than any line of a bill';
  return problem(code, message, { line: number, file });
}

export interface ComparedTotal {
  readonly field: string;
  readonly stated: bigint;
  readonly found: bigint;
  /** Both are integers of `10^-digits`. */
  readonly digits: number;
  readonly isCount?: boolean;
  readonly line?: number;
}

/** Compares what a file states with what its rows come to. */
export function compareTotal(
  context: BillContext,
  { field, stated, found, digits, line, isCount = false }: ComparedTotal,
  out: BillItem[],
): void {
  context.totals.compared = true;
  if (stated === found) return;
  context.totals.differs = true;
  const value = formatDecimal(stated, digits);
  const message = `the file states ${value}, its rows come to ${formatDecimal(found, digits)}`;
  out.push(problem(isCount ? 'count_differs' : 'total_differs', message, { field, value, line, file: context.file }));
}
