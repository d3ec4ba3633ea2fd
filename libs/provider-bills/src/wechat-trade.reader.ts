import { exponentOf, isCurrency } from '@tongbao/money';
import type { BillLine, LineStatus } from './bill-line.js';
import { CellRefused } from './bill-problem.js';
import {
  type BillContext,
  type BillReader,
  type Column,
  type Columns,
  cell,
  referenceOf,
  requiredColumn,
  requiredReference,
} from './bill-reader.js';
import { beijingHours, parseClock } from './bill-time.js';
import { parseDecimal, parseScaled, roundScale } from './decimal-amount.js';
import { type StatedTotal, WeChatTable } from './wechat-table.js';

/** Fees have five decimals, of which the last three are 0 today and were not always. All columns are added up in this scale. */
const scale = 5;

/** Names of totals, and of the columns that they add up. */
const totals: readonly (readonly [names: readonly string[], columns: readonly string[]])[] = [
  [
    ['应结订单总金额', '总交易额'],
    ['应结订单金额', '总金额'],
  ],
  [['退款总金额', '总退款金额'], ['退款金额']],
  [
    ['充值券退款总金额', '总代金券或立减优惠退款金额', '总企业红包退款金额'],
    ['充值券退款金额', '代金券或立减优惠退款金额', '企业红包退款金额'],
  ],
  [['手续费总金额'], ['手续费']],
  [['订单总金额'], ['订单金额']],
  [['申请退款总金额'], ['申请退款金额']],
];

const totalsOf = (header: Columns): StatedTotal[] =>
  totals.flatMap(([names, columns]) => {
    const column = header.find(...columns);
    if (column === undefined) return [];
    return [{ names, digits: scale, summand: (cells) => parseScaled(cell(cells, column) || '0', scale, column.name) }];
  });

const refundStatus: Readonly<Record<string, LineStatus>> = {
  SUCCESS: 'succeeded',
  PROCESSING: 'pending',
  FAIL: 'failed',
  CHANGE: 'failed',
};

/**
 * WeChat Pay's trade bill: all of a day (27 columns), its payments only (20), or its refunds only (27 and two times). Columns are found by their names; bills of
 * before coupons were settled apart say `总金额` for `应结订单金额`.
 */
export function weChatTradeReader(header: Columns, context: BillContext): BillReader {
  const columns = columnsOf(header);
  return new WeChatTable(header, context, {
    countName: '总交易单数',
    totals: totalsOf(header),
    lineOf: (cells, line) => lineOf(cells, columns, line, context.file),
  });
}

type TradeColumns = ReturnType<typeof columnsOf>;

function lineOf(cells: readonly string[], columns: TradeColumns, line: number, file: string | undefined): BillLine {
  const currency = currencyOf(cells, columns.currency);
  const digits = exponentOf(currency);
  const amount = (column: Column | undefined) =>
    column === undefined ? 0 : notNegative(parseDecimal(cell(cells, column), digits, column.name), column, cells);
  const at = parseClock(cell(cells, columns.time), beijingHours, columns.time.name);
  const feeMinor = roundScale(parseDecimal(cell(cells, columns.fee) || '0', scale, '手续费'), scale, digits);
  const orderKey = requiredReference(cells, columns.order);
  const common = {
    provider: 'wechat',
    currency,
    at,
    line,
    ...(file === undefined ? {} : { file }),
  } as const;
  const state = cell(cells, columns.state);
  if (state === 'SUCCESS') {
    const amountMinor = amount(columns.orderAmount ?? columns.settled);
    const settledMinor = amount(columns.settled);
    const paid = {
      kind: 'payment',
      providerRef: requiredReference(cells, columns.transaction),
      ourKey: orderKey,
      amountMinor,
      feeMinor,
    } as const;
    return { ...common, ...paid, ...settled(amountMinor, settledMinor), status: 'succeeded' };
  }
  if (state !== 'REFUND' && state !== 'REVOKED')
    throw new CellRefused('kind_unknown', '交易状态', state, 'neither paid, refunded nor revoked');
  const amountMinor = negated(amount(columns.refundAsked ?? columns.refunded));
  const settledMinor = negated(amount(columns.refunded));
  return {
    ...common,
    kind: 'refund',
    providerRef: referenceOf(cells, columns.refund) ?? requiredReference(cells, columns.transaction),
    // A payment that was revoked has no refund of ours: it is known by the order.
    ourKey: referenceOf(cells, columns.refundKey) ?? orderKey,
    paymentKey: orderKey,
    amountMinor,
    // The bill writes what comes back with or without a sign.
    feeMinor: negated(Math.abs(feeMinor)),
    ...settled(amountMinor, settledMinor),
    status: state === 'REVOKED' ? 'succeeded' : statusOf(cell(cells, columns.refundState)),
  };
}

const columnsOf = (header: Columns) => ({
  time: requiredColumn(header, '交易时间'),
  transaction: requiredColumn(header, '微信订单号'),
  order: requiredColumn(header, '商户订单号'),
  state: requiredColumn(header, '交易状态'),
  currency: requiredColumn(header, '货币种类'),
  settled: requiredColumn(header, '应结订单金额', '总金额'),
  orderAmount: header.find('订单金额'),
  refund: header.find('微信退款单号'),
  refundKey: header.find('商户退款单号'),
  refunded: header.find('退款金额'),
  refundAsked: header.find('申请退款金额'),
  refundState: header.find('退款状态'),
  fee: requiredColumn(header, '手续费'),
});

const negated = (amount: number): number => (amount === 0 ? 0 : -amount);

const settled = (amountMinor: number, settledMinor: number): { settledMinor?: number } =>
  settledMinor === amountMinor ? {} : { settledMinor };

function notNegative(amount: number, column: Column, cells: readonly string[]): number {
  if (amount < 0) throw new CellRefused('amount_sign', column.name, cell(cells, column), 'amounts of this column have no sign');
  return amount;
}

function currencyOf(cells: readonly string[], column: Column): string {
  const currency = cell(cells, column);
  if (!isCurrency(currency)) throw new CellRefused('currency_unknown', column.name, currency, 'no currency of ISO 4217');
  return currency;
}

function statusOf(text: string): LineStatus {
  const status = Object.hasOwn(refundStatus, text) ? refundStatus[text] : undefined;
  if (status === undefined) throw new CellRefused('status_unknown', '退款状态', text, 'no known state of a refund');
  return status;
}
