import type { BillLine, LineKind } from './bill-line.js';
import { CellRefused } from './bill-problem.js';
import { type BillContext, type BillReader, type Columns, cell, referenceOf, requiredColumn, requiredReference } from './bill-reader.js';
import { beijingHours, parseClock } from './bill-time.js';
import { parseDecimal, parseScaled } from './decimal-amount.js';
import { type StatedTotal, WeChatTable } from './wechat-table.js';

const fen = 2;

/**
 * What WeChat Pay writes into the remark of a refund: `退款总金额10.00元;含手续费0.06元`. The account then loses the refund less the fee that comes back with it.
 */
const refundRemark = /^退款总金额(\d+(?:\.\d+)?)元;含手续费(\d+(?:\.\d+)?)元/;

/** WeChat Pay's fund flow bill (11 columns): every change of our account there, in yuan. */
export function weChatFundReader(header: Columns, context: BillContext): BillReader {
  const columns = columnsOf(header);
  return new WeChatTable(header, context, {
    countName: '资金流水总笔数',
    totals: totalsOf(columns),
    lineOf: (cells, line) => lineOf(cells, columns, line, context.file),
  });
}

function lineOf(cells: readonly string[], columns: FundColumns, line: number, file: string | undefined): BillLine {
  const change = changeOf(cells, columns);
  const voucher = referenceOf(cells, columns.voucher);
  return {
    provider: 'wechat',
    ...movementOf(cells, columns, change),
    providerRef: referenceOf(cells, columns.business) ?? requiredReference(cells, columns.flow),
    ...(voucher === undefined ? {} : { ourKey: voucher }),
    currency: 'CNY',
    at: parseClock(cell(cells, columns.time), beijingHours, columns.time.name),
    status: 'succeeded',
    line,
    ...(file === undefined ? {} : { file }),
  };
}

type FundColumns = ReturnType<typeof columnsOf>;

const columnsOf = (header: Columns) => ({
  time: requiredColumn(header, '记账时间'),
  business: requiredColumn(header, '微信支付业务单号'),
  flow: requiredColumn(header, '资金流水单号'),
  type: requiredColumn(header, '业务类型'),
  direction: requiredColumn(header, '收支类型'),
  amount: requiredColumn(header, '收支金额(元)'),
  remark: header.find('备注'),
  voucher: requiredColumn(header, '业务凭证号'),
});

/** Fen that the account gains, or loses (negative). */
function changeOf(cells: readonly string[], { direction, amount }: FundColumns): number {
  const text = cell(cells, amount);
  const fenMoved = parseDecimal(text, fen, amount.name);
  if (fenMoved < 0) throw new CellRefused('amount_sign', amount.name, text, 'the direction says the sign');
  const way = cell(cells, direction);
  if (way === '收入') return fenMoved;
  if (way === '支出') return fenMoved === 0 ? 0 : -fenMoved;
  throw new CellRefused('kind_unknown', direction.name, way, 'neither income nor expense');
}

type Moved = Pick<BillLine, 'kind' | 'amountMinor' | 'feeMinor' | 'feeOf'>;

/** Types that are not named here change over the years and are adjustments. */
function movementOf(cells: readonly string[], columns: FundColumns, change: number): Moved {
  const type = cell(cells, columns.type);
  const whole = (kind: LineKind): Moved => ({ kind, amountMinor: change, feeMinor: 0 });
  const cost = change === 0 ? 0 : -change;
  switch (type) {
    case '交易':
      return whole('payment');
    case '扣除交易手续费':
      return { kind: 'fee', amountMinor: 0, feeMinor: cost, feeOf: 'payment' };
    case '退还交易手续费':
      return { kind: 'fee', amountMinor: 0, feeMinor: cost, feeOf: 'refund' };
    case '退款':
      return refundOf(cell(cells, columns.remark), change);
    case '提现':
      return whole('payout');
    default:
      return whole('adjustment');
  }
}

function refundOf(remark: string, change: number): Moved {
  const [, grossText, feeText] = refundRemark.exec(remark) ?? [];
  if (grossText !== undefined && feeText !== undefined) {
    const gross = parseDecimal(grossText, fen, '备注');
    const fee = parseDecimal(feeText, fen, '备注');
    // Where the fee comes back in a line of its own, the account loses the whole refund.
    if (change === fee - gross) return { kind: 'refund', amountMinor: -gross, feeMinor: fee === 0 ? 0 : -fee };
  }
  return { kind: 'refund', amountMinor: change, feeMinor: 0 };
}

function totalsOf(columns: FundColumns): StatedTotal[] {
  const isIncome = (cells: readonly string[]) => cell(cells, columns.direction) === '收入';
  const isExpense = (cells: readonly string[]) => cell(cells, columns.direction) === '支出';
  const amount = (cells: readonly string[]) => parseScaled(cell(cells, columns.amount), fen, columns.amount.name);
  return [
    { names: ['收入笔数'], digits: 0, summand: (cells) => (isIncome(cells) ? 1n : 0n) },
    { names: ['收入金额'], digits: fen, summand: (cells) => (isIncome(cells) ? amount(cells) : 0n) },
    { names: ['支出笔数'], digits: 0, summand: (cells) => (isExpense(cells) ? 1n : 0n) },
    { names: ['支出金额'], digits: fen, summand: (cells) => (isExpense(cells) ? amount(cells) : 0n) },
  ];
}
