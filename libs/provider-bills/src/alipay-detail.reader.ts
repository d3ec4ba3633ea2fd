import type { BillItem, BillLine } from './bill-line.js';
import { CellRefused, problem } from './bill-problem.js';
import {
  type BillContext,
  type BillReader,
  type Column,
  type Columns,
  cell,
  compareTotal,
  readRow,
  referenceOf,
  requiredColumn,
  requiredReference,
  unreadable,
} from './bill-reader.js';
import { beijingHours, parseClock } from './bill-time.js';
import { parseDecimal, parseScaled } from './decimal-amount.js';
import type { TextLine } from './text-lines.js';

const fen = 2;

/** What the rows of one file, or of all of a bill, come to; fen. The fee has the sign of the file. */
export class AlipaySums {
  payments = 0;
  refunds = 0;
  orders = 0n;
  ordersOfPayments = 0n;
  received = 0n;
  receivedByPayments = 0n;
  receivedByRefunds = 0n;
  discountsOfPayments = 0n;
  discountsOfRefunds = 0n;
  fees = 0n;
}

const tradeTotals = /^#+交易合计：(\d+)笔，商家实收共(-?\d+(?:\.\d+)?)元，商家优惠共(-?\d+(?:\.\d+)?)元/;
const refundTotals = /^#+退款合计：(\d+)笔，商家实收退款共(-?\d+(?:\.\d+)?)元，商家优惠退款共(-?\d+(?:\.\d+)?)元/;

/**
 * The detail file of Alipay's trade bill (25 columns, GBK):
 *
 *     #支付宝业务明细查询 … #----业务明细列表----     comments, read by who finds the header
 *     支付宝交易号,商户订单号,…                      header
 *     cell⇥,cell⇥,cell,…                            rows; cells that are long numbers end with a tab
 *     #----业务明细列表结束----
 *     #交易合计：6笔，商家实收共0.06元，商家优惠共0.00元
 *     #退款合计：4笔，商家实收退款共-0.04元，商家优惠退款共0.00元
 *     #导出时间：[…]
 *
 * Nothing is quoted, and a product's name may hold commas: see `alignCells`.
 */
export class AlipayDetailReader implements BillReader {
  private readonly columns: ReturnType<typeof columnsOf>;
  private readonly sums = new AlipaySums();
  private ended = false;
  private stated = 0;

  /** @param whole the sums of all detail files of the bill */
  constructor(
    private readonly header: Columns,
    private readonly context: BillContext,
    private readonly whole: AlipaySums,
  ) {
    this.columns = columnsOf(header);
  }

  read(line: TextLine, out: BillItem[]): void {
    const { file, count } = this.context;
    if ('unreadable' in line) {
      if (!this.ended) count.rows += 1;
      out.push(unreadable(line, file));
    } else if (line.text.startsWith('#')) this.comment(line.text, line.number, out);
    else if (line.text.trim() === '') return;
    else if (this.ended) out.push(problem('line_after_totals', 'no row follows the end of the list', { line: line.number, file }));
    else {
      count.rows += 1;
      readRow(line.number, file, out, () => out.push({ type: 'line', line: this.lineOf(line.text, line.number) }));
    }
  }

  end(out: BillItem[]): void {
    if (this.stated >= 2) return;
    this.context.totals.differs = true;
    out.push(problem('totals_missing', 'it ends before its totals: it may be cut short', { file: this.context.file }));
  }

  private comment(text: string, line: number, out: BillItem[]): void {
    if (text.includes('业务明细列表结束')) this.ended = true;
    const { sums } = this;
    const traded = tradeTotals.exec(text);
    if (traded !== null) this.compare('交易合计', traded, [sums.payments, sums.receivedByPayments, sums.discountsOfPayments], line, out);
    const refunded = refundTotals.exec(text);
    if (refunded !== null) this.compare('退款合计', refunded, [sums.refunds, sums.receivedByRefunds, sums.discountsOfRefunds], line, out);
  }

  private compare(
    field: string,
    [, count = '', received = '', discounts = '']: readonly string[],
    [rows, receivedSum, discountSum]: readonly [number, bigint, bigint],
    line: number,
    out: BillItem[],
  ): void {
    this.stated += 1;
    readRow(line, this.context.file, out, () => {
      const fenOf = (text: string) => parseScaled(text, fen, field);
      compareTotal(this.context, { field: `${field} 笔`, stated: BigInt(count), found: BigInt(rows), digits: 0, isCount: true, line }, out);
      compareTotal(this.context, { field: `${field} 商家实收`, stated: fenOf(received), found: receivedSum, digits: fen, line }, out);
      // Which sign discounts of refunds have is nowhere written down.
      const stated = magnitude(fenOf(discounts));
      compareTotal(this.context, { field: `${field} 商家优惠`, stated, found: magnitude(discountSum), digits: fen, line }, out);
    });
  }

  private lineOf(text: string, line: number): BillLine {
    const { columns, context } = this;
    const cells = alignCells(text.split(','), this.header.names.length, columns);
    const amount = (column: Column | undefined) => (column === undefined ? 0 : parseDecimal(cell(cells, column) || '0', fen, column.name));
    const order = amount(columns.order);
    const received = columns.received === undefined ? order : amount(columns.received);
    const fee = amount(columns.fee);
    const kind = kindOf(cell(cells, columns.type), columns.type);
    this.add(kind, { order, received, fee, discount: amount(columns.discount) });
    // Refunds are negative in the bill; whatever sign a fee has, a payment costs it and a refund brings it back.
    const sign = kind === 'payment' ? 1 : -1;
    const signed = (value: number) => (value === 0 ? 0 : sign * Math.abs(value));
    const orderKey = requiredReference(cells, columns.orderKey);
    return {
      provider: 'alipay',
      kind,
      providerRef: requiredReference(cells, columns.trade),
      // Alipay takes the order's number for a refund that was asked for without one of its own.
      ourKey: kind === 'payment' ? orderKey : (referenceOf(cells, columns.refundKey) ?? orderKey),
      ...(kind === 'payment' ? {} : { paymentKey: orderKey }),
      amountMinor: signed(order),
      feeMinor: signed(fee),
      ...(received === order ? {} : { settledMinor: signed(received) }),
      currency: 'CNY',
      at: parseClock(cell(cells, columns.finished) || cell(cells, columns.created), beijingHours, columns.finished.name),
      status: 'succeeded',
      line,
      ...(context.file === undefined ? {} : { file: context.file }),
    };
  }

  private add(
    kind: 'payment' | 'refund',
    { order, received, fee, discount }: Readonly<Record<'order' | 'received' | 'fee' | 'discount', number>>,
  ): void {
    for (const sums of [this.sums, this.whole]) {
      sums.orders += BigInt(order);
      sums.received += BigInt(received);
      sums.fees += BigInt(fee);
      if (kind === 'payment') {
        sums.payments += 1;
        sums.ordersOfPayments += BigInt(order);
        sums.receivedByPayments += BigInt(received);
        sums.discountsOfPayments += BigInt(discount);
      } else {
        sums.refunds += 1;
        sums.receivedByRefunds += BigInt(received);
        sums.discountsOfRefunds += BigInt(discount);
      }
    }
  }
}

type DetailColumns = ReturnType<typeof columnsOf>;

const columnsOf = (header: Columns) => ({
  trade: requiredColumn(header, '支付宝交易号'),
  orderKey: requiredColumn(header, '商户订单号'),
  type: requiredColumn(header, '业务类型'),
  title: requiredColumn(header, '商品名称'),
  created: requiredColumn(header, '创建时间'),
  finished: requiredColumn(header, '完成时间'),
  order: requiredColumn(header, '订单金额（元）'),
  received: header.find('商家实收（元）'),
  discount: header.find('商家优惠（元）'),
  refundKey: header.find('退款批次号/请求号', '退款批次号'),
  fee: requiredColumn(header, '服务费（元）'),
});

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function kindOf(type: string, column: Column): 'payment' | 'refund' {
  if (type === '交易') return 'payment';
  if (type === '退款') return 'refund';
  throw new CellRefused('kind_unknown', column.name, type, 'neither a payment nor a refund');
}

const time = /^\s*\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?\s*$/;

/**
 * Where a name has commas there are too many cells: those that belong to the product's name are the ones before the two times, the others end the remark. A name
 * that holds times itself could stand for a row of other amounts, so a row that can be read in two ways is refused.
 */
function alignCells(cells: string[], expected: number, { title, created, finished }: DetailColumns): readonly string[] {
  const surplus = cells.length - expected;
  if (surplus === 0) return cells;
  const refused = (code: 'column_count' | 'columns_ambiguous', message: string) =>
    new CellRefused(code, title.name, cells[title.index] ?? '', message);
  if (surplus < 0) throw refused('column_count', `${cells.length} cells where the header has ${expected}`);
  const isTimeAt = (index: number) => time.test(cells[index] ?? '');
  const inTitle = Array.from({ length: surplus + 1 }, (_, extra) => extra).filter(
    (extra) => isTimeAt(created.index + extra) && isTimeAt(finished.index + extra),
  );
  const [extra] = inTitle;
  if (extra === undefined) throw refused('column_count', `${cells.length} cells where the header has ${expected}`);
  if (inTitle.length > 1) throw refused('columns_ambiguous', 'commas in its texts let the row be read in more than one way');
  const name = cells.slice(title.index, title.index + extra + 1).join(',');
  const aligned = [...cells.slice(0, title.index), name, ...cells.slice(title.index + extra + 1)];
  return [...aligned.slice(0, expected - 1), aligned.slice(expected - 1).join(',')];
}
