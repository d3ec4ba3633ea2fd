import { beijingHours, formatChineseClock, formatClock } from './bill-time.js';
import { formatDecimal } from './decimal-amount.js';
import { encodeGbk } from './gbk.js';
import { type WrittenMovement, plainTitle } from './generate.types.js';
import type { Period } from './reconcile.types.js';
import { zipOf } from './zip.write.js';

export interface AlipayBillForm {
  readonly period: Period;
  readonly account: string;
}

const detailHeader =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
const summaryHeader =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）';

const yuan = (fen: number | bigint): string => formatDecimal(fen, 2);

interface Sums {
  payments: number;
  refunds: number;
  paid: bigint;
  refunded: bigint;
  fees: bigint;
}

/** Alipay's trade bill as its download gives it: a ZIP of the detail file and the summary. */
export function alipayTradeBill(movements: Iterable<WrittenMovement>, form: AlipayBillForm): AsyncGenerator<Uint8Array> {
  const day = formatClock(form.period.from, beijingHours).slice(0, 10).replaceAll('-', '');
  const sums: Sums = { payments: 0, refunds: 0, paid: 0n, refunded: 0n, fees: 0n };
  const file = (title: string, lines: Iterable<string>) => ({
    name: encodeGbk(`${form.account}_${day}_${title}.csv`),
    chunks: encoded(lines),
  });
  // The summary is made when the detail has been written, and its sums are known.
  return zipOf([file('业务明细', detailLines(movements, form, sums)), file('业务明细(汇总)', summaryLines(form, sums))]);
}

function* encoded(lines: Iterable<string>): Generator<Uint8Array> {
  let block = '';
  for (const line of lines) {
    block += `${line}\r\n`;
    if (block.length < 32_768) continue;
    yield encodeGbk(block);
    block = '';
  }
  yield encodeGbk(block);
}

const opening = (title: string, { account, period }: AlipayBillForm): string[] => [
  `#${title}`,
  `#账号：[${account}]`,
  `#起始日期：[${formatChineseClock(period.from)}]   终止日期：[${formatChineseClock(period.to)}]`,
];

const exported = ({ period }: AlipayBillForm): string => `#导出时间：[${formatChineseClock(period.to)}]`;

function* detailLines(movements: Iterable<WrittenMovement>, form: AlipayBillForm, sums: Sums): Generator<string> {
  yield* opening('支付宝业务明细查询', form);
  yield '#-----------------------------------------业务明细列表----------------------------------------';
  yield detailHeader;
  for (const movement of movements) {
    add(sums, movement);
    yield detailLine(movement);
  }
  yield '#-----------------------------------------业务明细列表结束------------------------------------';
  yield `#交易合计：${sums.payments}笔，商家实收共${yuan(sums.paid)}元，商家优惠共0.00元`;
  yield `#退款合计：${sums.refunds}笔，商家实收退款共${yuan(-sums.refunded)}元，商家优惠退款共0.00元`;
  yield exported(form);
}

function add(sums: Sums, { kind, amountMinor, feeMinor }: WrittenMovement): void {
  if (kind === 'payment') {
    sums.payments += 1;
    sums.paid += BigInt(amountMinor);
    sums.fees -= BigInt(feeMinor);
  } else {
    sums.refunds += 1;
    sums.refunded += BigInt(amountMinor);
    sums.fees += BigInt(feeMinor);
  }
}

/** Fees are written as the account changes: negative where a payment costs them. */
function detailLine({ kind, key, paymentKey, providerRef, amountMinor, feeMinor, at, title }: WrittenMovement): string {
  const isPayment = kind === 'payment';
  const amount = yuan(isPayment ? amountMinor : -amountMinor);
  const fee = yuan(isPayment ? -feeMinor : feeMinor);
  const time = formatClock(at, beijingHours);
  const order = isPayment ? key : (paymentKey ?? key);
  return [
    `${providerRef}\t,${order}\t,${isPayment ? '交易' : '退款'}\t,${plainTitle(title)},${time},${time},\t,\t,\t,\t,*户(138******00)\t`,
    `${amount},${amount},0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,${isPayment ? '' : key}\t,${fee},0.00,`,
  ].join(',');
}

function* summaryLines(form: AlipayBillForm, sums: Sums): Generator<string> {
  const [orders, net] = [yuan(sums.paid - sums.refunded), yuan(sums.paid - sums.refunded + sums.fees)];
  yield* opening('支付宝业务汇总查询', form);
  yield '#-----------------------------------------业务汇总列表----------------------------------------';
  yield summaryHeader;
  yield `合计\t,\t,${sums.payments},${sums.refunds},${orders},${orders},0.00,0.00,0.00,${yuan(sums.fees)},0.00,${net}`;
  yield '#----------------------------------------业务汇总列表结束-------------------------------------';
  yield exported(form);
}
