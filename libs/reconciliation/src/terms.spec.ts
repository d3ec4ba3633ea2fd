import { describe, expect, it } from '@jest/globals';
import type { ReconciliationTerms } from '@tongbao/contracts';
import { builtInProviders, builtInTerms, decideTerms, termsFold, termsProblem } from './terms.js';

const terms = builtInTerms('wechatpay')!;
const set = (of: ReconciliationTerms) => ({ provider: 'wechatpay', terms: of, by: 'operator:boss', now: 'now' });
const event = { type: 'ReconciliationTermsSet' as const, provider: 'wechatpay', version: 1, ...terms, by: 'operator:boss', setAt: 'now' };
const usd = { currency: 'USD', amountToleranceMinor: 1, feeToleranceMinor: 2 };

describe('terms of a provider', () => {
  it.each(builtInProviders)('of %s are there before anybody sets them', (provider) =>
    expect(termsProblem(builtInTerms(provider)!)).toBeUndefined(),
  );
  it('are not there of others', () => expect([builtInTerms('sandbox'), builtInTerms('constructor')]).toEqual([undefined, undefined]));

  it('are set, and counted', () => {
    expect(decideTerms(set(terms), termsFold.initial)).toEqual({ events: [event] });
    const state = termsFold.evolve(termsFold.initial, event);
    expect(decideTerms(set({ ...terms }), state)).toEqual({ events: [] });
    expect(decideTerms(set({ ...terms, payoutDays: 5 }), state)).toMatchObject({ events: [{ version: 2, payoutDays: 5 }] });
  });

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
    expect(decideTerms(set({ ...terms, ...change }), termsFold.initial)).toEqual({ refused: 'invalid' }),
  );
});
