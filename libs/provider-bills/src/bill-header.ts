import type { BillType, Provider } from './bill-line.js';

export type FileKind = 'alipay_trade' | 'alipay_summary' | 'alipay_fund' | 'wechat_trade' | 'wechat_fund' | 'stripe_balance';

const signs: readonly (readonly [FileKind, readonly string[]])[] = [
  ['alipay_trade', ['支付宝交易号', '商户订单号', '业务类型']],
  ['alipay_summary', ['门店编号', '交易订单总笔数']],
  ['alipay_fund', ['账务流水号', '业务流水号']],
  ['wechat_trade', ['交易时间', '微信订单号']],
  ['wechat_fund', ['记账时间', '资金流水单号']],
  ['stripe_balance', ['balance_transaction_id', 'net']],
  ['stripe_balance', ['id', 'Net', 'Fee']],
  ['stripe_balance', ['id', 'net', 'fee']],
];

/** Which file a header belongs to; every one of them is known to every importer, so that the wrong bill can be named. */
export const fileKindOf = (names: readonly string[]): FileKind | undefined =>
  signs.find(([, needed]) => needed.every((name) => names.includes(name)))?.[0];

export const describeFile: Readonly<Record<FileKind, string>> = {
  alipay_trade: "Alipay's trade bill",
  alipay_summary: "the summary of Alipay's trade bill",
  alipay_fund: "Alipay's fund bill",
  wechat_trade: "WeChat Pay's trade bill",
  wechat_fund: "WeChat Pay's fund bill",
  stripe_balance: "Stripe's balance transactions",
};

/** Files that an importer of the provider takes, with the bill that they are; a summary is part of the trade bill. */
export const filesOf: Readonly<Record<Provider, Partial<Record<FileKind, BillType>>>> = {
  alipay: { alipay_trade: 'trade', alipay_summary: 'trade' },
  wechat: { wechat_trade: 'trade', wechat_fund: 'fund' },
  stripe: { stripe_balance: 'fund' },
};

/** What WeChat Pay and Alipay answer, in JSON or XML, where a day has no bill. */
const noStatement = /NO_STATEMENT_EXIST|BILL_NOT_EXIST|NO_BILL_EXIST|No Bill Exist/;

export const saysNoStatement = (line: string): boolean => /^\s*[{<]/.test(line) && noStatement.test(line);
