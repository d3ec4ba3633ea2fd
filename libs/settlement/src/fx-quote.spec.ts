import { describe, expect, it } from '@jest/globals';
import type { FxQuoted, FxQuoteEvent } from '@tongbao/contracts';
import { countingQuote, decideFxQuote, fxQuoteIdOf, fxQuotesFold, currenciesIn, type FxQuoteCommand } from './fx-quote.js';

const now = '2026-01-31T00:00:00.000Z';
const later = '2026-01-31T12:00:00.000Z';

const quote = (change: Partial<FxQuoted> = {}) => ({
  quoteId: 'fxq_CNY_USD_1',
  from: 'CNY',
  to: 'USD',
  rateUnits: 14,
  rateScale: 2,
  expiresAt: later,
  by: 'operator:fin',
  source: 'bank',
  ...change,
});
const quoted = (change: Partial<FxQuoted> = {}): FxQuoted => ({ type: 'FxQuoted', ...quote(change), quotedAt: now });
const withdrawn = (quoteId: string): FxQuoteEvent => ({
  ...{ type: 'FxQuoteWithdrawn', quoteId, from: 'CNY', to: 'USD', by: 'operator:fin', reason: 'typo' },
});
const record = (change: Partial<FxQuoted> = {}, inverse?: FxQuoted, at = now): FxQuoteCommand => ({
  ...{ type: 'RecordQuote', quote: quote(change), inverse, now: at },
});
const withdraw = (quoteId: string, by = 'operator:fin'): FxQuoteCommand => ({ type: 'WithdrawQuote', quoteId, by, reason: 'typo' });
const given = (events: FxQuoteEvent[]) => events.reduce(fxQuotesFold.evolve, fxQuotesFold.initial);

const nothing: FxQuoteEvent[] = [];
const back = quoted({ quoteId: 'fxq_USD_CNY_1', from: 'USD', to: 'CNY', rateUnits: 714, rateScale: 2 });

describe('what somebody says that the hub gives', () => {
  it.each<[string, FxQuoteEvent[], FxQuoteCommand, FxQuoteEvent[]]>([
    ['is recorded', nothing, record(), [quoted()]],
    ['takes the place of what counted', [quoted()], record({ quoteId: 'two', rateUnits: 15 }), [quoted({ quoteId: 'two', rateUnits: 15 })]],
    ['said again changes nothing', [quoted()], record(), []],
    ['said again after another one changes nothing', [quoted(), quoted({ quoteId: 'two' })], record(), []],
    ['said again after it was withdrawn changes nothing', [quoted(), withdrawn('fxq_CNY_USD_1')], record(), []],
    ['may be one for the way back', nothing, record({}, back), [quoted()]],
    [
      'may be far from one of somebody else that has expired',
      [quoted({ expiresAt: now })],
      record({ quoteId: 'two', rateUnits: 140, by: 'operator:boss' }),
      [quoted({ quoteId: 'two', rateUnits: 140, by: 'operator:boss' })],
    ],
    [
      'may be far from one that others have said and withdrawn',
      [quoted({ rateUnits: 140 }), withdrawn('fxq_CNY_USD_1')],
      record({ quoteId: 'two', by: 'operator:boss' }),
      [quoted({ quoteId: 'two', by: 'operator:boss' })],
    ],
    ['is withdrawn', [quoted()], withdraw('fxq_CNY_USD_1'), [withdrawn('fxq_CNY_USD_1')]],
    ['withdrawn again changes nothing', [quoted(), withdrawn('fxq_CNY_USD_1')], withdraw('fxq_CNY_USD_1'), []],
  ])('%s', (_, events, command, expected) => expect(decideFxQuote(command, given(events))).toEqual({ events: expected }));

  it.each<[string, FxQuoteEvent[], FxQuoteCommand, string]>([
    ['one currency', nothing, record({ to: 'CNY' }), 'invalid'],
    ['no rate', nothing, record({ rateUnits: 0 }), 'invalid'],
    ['expired', nothing, record({ expiresAt: now }), 'invalid'],
    ['for longer than a week', nothing, record({ expiresAt: '2026-02-07T00:00:00.001Z' }), 'invalid'],
    ['the id of another one', [quoted()], record({ rateUnits: 15 }), 'idempotency_key_reused'],
    ['turned round', nothing, record({ rateUnits: 714 }, back), 'rate_implausible'],
    ['a digit too far', [quoted()], record({ quoteId: 'two', rateUnits: 140 }), 'rate_implausible'],
    ['far from one of one’s own that has expired', [quoted({ expiresAt: now })], record({ quoteId: 'two', rateUnits: 140 }), 'four_eyes'],
    [
      'far from one of one’s own that was withdrawn',
      [quoted(), withdrawn('fxq_CNY_USD_1')],
      record({ quoteId: 'two', rateUnits: 140 }),
      'four_eyes',
    ],
    [
      'far from one that one has withdrawn',
      [quoted({ by: 'operator:boss' }), withdrawn('fxq_CNY_USD_1')],
      record({ quoteId: 'two', rateUnits: 140 }),
      'four_eyes',
    ],
    [
      'far from what others said, in steps',
      [quoted({ quoteId: 'zero', by: 'operator:boss' }), quoted({ rateUnits: 28 })],
      record({ quoteId: 'two', rateUnits: 40 }),
      'four_eyes',
    ],
    [
      'far from one’s own first one, in steps',
      [quoted(), quoted({ quoteId: 'one', rateUnits: 28 })],
      record({ quoteId: 'two', rateUnits: 40 }),
      'four_eyes',
    ],
    ['withdrawing what never was', nothing, withdraw('fxq_CNY_USD_1'), 'not_found'],
    ['withdrawing what counts no more', [quoted(), quoted({ quoteId: 'two' })], withdraw('fxq_CNY_USD_1'), 'state_conflict'],
    [
      'withdrawing what somebody else has',
      [quoted(), withdrawn('fxq_CNY_USD_1')],
      withdraw('fxq_CNY_USD_1', 'operator:boss'),
      'state_conflict',
    ],
  ])('is refused: %s', (_, events, command, code) => expect(decideFxQuote(command, given(events))).toEqual({ refused: code }));

  it('counts until the moment that it expires, and no older one after it', () => {
    expect(countingQuote(given([quoted()]), '2026-01-31T11:59:59.999Z')).toEqual(quoted());
    expect(countingQuote(given([quoted()]), later)).toBeUndefined();
    expect(countingQuote(given([quoted(), quoted({ quoteId: 'two' }), withdrawn('two')]), now)).toBeUndefined();
  });

  it('has a name that says which currencies it is about', () => {
    expect(currenciesIn(fxQuoteIdOf('CNY', 'JPY', 'cmd_abc'))).toEqual(['CNY', 'JPY']);
    expect(currenciesIn('fxq_cny')).toBeUndefined();
  });
});
