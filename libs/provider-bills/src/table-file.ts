import { type FileKind, describeFile, fileKindOf, filesOf, saysNoStatement } from './bill-header.js';
import type { BillHead, BillItem, ImportOptions } from './bill-line.js';
import { CellRefused, FileRefused } from './bill-problem.js';
import { type BillReader, Columns, headItem } from './bill-reader.js';
import { parseChineseClock } from './bill-time.js';
import type { TextLine } from './text-lines.js';

/** Lines before the header of a bill; Alipay's has four. */
const maxPreamble = 100;

export interface TableFileForm {
  readonly provider: 'alipay' | 'wechat';
  readonly expected: ImportOptions['bill'];
  readonly file?: string;
  readonly readerOf: (kind: FileKind, header: Columns) => BillReader;
}

/** A file of Alipay or WeChat Pay: finds its header, and gives the lines after it to the reader for that header. */
export class TableFile {
  kind: FileKind | undefined;
  private reader: BillReader | undefined;
  private preamble = 0;
  private head: Pick<BillHead, 'account' | 'from' | 'to'> = {};

  constructor(private readonly form: TableFileForm) {}

  /** @throws FileRefused when it is no bill that is expected here */
  read(lines: readonly TextLine[], out: BillItem[]): void {
    for (const line of lines) {
      if (this.reader === undefined) this.readPreamble(line, out);
      else this.reader.read(line, out);
    }
  }

  /** @throws FileRefused `empty`, `header_missing` */
  end(out: BillItem[]): void {
    if (this.reader !== undefined) this.reader.end(out);
    else if (this.preamble === 0) throw new FileRefused('empty', 'there is nothing in it');
    else throw new FileRefused('header_missing', 'no line is the header of a bill');
  }

  private readPreamble(line: TextLine, out: BillItem[]): void {
    this.preamble += 1;
    if (this.preamble > maxPreamble)
      throw new FileRefused('header_missing', `none of its first ${maxPreamble} lines is the header of a bill`);
    if ('unreadable' in line) throw new FileRefused(line.unreadable, 'its first lines cannot be read', { line: line.number });
    const text = line.number === 1 ? line.text.replace(/^\uFEFF/, '') : line.text;
    if (saysNoStatement(text))
      throw new FileRefused('no_statement', 'the provider says that there is no bill of this day', { value: text });
    if (text.startsWith('#')) this.readComment(text);
    else if (text.trim() !== '') this.readHeader(text, line.number, out);
  }

  private readComment(text: string): void {
    const account = /^#账号：\[(\d+)\]/.exec(text)?.[1];
    if (account !== undefined) this.head = { ...this.head, account };
    const period = /^#起始日期：\[([^\]]+)\]\s+终止日期：\[([^\]]+)\]/.exec(text);
    if (period !== null) this.head = { ...this.head, ...periodOf(period[1] ?? '', period[2] ?? '') };
  }

  private readHeader(text: string, line: number, out: BillItem[]): void {
    const { provider, expected, file } = this.form;
    const header = new Columns(text.split(',').map((name) => name.trim().replace(/^`/, '')));
    const kind = fileKindOf(header.names);
    if (kind === undefined) throw new FileRefused('header_missing', 'its header is of no bill that is known', { line, value: text });
    const bill = filesOf[provider][kind];
    if (bill === undefined || (expected !== undefined && expected !== bill)) {
      throw new FileRefused('wrong_bill', `this is ${describeFile[kind]}`, { line });
    }
    if (header.repeated !== undefined)
      throw new FileRefused('header_duplicate', 'the header names a column twice', { line, field: header.repeated });
    this.kind = kind;
    this.reader = this.form.readerOf(kind, header);
    out.push(headItem({ provider, bill, ...this.head, ...(file === undefined ? {} : { file }) }));
  }
}

/** A period that cannot be read is not stated: no row depends on it. */
function periodOf(from: string, to: string): Pick<BillHead, 'from' | 'to'> {
  try {
    return { from: parseChineseClock(from, '起始日期'), to: parseChineseClock(to, '终止日期') };
  } catch (error) {
    if (error instanceof CellRefused) return {};
    throw error;
  }
}
