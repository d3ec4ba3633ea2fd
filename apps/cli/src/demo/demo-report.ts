import { account, isParty } from '@tongbao/contracts';
import { sumMinor } from '@tongbao/money';
import type { Finding } from '../doctor.checks.js';
import { amountText, countText, durationText, textTable, type Cell, type Column } from '../text-table.js';
import { creators, platforms } from './cast.js';
import { capturedOf, paidTo, type Evidence } from './checks.js';
import type { ExampleResult } from './example-one.js';
import { currency } from './scenario.js';
import type { SettledWindow } from './settle-window.js';

/** A month of the data, as it went through the hub. */
export interface MonthResult extends SettledWindow {
  month: string;
  orders: number;
  grossMinor: bigint;
  refunds: number;
  refundedMinor: bigint;
}

export interface Rates {
  dayMs: number;
  /** Orders, refunds and top-ups. */
  paymentsMs: number;
  monthEndsMs: number;
  orders: number;
  months: number;
  events: number;
  rebuildEvents: number;
  rebuildSeconds: number;
  webhooks: number;
  repeatedWebhooks: number;
  totalMs: number;
}

const right = (title: string): Column => ({ title, align: 'right' });
const usd = (amountMinor: number | bigint): string => amountText(amountMinor, currency);

export function exampleText({ currency: its, rows, matches }: ExampleResult): string {
  const amount = (amountMinor: number, expected: number) =>
    `${amountText(amountMinor, its)}${amountMinor === expected ? '' : ` (expected ${amountText(expected, its)})`}`;
  const cells = rows.map((row): Cell[] => [
    row.account,
    amount(row.afterPurchase, row.expectedAfterPurchase),
    amount(row.afterRefund, row.expectedAfterRefund),
  ]);
  const sum = (of: 'afterPurchase' | 'afterRefund') => amountText(sumMinor(rows.map((row) => row[of])), its);
  const columns = [{ title: `balance in ${its}` }, right('10.00 bought'), right('4.00 refunded')];
  return `${textTable(columns, cells, ['sum', sum('afterPurchase'), sum('afterRefund')])}\n ${matches ? 'Every balance is as expected.' : 'NOT as expected.'}`;
}

/** Months are printed as they come, so their columns have fixed widths. Text stands left, figures stand right. */
const monthColumns: readonly { title: string; width: number; isText?: true }[] = [
  { title: 'month', width: 7, isText: true },
  { title: 'orders', width: 8 },
  { title: 'gross', width: 14 },
  { title: 'refunds', width: 9 },
  { title: 'refunded', width: 12 },
  { title: '  window settled', width: 18, isText: true },
  { title: 'payouts', width: 9 },
  { title: 'paid out', width: 14 },
  { title: 'collections', width: 13 },
  { title: 'collected', width: 11 },
  { title: 'carried', width: 9 },
];

const rule = ` ${'─'.repeat(sumOf(monthColumns.map(({ width }) => width)))}`;

function monthLine(cells: readonly Cell[]): string {
  const texts = monthColumns.map(({ width, isText }, index) =>
    isText ? String(cells[index]).padEnd(width) : String(cells[index]).padStart(width),
  );
  return ` ${texts.join('')}`;
}

export const monthHead = (): string => `${monthLine(monthColumns.map(({ title }) => title))}\n${rule}`;

export function monthText(result: MonthResult): string {
  return monthLine([result.month, ...figuresOf(result), `  ${result.windowId}`, ...payoutFiguresOf([result])]);
}

export function monthTotal(results: readonly MonthResult[]): string {
  const total = {
    orders: sumOf(results.map(({ orders }) => orders)),
    grossMinor: sumMinor(results.map(({ grossMinor }) => grossMinor)),
    refunds: sumOf(results.map(({ refunds }) => refunds)),
    refundedMinor: sumMinor(results.map(({ refundedMinor }) => refundedMinor)),
  };
  const line = monthLine(['sum', ...figuresOf(total), `  ${results.length} windows`, ...payoutFiguresOf(results)]);
  return `${rule}\n${line}`;
}

const figuresOf = ({
  orders,
  grossMinor,
  refunds,
  refundedMinor,
}: Pick<MonthResult, 'orders' | 'grossMinor' | 'refunds' | 'refundedMinor'>): Cell[] => [
  countText(orders),
  usd(grossMinor),
  countText(refunds),
  usd(refundedMinor),
];

function payoutFiguresOf(results: readonly SettledWindow[]): Cell[] {
  const all = results.flatMap(({ payouts }) => payouts).filter(({ status }) => status === 'confirmed');
  const of = (wanted: 'payout' | 'collection') => all.filter(({ direction }) => direction === wanted).map(({ amountMinor }) => amountMinor);
  const [out, back] = [of('payout'), of('collection')];
  return [
    countText(out.length),
    usd(sumMinor(out)),
    countText(back.length),
    usd(sumMinor(back)),
    countText(sumOf(results.map(({ carried }) => carried))),
  ];
}

/** Who sold what, what each party earned of it, what it was paid and what is still there. */
export function partiesText({ payments, accounts, audit, payouts }: Evidence): string {
  const position = (name: string) => accounts.find((each) => each.account === name && each.currency === currency)?.postedMinor ?? 0;
  const sold = capturedOf(payments);
  const platformRows = platforms.map(({ platformId, name }): Cell[] => {
    const its = sold.filter((payment) => payment.platformId === platformId);
    const party = account.platform(platformId);
    const gross = sumMinor(its.map(({ amountMinor }) => amountMinor));
    const refunded = sumMinor(its.map(({ refundedMinor }) => refundedMinor));
    return [
      name,
      countText(its.length),
      usd(gross),
      usd(refunded),
      usd(audit.earnedBy(party, currency)),
      usd(paidTo(party, currency, payouts)),
      usd(position(party)),
    ];
  });
  const names = creators.map(({ creatorId }) => account.creator(creatorId));
  const ofCreators = (of: (name: string) => bigint) => usd(sumMinor(names.map(of)));
  const creatorRow: Cell[] = [
    ...[`${creators.length} creators`, undefined, undefined, undefined],
    ...[
      ofCreators((name) => audit.earnedBy(name, currency)),
      ofCreators((name) => paidTo(name, currency, payouts)),
      ofCreators((name) => BigInt(position(name))),
    ],
  ];
  const columns = [
    { title: 'platform' },
    right('orders'),
    right('gross'),
    right('refunded'),
    right('earned'),
    right('paid out'),
    right('position'),
  ];
  const parties = accounts.filter((each) => isParty(each.account) && each.currency === currency).map((each) => each.account);
  const total: Cell[] = [
    'sum',
    countText(sold.length),
    usd(sumMinor(sold.map(({ amountMinor }) => amountMinor))),
    usd(sumMinor(sold.map(({ refundedMinor }) => refundedMinor))),
    usd(sumMinor(parties.map((party) => audit.earnedBy(party, currency)))),
    usd(sumMinor(parties.map((party) => paidTo(party, currency, payouts)))),
    usd(sumMinor(parties.map(position))),
  ];
  return textTable(columns, [...platformRows, creatorRow], total);
}

/** Where the money is: what the hub earned, what wallets hold, what lies at providers and at the bank. It comes to zero. */
export function moneyText({ accounts }: Evidence): string {
  const rows: [title: string, is: (name: string) => boolean][] = [
    ["hub's fees", (name) => name === account.fees],
    ["kept for the providers' fees", (name) => name === account.providerFees],
    ['wallets of customers', (name) => name.startsWith('user:')],
    ['positions of platforms and creators', isParty],
    ['in transit and suspense', (name) => name.startsWith('transit:') || name === account.suspense],
    ['at providers', (name) => name.startsWith('provider:')],
    ['at the bank', (name) => name.startsWith('bank:')],
  ];
  const its = accounts.filter((each) => each.currency === currency);
  const sum = (is: (name: string) => boolean) =>
    usd(sumMinor(its.filter((each) => is(each.account)).map(({ postedMinor }) => postedMinor)));
  return textTable(
    [{ title: 'where the money is (negative: it is there for the hub)' }, right(currency)],
    rows.map(([title, is]) => [title, sum(is)]),
    ['sum', sum(() => true)],
  );
}

/** Webhooks whose number depends on nothing but the orders; the rest tell of steps whose number may differ from run to run. */
export const steadyWebhooks = (counts: ReadonlyMap<string, number>): [type: string, count: number][] =>
  [...counts].filter(([type]) => type.startsWith('payment.') || type.startsWith('refund.')).sort();

export const webhooksText = (counts: ReadonlyMap<string, number>): string =>
  textTable(
    [{ title: 'webhook' }, right('received')],
    steadyWebhooks(counts).map(([type, count]) => [type, countText(count)]),
  );

export const findingsText = (findings: readonly Finding[]): string =>
  findings.map(({ check, passed, detail }) => ` ${passed ? '✓' : '✗ FAILED'} ${check}: ${detail}`).join('\n');

export function ratesText(rates: Rates): string {
  const perSecond = (count: number, milliseconds: number) => `${countText(Math.round((1_000 * count) / milliseconds))}/s`;
  const lines = [
    `the day, from its model to its statement, in ${durationText(rates.dayMs)}`,
    `${countText(rates.orders)} payments with their refunds and top-ups in ${durationText(rates.paymentsMs)}: ${perSecond(rates.orders, rates.paymentsMs)}`,
    `${rates.months} windows closed, settled and paid out in ${durationText(rates.monthEndsMs)}`,
    `${countText(rates.events)} events in the log`,
    `${countText(rates.rebuildEvents)} events folded again in ${durationText(1_000 * rates.rebuildSeconds)}: ${perSecond(rates.rebuildEvents, 1_000 * rates.rebuildSeconds)}`,
    `${countText(rates.webhooks)} webhooks received${rates.repeatedWebhooks > 0 ? `, ${countText(rates.repeatedWebhooks)} of them again` : ''}`,
    `${durationText(rates.totalMs)} in all`,
  ];
  return lines.map((line) => ` ${line}`).join('\n');
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
