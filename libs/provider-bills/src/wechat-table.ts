import type { BillItem, BillLine } from './bill-line.js';
import { CellRefused, problem, problemOfCell } from './bill-problem.js';
import { type BillContext, type BillReader, Columns, cell, compareTotal, readRow, unreadable } from './bill-reader.js';
import { parseCount, parseScaled } from './decimal-amount.js';
import type { TextLine } from './text-lines.js';

/** What makes a table of WeChat Pay one of its bills. */
export interface WeChatBill {
  /** What the first total is called: the number of rows. */
  readonly countName: string;
  readonly totals: readonly StatedTotal[];
  /** @throws CellRefused for a cell that is malformed */
  readonly lineOf: (cells: readonly string[], line: number) => BillLine;
}

/** A total that the end of a bill states. */
export interface StatedTotal {
  /** The name has changed over the years: any of these. */
  readonly names: readonly string[];
  /** Digits after the point in which it is added up; none for a count of rows. */
  readonly digits: number;
  /** What a row adds. @throws CellRefused for a cell that is malformed */
  readonly summand: (cells: readonly string[]) => bigint;
}

/**
 * The grammar of WeChat Pay's bills (UTF-8, CRLF, with or without a byte order mark):
 *
 *     name,name,…              header, cells without backticks
 *     `cell,`cell,…            rows
 *     name,name,…              header of the totals
 *     `cell,`cell,…            totals
 *
 * Nothing is quoted. Cells are divided at a comma with a backtick, so that a comma within a cell does no harm.
 */
export class WeChatTable implements BillReader {
  private readonly running: readonly { readonly total: StatedTotal; sum: bigint }[];
  private rows = 0;
  private statedNames: Columns | undefined;
  private ended = false;

  constructor(
    private readonly header: Columns,
    private readonly context: BillContext,
    private readonly bill: WeChatBill,
  ) {
    this.running = bill.totals.map((total) => ({ total, sum: 0n }));
  }

  read(line: TextLine, out: BillItem[]): void {
    const { file, count } = this.context;
    if ('unreadable' in line) {
      count.rows += 1;
      this.rows += 1;
      out.push(unreadable(line, file));
      return;
    }
    if (line.text === '') return;
    const cells = cellsOf(line.text);
    if (this.ended) out.push(problem('line_after_totals', 'nothing follows the totals', { line: line.number, file }));
    else if (this.statedNames !== undefined) this.compareAll(this.statedNames, cells, line.number, out);
    else if (cells[0] === this.bill.countName) this.statedNames = new Columns(cells);
    else this.row(cells, line.number, out);
  }

  end(out: BillItem[]): void {
    if (this.ended) return;
    this.context.totals.differs = true;
    out.push(problem('totals_missing', 'it ends before its totals: it may be cut short', { file: this.context.file }));
  }

  private row(cells: readonly string[], line: number, out: BillItem[]): void {
    this.rows += 1;
    this.context.count.rows += 1;
    const expected = this.header.names.length;
    if (cells.length !== expected) {
      const message = `${cells.length} cells where the header has ${expected}`;
      out.push(problem('column_count', message, { line, file: this.context.file }));
      return;
    }
    readRow(line, this.context.file, out, () => out.push({ type: 'line', line: this.bill.lineOf(cells, line) }));
    for (const running of this.running) running.sum += summandOf(running.total, cells);
  }

  private compareAll(names: Columns, cells: readonly string[], line: number, out: BillItem[]): void {
    this.ended = true;
    const count = { total: { names: [this.bill.countName], digits: 0 }, sum: BigInt(this.rows) };
    for (const { total, sum } of [count, ...this.running]) {
      const column = names.find(...total.names);
      if (column === undefined) continue;
      try {
        const text = cell(cells, column);
        const stated = total.digits === 0 ? BigInt(parseCount(text, column.name)) : parseScaled(text, total.digits, column.name);
        compareTotal(
          this.context,
          { field: column.name, stated, found: sum, digits: total.digits, isCount: total.digits === 0, line },
          out,
        );
      } catch (error) {
        if (!(error instanceof CellRefused)) throw error;
        this.context.totals.differs = true;
        out.push(problemOfCell(new CellRefused('totals_malformed', error.field, error.value, error.message), line, this.context.file));
      }
    }
  }
}

/** Of a cell that is malformed, nothing: the row has its problem already, and the total will differ. */
function summandOf({ summand }: StatedTotal, cells: readonly string[]): bigint {
  try {
    return summand(cells);
  } catch (error) {
    if (error instanceof CellRefused) return 0n;
    throw error;
  }
}

const cellsOf = (text: string): string[] => (text.startsWith('`') ? text.slice(1).split(',`') : text.split(','));
