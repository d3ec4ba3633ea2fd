import { type BillItem, type BillSource, type ImportOptions, defaultLimits } from './bill-line.js';
import { FileRefused, problemOfFile } from './bill-problem.js';
import { BillCount, type BillContext } from './bill-reader.js';
import { openBill, unpacked } from './bill-source.js';
import { TableFile } from './table-file.js';
import { textLines } from './text-lines.js';
import { weChatFundReader } from './wechat-fund.reader.js';
import { weChatTradeReader } from './wechat-trade.reader.js';

/**
 * WeChat Pay's trade bill or fund flow bill, plain or as gzip. Memory does not grow with the bill.
 * @throws only what reading the source throws; whatever is wrong with the bill is an item
 */
export async function* importWeChatBill(source: BillSource, options: ImportOptions = {}): AsyncGenerator<BillItem> {
  const count = new BillCount();
  const context: BillContext = { count, totals: { compared: false, differs: false } };
  let out: BillItem[] = [];
  const flush = function* () {
    for (const item of out) count.add(item);
    yield* out;
    out = [];
  };
  let isWhole = true;
  try {
    const limits = { ...defaultLimits, ...options.limits };
    const opened = await openBill(source);
    if (opened.container === 'zip') throw new FileRefused('wrong_container', 'this is a ZIP: WeChat Pay packs bills as gzip');
    const file = new TableFile({
      provider: 'wechat',
      expected: options.bill,
      readerOf: (kind, header) => (kind === 'wechat_fund' ? weChatFundReader : weChatTradeReader)(header, context),
    });
    for await (const lines of textLines(unpacked(opened, limits), 'utf-8', limits.maxLineBytes)) {
      file.read(lines, out);
      yield* flush();
    }
    file.end(out);
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    isWhole = false;
    out.push(problemOfFile(error));
  }
  yield* flush();
  yield count.end(isWhole && context.totals.compared && !context.totals.differs);
}
