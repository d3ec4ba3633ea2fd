import { beijingHours, formatClock } from './bill-time.js';
import { formatDecimal } from './decimal-amount.js';
import { type WrittenMovement, plainTitle } from './generate.types.js';

export interface WeChatBillForm {
  readonly appId: string;
  readonly account: string;
}

const tradeHeader =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const tradeTotals = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const fundHeader =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const fundTotals = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

const byteOrderMark = '\uFEFF';
const yuan = (fen: number | bigint): string => formatDecimal(fen, 2);
const withTicks = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');

/** Lines of the trade bill of all of a day (27 columns). Fees have five decimals, the last three of them 0. */
export function* wechatTradeLines(movements: Iterable<WrittenMovement>, form: WeChatBillForm): Generator<string> {
  let rows = 0;
  const sums = { paid: 0n, refunded: 0n, fees: 0n };
  yield byteOrderMark + tradeHeader;
  for (const movement of movements) {
    const isPayment = movement.kind === 'payment';
    rows += 1;
    if (isPayment) sums.paid += BigInt(movement.amountMinor);
    else sums.refunded += BigInt(movement.amountMinor);
    sums.fees += BigInt(isPayment ? movement.feeMinor : -movement.feeMinor);
    yield withTicks(isPayment ? paymentCells(movement, form) : refundCells(movement, form));
  }
  const [paid, refunded] = [yuan(sums.paid), yuan(sums.refunded)];
  yield tradeTotals;
  yield withTicks([String(rows), paid, refunded, '0.00', `${yuan(sums.fees)}000`, paid, refunded]);
}

const openingCells = ({ at }: WrittenMovement, form: WeChatBillForm, transaction: string, order: string): string[] => [
  formatClock(at, beijingHours),
  form.appId,
  form.account,
  '0',
  '',
  transaction,
  order,
  'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  'NATIVE',
];

function paymentCells(movement: WrittenMovement, form: WeChatBillForm): string[] {
  const amount = yuan(movement.amountMinor);
  return [
    ...openingCells(movement, form, movement.providerRef, movement.key),
    ...['SUCCESS', 'OTHERS', movement.currency, amount, '0.00', '0', '0', '0.00', '0.00', '', ''],
    ...[plainTitle(movement.title), '', `${yuan(movement.feeMinor)}000`, '0.60%', amount, '0.00', ''],
  ];
}

const refundStates = { succeeded: 'SUCCESS', pending: 'PROCESSING', failed: 'FAIL' } as const;

function refundCells(movement: WrittenMovement, form: WeChatBillForm): string[] {
  const amount = yuan(movement.amountMinor);
  const state = refundStates[movement.status ?? 'succeeded'];
  const order = movement.paymentKey ?? movement.key;
  return [
    ...openingCells(movement, form, `4200${movement.providerRef.slice(4)}`, order),
    ...['REFUND', 'OTHERS', movement.currency, '0.00', '0.00', movement.providerRef, movement.key, amount, '0.00', 'ORIGINAL', state],
    ...[plainTitle(movement.title), '', `${yuan(-movement.feeMinor)}000`, '0.60%', '0.00', amount, ''],
  ];
}

/** Lines of the fund flow bill: a payment and its fee apart, a refund with the fee that comes back. */
export function* wechatFundLines(movements: Iterable<WrittenMovement>, form: WeChatBillForm): Generator<string> {
  const income = { lines: 0, fen: 0n };
  const expense = { lines: 0, fen: 0n };
  // What the day begins with; an account of a merchant with refunds is never at 0.
  let balance = 10_000_00n;
  let flow = 0;
  const line = (movement: WrittenMovement, type: string, change: bigint, remark: string): string => {
    const [of, amount] = change >= 0n ? [income, change] : [expense, -change];
    of.lines += 1;
    of.fen += amount;
    balance += change;
    flow += 1;
    const flowId = `${form.account}${String(flow).padStart(20, '0')}`;
    const opening = [formatClock(movement.at, beijingHours), movement.providerRef, flowId, type === '退款' ? '退款' : '交易', type];
    return withTicks([...opening, change >= 0n ? '收入' : '支出', yuan(amount), yuan(balance), 'system', remark, movement.key]);
  };
  yield byteOrderMark + fundHeader;
  for (const movement of movements) {
    const [amount, fee] = [BigInt(movement.amountMinor), BigInt(movement.feeMinor)];
    if (movement.kind === 'refund') {
      yield line(movement, '退款', fee - amount, `退款总金额${yuan(amount)}元;含手续费${yuan(fee)}元`);
      continue;
    }
    yield line(movement, '交易', amount, '');
    if (fee > 0n && movement.isCopy !== true) yield line(movement, '扣除交易手续费', -fee, '');
  }
  yield fundTotals;
  yield withTicks([String(income.lines + expense.lines), String(income.lines), yuan(income.fen), String(expense.lines), yuan(expense.fen)]);
}
