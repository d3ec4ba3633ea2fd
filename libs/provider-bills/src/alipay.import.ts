import { AlipayDetailReader, AlipaySums } from './alipay-detail.reader.js';
import { AlipaySummaryReader } from './alipay-summary.reader.js';
import { type BillItem, type BillLimits, type BillSource, type ImportOptions, defaultLimits } from './bill-line.js';
import { FileRefused, problem, problemOfFile } from './bill-problem.js';
import { type BillContext, BillCount } from './bill-reader.js';
import { asFile, openBill, unpacked } from './bill-source.js';
import { zipEntries } from './bill-zip.js';
import { TableFile } from './table-file.js';
import { textLines } from './text-lines.js';

/**
 * Alipay's trade bill: a ZIP with detail and summary files, which their headers tell apart, or a detail file alone. Memory does not grow with the bill; a ZIP that
 * is no file is kept in one while it is read.
 * @throws only what reading the source throws; whatever is wrong with the bill is an item
 */
export async function* importAlipayBill(source: BillSource, options: ImportOptions = {}): AsyncGenerator<BillItem> {
  const bill = new AlipayBill({ ...defaultLimits, ...options.limits }, options.bill);
  try {
    const opened = await openBill(source);
    if (opened.container === 'gzip') throw new FileRefused('wrong_container', 'this is gzip: Alipay packs bills as ZIP');
    if (opened.container === 'plain') yield* bill.readFile(undefined, unpacked(opened, bill.limits));
    else if (!(source instanceof Uint8Array) && 'path' in source) yield* bill.readZip(source.path);
    else yield* asFile(opened.chunks, options.tempDir, (path) => bill.readZip(path));
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    bill.isWhole = false;
    yield* bill.counted([problemOfFile(error)]);
  }
  yield* bill.end();
}

class AlipayBill {
  readonly count = new BillCount();
  isWhole = true;
  private readonly totals = { compared: false, differs: false };
  private readonly sums = new AlipaySums();
  private readonly summaries: AlipaySummaryReader[] = [];
  private details = 0;
  private isZip = false;

  constructor(
    readonly limits: BillLimits,
    private readonly expected: ImportOptions['bill'],
  ) {}

  *counted(items: readonly BillItem[]): Generator<BillItem> {
    for (const item of items) this.count.add(item);
    yield* items;
  }

  async *readZip(path: string): AsyncGenerator<BillItem> {
    this.isZip = true;
    for await (const { name, chunks } of zipEntries(path, this.limits)) yield* this.readFile(name, chunks);
  }

  /** A file that is no part of the bill is a problem; the other files of the ZIP are read all the same. */
  async *readFile(name: string | undefined, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BillItem> {
    const { count, totals } = this;
    const context: BillContext = { count, totals, ...(name === undefined ? {} : { file: name }) };
    const file = new TableFile({
      provider: 'alipay',
      expected: this.expected,
      ...(name === undefined ? {} : { file: name }),
      readerOf: (kind, header) => {
        if (kind === 'alipay_trade') {
          this.details += 1;
          return new AlipayDetailReader(header, context, this.sums);
        }
        const summary = new AlipaySummaryReader(header, context);
        this.summaries.push(summary);
        return summary;
      },
    });
    const out: BillItem[] = [];
    try {
      for await (const lines of textLines(chunks, 'gb18030', this.limits.maxLineBytes)) {
        file.read(lines, out);
        yield* this.counted(out.splice(0));
      }
      file.end(out);
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      this.isWhole = false;
      out.push(problemOfFile(error, name));
    }
    yield* this.counted(out);
  }

  *end(): Generator<BillItem> {
    const out: BillItem[] = [];
    if (this.isZip && this.isWhole) {
      if (this.details === 0) out.push(problem('detail_missing', 'the ZIP has no detail file'));
      if (this.summaries.length === 0) out.push(problem('summary_missing', 'the ZIP has no summary file'));
    }
    if (this.details > 0) for (const summary of this.summaries) summary.compare(this.sums, out);
    yield* this.counted(out);
    yield this.count.end(this.isWhole && out.length === 0 && this.totals.compared && !this.totals.differs);
  }
}
