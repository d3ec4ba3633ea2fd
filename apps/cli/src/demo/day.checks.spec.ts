import { describe, expect, it } from '@jest/globals';
import type { EntriesPosted, JournalEntry } from '@tongbao/contracts';
import { sampleDay as day } from '../../test/demo-day.js';
import { checkDay } from './day.checks.js';
import type { DayResult } from './day.js';
import { JournalAudit } from './journal-audit.js';

type Given = Parameters<typeof checkDay>[0];

const summary = (paymentId: string, amountMinor: number, refundedMinor: number, currency = 'CNY') => ({
  ...{ paymentId, platformId: 'lyra', status: 'captured', amountMinor, refundedMinor, currency },
});

function audited(): JournalAudit {
  const earned: JournalEntry[] = [
    ['platform:dorado', 1_500],
    ['creator:artist-01', 9_000],
  ].map(([to, amountMinor]) => ({
    ...{ kind: 'PaymentCaptured', ref: 'pay' },
    transfers: [{ from: 'provider:wechatpay', to: String(to), amountMinor: Number(amountMinor), currency: 'CNY', kind: 'purchase' }],
  }));
  const posted: EntriesPosted = {
    ...{ type: 'EntriesPosted', epoch: 1, sourcePosition: '9', firstEntry: 1, entries: earned, postedAt: '2026-01-01T00:00:00.000Z' },
    ...{ holds: [], limits: [], accounts: [], outcomes: [], alarms: [] },
  };
  const audit = new JournalAudit();
  audit.add(posted);
  return audit;
}

const balances = { 'creator:artist-01': 9_000, 'platform:dorado': 0, 'hub:fees': 1_100, 'hub:provider-fees': -68, 'hub:losses': -300 };
const good: Given = {
  day,
  // Example 1, the day, and what is in dollars.
  payments: [summary('pay_1', 1_000, 400), summary('pay_2', 10_000, 0), summary('pay_3', 2_000, 400), summary('pay_4', 77, 0, 'USD')],
  accounts: Object.entries(balances).map(([account, postedMinor]) => ({ account, currency: 'CNY', postedMinor })),
  audit: audited(),
};

const failing = (change: Partial<Given>) =>
  checkDay({ ...good, ...change })
    .filter(({ passed }) => !passed)
    .map(({ check }) => check);
const changed = (change: Partial<DayResult>) => failing({ day: { ...day, ...change } });
const balanced = (account: string, postedMinor: number) =>
  failing({ accounts: [...good.accounts.filter((each) => each.account !== account), { account, currency: 'CNY', postedMinor }] });

describe('the checks of the day', () => {
  it('pass when everything is as it should be', () => expect(failing({})).toEqual([]));

  const { failed, bills, finance, models } = day;
  const [first, second] = models;
  const [found] = bills.breaks;
  if (!first || !second || !found) throw new Error('the sample lacks something');

  it.each<[string, () => string[], RegExp]>([
    ['an order that was not paid', () => changed({ failures: ['yuan-1 is declined'] }), /orders and refunds/],
    ['a payment that is missing', () => failing({ payments: good.payments.slice(0, 2) }), /orders and refunds/],
    ['a refund too much', () => changed({ refundedMinor: 399n }), /orders and refunds/],
    [
      'a party that is settled otherwise than it earned',
      () => changed({ models: [{ ...first, parties: [{ ...first.parties[0]!, netMinor: 1_499 }] }, second] }),
      /two models/,
    ],
    ['a party that nobody settled', () => changed({ models: [first, { ...second, parties: [] }] }), /two models/],
    [
      'a window that was left out',
      () => changed({ windows: [...day.windows, { model: 'dnm', windowId: 'dnm_CNY_000002' }] }),
      /two models/,
    ],
    ['a payout that was paid twice', () => changed({ failed: { ...failed, lines: [...failed.lines, ...failed.lines] } }), /rejected/],
    ['a payout that never failed', () => changed({ failed: { ...failed, steps: failed.steps.slice(6) } }), /rejected/],
    ['a payout of another amount', () => changed({ failed: { ...failed, amountMinor: 1_501 } }), /rejected/],
    ['an error that was not found', () => changed({ bills: { ...bills, breaks: [] } }), /finds the error/],
    ['a break that nobody put in', () => changed({ bills: { ...bills, planted: [] } }), /finds the error/],
    ['a break of another payment', () => changed({ bills: { ...bills, breaks: [{ ...found, ourKey: 'k2' }] } }), /finds the error/],
    [
      'a correction that one person made',
      () => changed({ bills: { ...bills, breaks: [{ ...found, closing: { proposedBy: 'operator:finance', by: 'operator:finance' } }] } }),
      /two people/,
    ],
    ['a break with a note and no entry', () => changed({ bills: { ...bills, breaks: [{ ...found, status: 'resolved' }] } }), /two people/],
    ['money that is left at the provider', () => balanced('provider:wechatpay', -1), /two people/],
    ['a position that the ledger has not', () => balanced('platform:dorado', 1), /finance's positions/],
    ['revenue that the ledger has not', () => balanced('hub:losses', -299), /finance's positions/],
    [
      'a statement that leads elsewhere',
      () => changed({ finance: { ...finance, statement: { ...finance.statement, closingMinor: 1 } } }),
      /statement/,
    ],
    [
      'a file that lacks a line',
      () => changed({ finance: { ...finance, statement: { ...finance.statement, csv: 'head\nopening\na\nclosing\n' } } }),
      /statement/,
    ],
    ['a PDF that is none', () => changed({ finance: { ...finance, statement: { ...finance.statement, pdfHead: '{"cod' } } }), /statement/],
  ])('find %s', (_, find, expected) => expect(find()).toEqual([expect.stringMatching(expected)]));
});
