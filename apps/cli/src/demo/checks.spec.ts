import { describe, expect, it } from '@jest/globals';
import type { EntriesPosted } from '@tongbao/contracts';
import type { Payout } from '../settlements.command.js';
import { checkEvidence, type Evidence, type PaymentSummary } from './checks.js';
import { JournalAudit } from './journal-audit.js';
import { sampleDay } from '../../test/demo-day.js';

const payment = (paymentId: string, amountMinor: number, change: Partial<PaymentSummary> = {}): PaymentSummary => ({
  ...{ paymentId, platformId: 'lyra', status: 'captured', amountMinor, refundedMinor: 0, currency: 'USD' },
  ...change,
});

const payout = (change: Partial<Payout> = {}): Payout => ({
  ...{
    payoutId: 'p1',
    settlementId: 's1',
    party: 'platform:lyra',
    direction: 'payout',
    amountMinor: 900,
    currency: 'USD',
    status: 'confirmed',
    code: null,
  },
  ...change,
});

/** A purchase of 10.00 with a fee of 1.00; the provider pays out to the bank, the bank to the platform. */
function audited(): JournalAudit {
  const transfer = (from: string, to: string, amountMinor: number) => ({ from, to, amountMinor, currency: 'USD', kind: 'any' });
  const entries = [
    {
      kind: 'PaymentCaptured',
      ref: 'pay_1',
      transfers: [transfer('provider:alipay', 'platform:lyra', 1_000), transfer('platform:lyra', 'hub:fees', 100)],
    },
    { kind: 'BankLineRecorded', ref: 'line_1', transfers: [transfer('bank:sandbox', 'provider:alipay', 1_000)] },
    { kind: 'PayoutInstructed', ref: 'p1', transfers: [transfer('platform:lyra', 'transit:p1', 900)] },
    { kind: 'PayoutConfirmed', ref: 'p1', transfers: [transfer('transit:p1', 'bank:sandbox', 900)] },
  ];
  const posted: EntriesPosted = {
    ...{ type: 'EntriesPosted', epoch: 1, sourcePosition: '9', firstEntry: 1, entries, postedAt: '2026-01-01T00:00:00.000Z' },
    ...{ holds: [], limits: [], accounts: [], outcomes: [], alarms: [] },
  };
  const audit = new JournalAudit();
  audit.add(posted);
  return audit;
}

const balances = { 'platform:lyra': 0, 'hub:fees': 100, 'provider:alipay': 0, 'transit:p1': 0, 'bank:sandbox': -100 };

const good: Evidence = {
  day: sampleDay,
  expected: { orders: 2, grossMinor: 1_000n },
  refundedMinor: 0n,
  failures: [],
  example: { currency: 'CNY', rows: [], matches: true },
  payments: [payment('pay_1', 1_000), payment('pay_2', 0), payment('pay_3', 700, { currency: 'CNY' })],
  accounts: Object.entries(balances).map(([account, postedMinor]) => ({ account, currency: 'USD', postedMinor })),
  trialChecks: ['sums_to_zero', 'client_money_covered', 'transit_explained', 'suspense_explained'].map((check) => ({
    check,
    currency: 'USD',
    passed: true,
    differenceMinor: 0,
  })),
  audit: audited(),
  deadLetters: [],
  payouts: [payout()],
  webhooks: { captured: new Set(['pay_1', 'pay_2', 'pay_3']), rejected: 0 },
  rebuild: { generation: 2, events: 10, seconds: 1, equal: true, differences: [] },
  store: { events: 100 },
};

const failing = (change: Partial<Evidence>) =>
  checkEvidence({ ...good, ...change })
    .filter(({ passed }) => !passed)
    .map(({ check }) => check);

describe('the checks of the demo', () => {
  it('pass when everything is as it should be', () => expect(failing({})).toEqual([]));

  it.each<[string, Partial<Evidence>, RegExp]>([
    ['an example that is not exact', { example: { ...good.example, matches: false } }, /example 1/],
    ['an order that was not paid', { failures: ['cdnow-1 is declined'] }, /every order was paid/],
    ['a payment that is missing', { payments: [payment('pay_1', 1_000)] }, /data's total/],
    ['a cent too much', { payments: [payment('pay_1', 1_001), payment('pay_2', 0)] }, /data's total/],
    ['a refund that nobody asked for', { payments: [payment('pay_1', 1_000, { refundedMinor: 1 }), payment('pay_2', 0)] }, /refunds come/],
    [
      'books that do not sum to zero',
      { trialChecks: good.trialChecks.map((each) => ({ ...each, passed: each.check !== 'sums_to_zero' })) },
      /sums to zero/,
    ],
    ['a ledger that keeps a check to itself', { trialChecks: good.trialChecks.slice(1) }, /sums to zero/],
    ['a webhook that never came', { webhooks: { captured: new Set(['pay_1']), rejected: 0 } }, /webhook/],
    ['a webhook that nobody signed', { webhooks: { ...good.webhooks, rejected: 1 } }, /webhook/],
    ['a message that could not be handled', { deadLetters: [{ group: 'ledger', reason: 'failed' }] }, /every message/],
    ['a projection that differs', { rebuild: { ...good.rebuild, equal: false } }, /rebuilt/],
    ['a damaged event', { store: { events: 7, damage: 'payment-pay_1@0 is damaged' } }, /as it was written/],
    [
      'a payout without an end',
      { payouts: [payout(), payout({ payoutId: 'p2', amountMinor: 0, status: 'instructed' })] },
      /bank's statement/,
    ],
  ])('find %s', (_, change, expected) => {
    const found = failing(change);
    expect(found).toEqual([expect.stringMatching(expected)]);
  });

  it('find a payout of another amount: the party did not get what it earned', () =>
    expect(failing({ payouts: [payout({ amountMinor: 899 })] })).toEqual([expect.stringMatching(/each party/)]));

  it('find a balance that the journal does not give', () => {
    const accounts = good.accounts.map((each) => (each.account === 'hub:fees' ? { ...each, postedMinor: 99 } : each));
    expect(failing({ accounts })).toEqual([expect.stringMatching(/added up anew/)]);
  });

  it('find an account that the ledger does not show', () =>
    expect(failing({ accounts: good.accounts.filter(({ account }) => account !== 'hub:fees') })).toEqual([
      expect.stringMatching(/added up anew/),
    ]));

  it('find money that stayed at a provider', () => {
    const accounts = good.accounts.map((each) => (each.account === 'provider:alipay' ? { ...each, postedMinor: -60 } : each));
    expect(failing({ accounts })).toContainEqual(expect.stringMatching(/providers have paid out/));
  });

  it('tell what is wrong in few words', () => {
    const [finding] = checkEvidence({ ...good, webhooks: { captured: new Set(['pay_1', 'pay_3']), rejected: 2 } }).filter(
      ({ passed }) => !passed,
    );
    expect(finding?.detail).toBe('1 are missing, 2 signatures were wrong');
  });
});
