import { account, isParty } from '@tongbao/contracts';
import { sumMinor, toSafeInteger } from '@tongbao/money';
import type { Payout } from '../settlements.command.js';
import { amountText, countText, textTable, type Cell, type Column } from '../text-table.js';
import { creators, newcomer, platforms } from './cast.js';
import type { BillsOfDay } from './day-bills.js';
import type { FinanceOfDay } from './day-finance.js';
import { creatorsModel, type SettledModel } from './day-models.js';
import { dayCurrency, dayDate } from './day-orders.js';
import type { PayoutStory } from './day-payout.js';
import type { DayResult } from './day.js';

const right = (title: string): Column => ({ title, align: 'right' });
const yuan = (amountMinor: number | bigint): string => amountText(amountMinor, dayCurrency);

/** One day from its morning to the next one, in four short parts. */
export function dayText(day: DayResult): string {
  return [
    `A whole day: the ${day.orders} orders of ${dayDate} once more, in yuan (${dayCurrency}), paid by WeChat Pay at ${day.platforms} platforms`,
    ` Settled by two models: platforms (with example 1) by two people, creators by itself\n${modelsText(day.models)}`,
    ` A payout that fails: ${nameOf(day.failed.party)} gets ${yuan(day.failed.amountMinor)}\n${storyText(day.failed)}`,
    ` WeChat Pay's bills of the day, with one payment left out on purpose\n${billsText(day.bills)}`,
    ` What finance sees, example 1 with it\n${financeText(day.finance)}`,
  ].join('\n\n');
}

function modelsText(models: readonly SettledModel[]): string {
  const columns = [
    ...[{ title: 'model' }, { title: 'windows' }, { title: 'asked for' }, { title: 'approved' }, right('parties')],
    ...[right('net'), right('paid out'), right('collected'), right('carried')],
  ];
  const rows = models.map(({ model, windowIds, requestedBy, approvedBy, parties, payouts }): Cell[] => [
    `${model}, ${model === creatorsModel ? 'gross' : 'net'}`,
    windowIds.map((windowId, index) => (index === 0 ? windowId : windowId.slice(-2))).join(' and '),
    ...[personOf(requestedBy), personOf(approvedBy ?? '')],
    ...[parties.length, yuan(sumMinor(parties.map(({ netMinor }) => netMinor)))],
    ...amountsOf(parties, payouts),
  ]);
  const all = models.flatMap(({ parties }) => parties);
  const payouts = models.flatMap((each) => each.payouts);
  const total = ['sum', undefined, undefined, undefined, all.length, yuan(sumMinor(all.map(({ netMinor }) => netMinor)))];
  return textTable(columns, rows, [...total, ...amountsOf(all, payouts)]);
}

function amountsOf(parties: SettledModel['parties'], payouts: readonly Payout[]): Cell[] {
  const moved = (wanted: Payout['direction']) =>
    sumMinor(
      payouts.filter(({ direction, status }) => direction === wanted && status === 'confirmed').map(({ amountMinor }) => amountMinor),
    );
  return [yuan(moved('payout')), yuan(moved('collection')), yuan(sumMinor(parties.map(({ carriedOutMinor }) => carriedOutMinor)))];
}

const personOf = (by: string): string => by.replace(/^operator:/, '');

const stepTexts: Partial<Record<PayoutStory['steps'][number]['type'], string>> = {
  PayoutRequested: 'asked for',
  PayoutHeld: 'held by the ledger',
  PayoutInstructed: 'given to the bank',
  PayoutFailed: 'rejected',
  PayoutConfirmed: 'confirmed by the line of the bank',
};

/** Time may be lost before the bank is asked, in one run and not in another: the ledger refuses until money is there, and it is asked again. */
const isWait = (steps: PayoutStory['steps'], index: number): boolean =>
  steps[index]?.type === 'PayoutRefused' || steps[index]?.type === 'PayoutAwaitingFunds' || steps[index - 1]?.type === 'PayoutRefused';

/** A line for each time that the bank had it. */
function storyText({ steps, lines }: PayoutStory): string {
  const tries: string[][] = [[]];
  for (const { type, code } of steps.filter((_, index) => !isWait(steps, index))) {
    tries.at(-1)?.push(`${stepTexts[type] ?? type}${code === undefined ? '' : ` (${code})`}`);
    if (type === 'PayoutFailed') tries.push([]);
  }
  const rows = tries.map((texts, index) => [index === 0 ? 'first' : 'again, the same key', texts.join(' → ')]);
  return textTable(
    [{ title: 'try' }, { title: 'what the log says' }],
    [...rows, ['at the bank', `${lines.length} line, ${lines.map(({ amountMinor }) => yuan(amountMinor)).join()}`]],
  );
}

function billsText({ totals, breaks, missing, paidOutMinor, fees }: BillsOfDay): string {
  const titles = { events: 'what the hub believes', trade: 'the trade bill', fund: 'the fund bill, fees on lines of their own' };
  // Of refunds the hub expects no fee: what it believes has no total to compare.
  const rows = totals.map(({ side, lines, amountMinor, feeMinor }): Cell[] => [
    ...[titles[side], countText(lines), yuan(amountMinor)],
    ...(side === 'events' ? [] : [yuan(feeMinor), yuan(amountMinor - feeMinor)]),
  ]);
  const table = textTable([{ title: 'who says' }, right('lines'), right('amount'), right('fees'), right('left')], rows);
  const what = missing ? `${yuan(missing.amountMinor)} of order ${missing.orderId}` : 'an order';
  const found = breaks.map(({ kind, on }) => `${kind}: ${what} is in ${on.length > 1 ? 'no bill' : `no ${on.join()} bill`}`);
  const by = breaks.map(({ closing }) => `proposed by ${personOf(closing?.proposedBy ?? '')}, approved by ${personOf(closing?.by ?? '')}`);
  return [
    table,
    ` break      ${found.join('; ')}`,
    ` correction hub:losses to provider:wechatpay, ${by.join('; ')}; fees are booked as billed, ${fees.map(({ billedMinor, returnedMinor }) => yuan(billedMinor - returnedMinor)).join()}`,
    ` paid out   ${yuan(paidOutMinor)}, what the fund bill leaves`,
  ].join('\n');
}

function financeText({ positions, revenue, statement }: FinanceOfDay): string {
  const columns = [
    right('captured'),
    right('refunded'),
    right('fees'),
    right("provider's fees, net"),
    right('losses'),
    right('the hub keeps'),
  ];
  const { capturedMinor, refundedMinor, feesMinor, providerFeesMinor, providerFeesChargedOnMinor, lossesMinor, netMinor } = revenue;
  const row = [capturedMinor, refundedMinor, feesMinor, providerFeesChargedOnMinor - providerFeesMinor, -lossesMinor, netMinor].map(yuan);
  const { party, openingMinor, closingMinor, lines, files } = statement;
  return [
    textTable(columns, [row]),
    ` positions  ${positions.parties} parties: the hub owes ${yuan(positions.owedByHubMinor)}, is owed ${yuan(positions.owedToHubMinor)}`,
    ` statement  ${nameOf(party)}: ${yuan(openingMinor)}, ${lines.length} lines, ${yuan(closingMinor)}`,
    ...files.map((file) => `            ${file}`),
  ].join('\n');
}

const nameOf = (party: string): string => {
  const known = [...platforms, newcomer].find(({ platformId }) => account.platform(platformId) === party)?.name;
  return known ?? creators.find(({ creatorId }) => isParty(party) && account.creator(creatorId) === party)?.name ?? party;
};

/** The day as JSON tells it: what is the same in every run. */
export function dayFigures({ models, failed, bills, finance, ...day }: DayResult): object {
  const { planted, breaks, missing, paidOutMinor, totals, fees } = bills;
  const settled = models.map(({ model, windowIds, parties, payouts }) => {
    const [net, carried] = [parties.map(({ netMinor }) => netMinor), parties.map(({ carriedOutMinor }) => carriedOutMinor)];
    const sums = { netMinor: toSafeInteger(sumMinor(net)), carriedMinor: toSafeInteger(sumMinor(carried)) };
    return { model, windowIds, parties: parties.length, ...sums, payouts: payouts.length };
  });
  return {
    ...{
      orders: day.orders,
      grossMinor: toSafeInteger(day.grossMinor),
      refunds: day.refunds,
      refundedMinor: toSafeInteger(day.refundedMinor),
    },
    ...{ models: settled, failed: { party: failed.party, amountMinor: failed.amountMinor, status: failed.status } },
    bills: { planted: planted.length, breaks: breaks.map(({ kind, status }) => ({ kind, status })), missing, paidOutMinor, totals, fees },
    finance: { positions: finance.positions, revenue: finance.revenue },
  };
}
