import { type AlipaySums } from './alipay-detail.reader.js';
import type { BillItem } from './bill-line.js';
import { problem } from './bill-problem.js';
import { type BillContext, type BillReader, type Column, type Columns, cell, compareTotal, readRow, unreadable } from './bill-reader.js';
import { parseCount, parseScaled } from './decimal-amount.js';
import type { TextLine } from './text-lines.js';

const fen = 2;

/**
 * A figure of the last row, and what it may be. Whether amounts are less refunds, and which sign fees have, is nowhere written down: either is taken for right.
 */
interface SummaryFigure {
  readonly column: Column;
  readonly digits: 0 | 2;
  readonly found: (sums: AlipaySums) => readonly [bigint, ...bigint[]];
}

/**
 * The summary file of Alipay's trade bill: a row for each shop, and `合计` for all of them. It may stand before the detail file in the ZIP, so it is compared
 * when all files are read.
 */
export class AlipaySummaryReader implements BillReader {
  private readonly figures: readonly SummaryFigure[];
  private stated: { readonly cells: readonly string[]; readonly line: number } | undefined;

  constructor(
    header: Columns,
    private readonly context: BillContext,
  ) {
    this.figures = figuresOf(header);
  }

  read(line: TextLine, out: BillItem[]): void {
    if ('unreadable' in line) {
      out.push(unreadable(line, this.context.file));
      return;
    }
    const cells = line.text.split(',');
    if (cells[0]?.trim() === '合计') this.stated = { cells, line: line.number };
  }

  end(out: BillItem[]): void {
    if (this.stated !== undefined) return;
    this.context.totals.differs = true;
    out.push(problem('totals_missing', 'the summary has no row of totals: it may be cut short', { file: this.context.file }));
  }

  compare(sums: AlipaySums, out: BillItem[]): void {
    const { stated } = this;
    if (stated === undefined) return;
    for (const { column, digits, found } of this.figures) {
      readRow(stated.line, this.context.file, out, () => {
        const text = cell(stated.cells, column);
        const value = digits === 0 ? BigInt(parseCount(text, column.name)) : parseScaled(text, digits, column.name);
        const figures = found(sums);
        const figure = figures.find((each) => each === value) ?? figures[0];
        compareTotal(
          this.context,
          { field: column.name, stated: value, found: figure, digits, isCount: digits === 0, line: stated.line },
          out,
        );
      });
    }
  }
}

function figuresOf(header: Columns): SummaryFigure[] {
  const figures: readonly (Omit<SummaryFigure, 'column'> & { readonly name: string })[] = [
    { name: '交易订单总笔数', digits: 0, found: ({ payments }) => [BigInt(payments)] },
    { name: '退款订单总笔数', digits: 0, found: ({ refunds }) => [BigInt(refunds)] },
    { name: '订单金额（元）', digits: fen, found: ({ orders, ordersOfPayments }) => [orders, ordersOfPayments] },
    { name: '商家实收（元）', digits: fen, found: ({ received, receivedByPayments }) => [received, receivedByPayments] },
    { name: '服务费（元）', digits: fen, found: ({ fees }) => [fees, -fees] },
  ];
  return figures.flatMap(({ name, ...figure }) => {
    const column = header.find(name);
    return column === undefined ? [] : [{ ...figure, column }];
  });
}
