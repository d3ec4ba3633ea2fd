/** The languages that statements are written in. */
export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

type Text = Record<Language, string>;

/** Every text of a statement, in both languages. */
export const texts = {
  title: { en: 'Statement of account', zh: '对账单' },
  party: { en: 'Account', zh: '账户' },
  name: { en: 'Name', zh: '名称' },
  issuer: { en: 'Kept by', zh: '出具方' },
  currency: { en: 'Currency', zh: '币种' },
  period: { en: 'Period', zh: '期间' },
  beginning: { en: 'from the beginning', zh: '自始' },
  present: { en: 'to the present', zh: '至今' },
  zone: { en: 'Time zone', zh: '时区' },
  number: { en: 'Statement', zh: '对账单编号' },
  reflects: { en: 'Log position', zh: '日志位置' },
  opening: { en: 'Opening position', zh: '期初余额' },
  closing: { en: 'Closing position', zh: '期末余额' },
  sign: {
    en: 'Positive: the hub owes the account. Negative: the account owes the hub.',
    zh: '正数表示枢纽应付该账户，负数表示该账户应付枢纽。',
  },
  lines: { en: 'Movements', zh: '明细' },
  time: { en: 'Time', zh: '时间' },
  kind: { en: 'Kind', zh: '类型' },
  ref: { en: 'Reference', zh: '参考号' },
  counterparty: { en: 'Counterparty', zh: '对方' },
  amount: { en: 'Amount', zh: '金额' },
  balance: { en: 'Position', zh: '余额' },
  none: { en: 'No movements.', zh: '本期无变动。' },
  totals: { en: 'Totals by kind', zh: '分类合计' },
  count: { en: 'Lines', zh: '笔数' },
  credit: { en: 'Credit', zh: '贷方' },
  debit: { en: 'Debit', zh: '借方' },
  sum: { en: 'Sum', zh: '合计' },
  external: {
    en: '* collected by the own merchant account: shown here, and no part of the position',
    zh: '* 由自有商户号收款：仅列示，不计入余额',
  },
  page: { en: 'Page {page} of {pages}', zh: '第 {page} 页，共 {pages} 页' },
} as const satisfies Record<string, Text>;

export type TextName = keyof typeof texts;

/** Kinds of movements that the hub, or most agreements, have words for. Others are shown as the agreement calls them. */
const kinds: Record<string, Text> = {
  purchase: { en: 'Purchase', zh: '购买' },
  'platform-service-fee': { en: 'Platform service fee', zh: '平台服务费' },
  'payment-handling-fee': { en: 'Payment handling fee', zh: '支付手续费' },
  'hub-fee': { en: 'Hub fee', zh: '枢纽服务费' },
  'provider-fee': { en: 'Provider fee', zh: '支付渠道费' },
  'content-share': { en: 'Content share', zh: '内容分成' },
  'owner-share': { en: "Owner's share", zh: '版权方分成' },
  'creator-share': { en: "Creator's share", zh: '创作者分成' },
  royalty: { en: 'Royalty', zh: '版税' },
  payout: { en: 'Payout', zh: '付款' },
  'payout-failed': { en: 'Payout failed', zh: '付款失败退回' },
  'payout-returned': { en: 'Payout returned', zh: '付款被退汇' },
  collection: { en: 'Collection', zh: '收款' },
  'collection-returned': { en: 'Collection returned', zh: '收款被退回' },
  reserve: { en: 'Reserve withheld', zh: '准备金扣留' },
  'reserve-released': { en: 'Reserve released', zh: '准备金释放' },
  'obligation-paid': { en: 'Paid directly', zh: '双边直接支付' },
  'liquidity-drawn': { en: 'Drawn from liquidity', zh: '动用预存资金' },
  'exchange-sold': { en: 'Exchange, sold', zh: '兑换卖出' },
  'exchange-bought': { en: 'Exchange, bought', zh: '兑换买入' },
  'write-off': { en: 'Written off', zh: '核销' },
  correction: { en: 'Correction', zh: '更正' },
};

/** How a kind begins that something else is taken back by. */
const prefixes: Record<string, Text> = {
  refund: { en: 'Refund: ', zh: '退款：' },
  dispute: { en: 'Dispute: ', zh: '争议：' },
};

export const textIn = (language: Language, name: TextName): string => texts[name][language];

/** `Refund: Purchase` for `refund:purchase`. */
export function kindIn(language: Language, kind: string): string {
  const colon = kind.indexOf(':');
  const prefix = colon > 0 ? prefixes[kind.slice(0, colon)] : undefined;
  const rest = prefix ? kind.slice(colon + 1) : kind;
  return `${prefix?.[language] ?? ''}${kinds[rest]?.[language] ?? rest}`;
}

/** The language that is asked for, or the first one that a client says it would take; English where it names none of them. */
export function languageOf(asked: Language | undefined, accepted: string | undefined): Language {
  if (asked) return asked;
  const wanted = (accepted ?? '').split(',').map((each) => each.trim().slice(0, 2).toLowerCase());
  return wanted.map((each) => languages.find((language) => language === each)).find((language) => language !== undefined) ?? 'en';
}
