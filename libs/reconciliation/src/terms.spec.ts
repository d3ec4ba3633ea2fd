import { describe, expect, it } from '@jest/globals';
import type { ReconciliationTerms, ReconciliationTermsEvent } from '@tongbao/contracts';
import { builtInProviders, builtInTerms, decideTerms, termsFold, termsProblem, type TermsCommand } from './terms.js';

const terms = builtInTerms('wechatpay')!;
const propose = (of: ReconciliationTerms, proposalId = 'p1'): TermsCommand => ({
  ...{ type: 'ProposeTerms', provider: 'wechatpay', proposalId, terms: of, by: 'operator:fin', now: 'now' },
});
const approve = (by = 'operator:boss', proposalId = 'p1'): TermsCommand => ({ type: 'ApproveTerms', proposalId, by, now: 'now' });
const reject: TermsCommand = { type: 'RejectTerms', note: 'why?', by: 'operator:boss', now: 'now' };
const about = { provider: 'wechatpay', proposalId: 'p1' };
const proposed: ReconciliationTermsEvent = {
  type: 'ReconciliationTermsProposed',
  ...about,
  ...terms,
  by: 'operator:fin',
  proposedAt: 'now',
};
const rejected: ReconciliationTermsEvent = {
  ...{ type: 'ReconciliationTermsRejected', ...about, note: 'why?', by: 'operator:boss', rejectedAt: 'now' },
};
const set: ReconciliationTermsEvent = {
  ...{
    type: 'ReconciliationTermsSet',
    provider: 'wechatpay',
    version: 1,
    ...terms,
    by: 'operator:fin',
    approvedBy: 'operator:boss',
    setAt: 'now',
  },
};
const usd = { currency: 'USD', amountToleranceMinor: 1, feeToleranceMinor: 2 };

describe('terms of a provider', () => {
  it.each(builtInProviders)('of %s are there before anybody sets them', (provider) =>
    expect(termsProblem(builtInTerms(provider)!)).toBeUndefined(),
  );
  it('are not there of others', () => expect([builtInTerms('sandbox'), builtInTerms('constructor')]).toEqual([undefined, undefined]));

  it.each<[string, ReconciliationTermsEvent[], TermsCommand, unknown]>([
    ['are proposed', [], propose(terms), { events: [proposed] }],
    ['are proposed once by one command', [proposed], propose(terms), { events: [] }],
    ['are not proposed while others wait', [proposed], propose(terms, 'p2'), { refused: 'state_conflict' }],
    ['are proposed again after a rejection', [proposed, rejected], propose(terms, 'p2'), { events: [{ ...proposed, proposalId: 'p2' }] }],
    ['are set by another person', [proposed], approve(), { events: [set] }],
    ['are counted', [proposed, set, proposed], approve(), { events: [{ ...set, version: 2 }] }],
    ['are not set by who proposed them', [proposed], approve('operator:fin'), { refused: 'four_eyes' }],
    ['are not set as nobody has seen them', [proposed], approve('operator:boss', 'p0'), { refused: 'state_conflict' }],
    ['are not set before they are proposed', [], approve(), { refused: 'state_conflict' }],
    ['are not set once they are rejected', [proposed, rejected], approve(), { refused: 'state_conflict' }],
    ['are set once', [proposed, set], approve(), { refused: 'state_conflict' }],
    ['are rejected', [proposed], reject, { events: [rejected] }],
    ['are not rejected before they are proposed', [set], reject, { refused: 'state_conflict' }],
  ])('%s', (_, history, command, expected) =>
    expect(decideTerms(command, history.reduce(termsFold.evolve, termsFold.initial))).toEqual(expected),
  );

  it.each<[string, Partial<ReconciliationTerms>]>([
    ['a bill that cannot be read', { format: 'alipay' }],
    ['a bill that Stripe has not', { format: 'stripe', bills: ['trade'], feesFrom: 'trade' }],
    ['no bill', { bills: [] }],
    ['a bill twice', { bills: ['trade', 'trade'], feesFrom: 'trade' }],
    ['fees from a bill that is not given', { bills: ['trade'] }],
    ['a time zone that there is not', { timeZone: 'Mars/Base' }],
    ['a currency that there is not', { currencies: [{ ...usd, currency: 'XYZ' }] }],
    ['a currency twice', { currencies: [usd, usd] }],
  ])('are refused with %s', (_, change) =>
    expect(decideTerms(propose({ ...terms, ...change }), termsFold.initial)).toEqual({ refused: 'invalid' }),
  );
});
