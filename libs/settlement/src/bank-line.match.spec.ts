import { describe, expect, it } from '@jest/globals';
import { claimOf, type LineClaim } from './bank-line.match.js';
import type { StatementLine } from './bank.js';

const line: StatementLine = {
  sequence: 7,
  lineId: 'l7',
  amountMinor: -900,
  currency: 'USD',
  accountNumber: 'acc-A',
  reference: 'settlement s1',
  bookedAt: '2026-01-31T00:00:00Z',
};
const payoutLine = { lineId: 'l7', amountMinor: -900, currency: 'USD', accountNumber: 'acc-A' };
const settled = (match: object): LineClaim => ({ kind: 'settled', match }) as LineClaim;

describe('a statement line', () => {
  it.each<[string, Partial<StatementLine>, LineClaim]>([
    [
      'with a key claims to confirm the payout',
      { key: 'o1' },
      { kind: 'order', key: 'o1', command: { type: 'RecordConfirmation', line: payoutLine } },
    ],
    [
      'that returns one claims to take it back',
      { key: 'o1', isReturn: true },
      { kind: 'order', key: 'o1', command: { type: 'RecordReturn', line: payoutLine } },
    ],
    [
      'from a provider pays its balance out',
      { provider: 'alipay', amountMinor: 900 },
      settled({ kind: 'provider_payout', provider: 'alipay' }),
    ],
    ['from a provider that takes money is not that', { provider: 'alipay' }, settled({ kind: 'unmatched', reason: 'unknown_reference' })],
    ['of the bank itself is its charge', { isFee: true }, settled({ kind: 'bank_fee' })],
    [
      'of the bank that gives money is not that',
      { isFee: true, amountMinor: 5 },
      settled({ kind: 'unmatched', reason: 'unknown_reference' }),
    ],
    [
      'that brings what a party has prefunded is a deposit',
      { reference: 'LIQ platform:A', amountMinor: 900 },
      { kind: 'deposit', party: 'platform:A' },
    ],
    [
      'of a bank that writes it otherwise is a deposit, too',
      { reference: 'ref 17 liq creator.K-2 thanks', amountMinor: 900 },
      { kind: 'deposit', party: 'creator:K-2' },
    ],
    ['that says so and takes money is none', { reference: 'LIQ platform:A' }, settled({ kind: 'unmatched', reason: 'unknown_reference' })],
    [
      'that says so and names nobody is none',
      { reference: 'LIQ platform', amountMinor: 900 },
      settled({ kind: 'unmatched', reason: 'unknown_reference' }),
    ],
    ['that names nothing waits in suspense', {}, settled({ kind: 'unmatched', reason: 'unknown_reference' })],
  ])('%s', (_, change, expected) => expect(claimOf({ ...line, ...change })).toEqual(expected));
});
