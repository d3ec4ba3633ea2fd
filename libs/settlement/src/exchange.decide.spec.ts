import { describe, expect, it } from '@jest/globals';
import type { FxQuoted, LockedRate, PartySettlement } from '@tongbao/contracts';
import fc from 'fast-check';
import { decideExchange, type ExchangeCommand } from './exchange.decide.js';
import { evolveExchange, type Exchange, type ExchangeEvent } from './exchange.js';
import { convert } from './fx-rate.js';
import { lockRates } from './rates.decide.js';
import { decideSettlement } from './settlement.decide.js';
import { settlementFold, type Settlement, type SettlementStatus } from './settlement.js';

const now = '2026-01-31T00:00:00.000Z';
const row = (party: string, payableMinor: number, payIn?: string): PartySettlement => ({
  ...{
    party,
    carriedInMinor: 0,
    netMinor: payableMinor,
    payableMinor,
    action: payableMinor > 0 ? 'pay_out' : 'collect',
    carriedOutMinor: 0,
  },
  ...{ sides: 1, ...(payIn !== undefined && { payIn }) },
});
const quote = (change: Partial<FxQuoted> = {}): FxQuoted => ({
  ...{ type: 'FxQuoted', quoteId: 'q1', from: 'CNY', to: 'USD', rateUnits: 138_889, rateScale: 6, quotedAt: now },
  ...{ expiresAt: '2026-01-31T00:00:00.001Z', by: 'operator:fin', source: 'bank', ...change },
});
const settlement = (parties: PartySettlement[], status: SettlementStatus = 'verified', change: Partial<Settlement> = {}): Settlement => ({
  ...{ status, settlementId: 's1', model: 'dnm', currency: 'CNY', windowIds: ['w'], requestedBy: 'operator:fin', parties, direct: [] },
  ...{ mismatches: 0, marked: { through: 0n, payments: 0 }, rates: { locked: new Map(), awaited: new Map() }, ...change },
});
const lock = (state: Settlement, quotes: FxQuoted[], at = now) => decideSettlement({ type: 'LockRates', quotes, now: at }, state);
const evolved = (state: Settlement, events: ReturnType<typeof lockRates>): Settlement =>
  events.reduce(settlementFold.evolve, state) as Settlement;

const A = 'platform:A';
const locked: LockedRate = {
  ...{
    party: A,
    exchangeId: 's1_platform.A_fx',
    quoteId: 'q1',
    quotedBy: 'operator:fin',
    rateUnits: 138_889,
    rateScale: 6,
    soldMinor: 72_000,
  },
  ...{ bought: { amountMinor: 10_000, currency: 'USD' }, rounding: { numerator: 1, denominator: 125 } },
};
const awaited = (party: string, payIn: string, soldMinor: number, code: string) => ({ party, payIn, soldMinor, code });

describe('the rates of a settlement', () => {
  const both = settlement([row(A, 72_000, 'USD'), row('platform:B', 500, 'JPY'), row('platform:C', 100), row('platform:D', -100, 'USD')]);

  it('are locked for who is paid in another currency; who has no quote waits; what is collected stays as it is', () =>
    expect(lock(both, [quote()])).toEqual({
      events: [
        { type: 'FxRatesLocked', settlementId: 's1', currency: 'CNY', rates: [locked], lockedAt: now },
        {
          ...{ type: 'FxRatesAwaited', settlementId: 's1', currency: 'CNY', awaitedAt: now },
          waiting: [awaited('platform:B', 'JPY', 500, 'quote_missing')],
        },
      ],
    }));

  it('are locked once, and waiting is said once', () => {
    const after = evolved(both, lockRates({ type: 'LockRates', quotes: [quote()], now }, both));
    expect(lock(after, [quote({ quoteId: 'q2', rateUnits: 150_000 })])).toEqual({ events: [] });
  });

  it('of who waits are locked by the quote that comes, also while the settlement pays', () => {
    const paying = settlement([row(A, 72_000, 'USD')], 'paying');
    const waiting = evolved(paying, lockRates({ type: 'LockRates', quotes: [], now }, paying));
    expect(lock(waiting, [quote()])).toMatchObject({ events: [{ type: 'FxRatesLocked', rates: [locked] }] });
  });

  it.each<[string, FxQuoted[], Partial<Settlement>, string]>([
    ['quote_missing', [], {}, 'there is none'],
    ['quote_missing', [quote({ expiresAt: now })], {}, 'it has expired'],
    ['quote_missing', [quote({ from: 'USD', to: 'CNY' })], {}, 'it is for the way back'],
    ['quote_by_approver', [quote()], { approvedBy: 'operator:fin' }, 'the approver has recorded it'],
    ['amount_too_small', [quote({ rateUnits: 1, rateScale: 9 })], {}, 'it comes to nothing'],
  ])('wait with %s where %s', (code, quotes, change) =>
    expect(lock(settlement([row(A, 72_000, 'USD')], 'paying', change), quotes)).toMatchObject({
      events: [{ type: 'FxRatesAwaited', waiting: [{ code }] }],
    }),
  );

  it.each<SettlementStatus>(['requested', 'calculated', 'mismatched', 'approved', 'settled', 'marked', 'aborted'])(
    'are not locked while it is %s',
    (status) => expect(lock(settlement([row(A, 72_000, 'USD')], status), [quote()])).toEqual({ refused: 'state_conflict' }),
  );

  it('of who is given up are locked no more', () =>
    expect(
      decideSettlement({ type: 'LockRates', quotes: [quote()], except: new Set([A]), now }, settlement([row(A, 72_000, 'USD')], 'paying')),
    ).toEqual({ events: [] }));

  it('keep whoever has recorded the quote from approving', () => {
    const before = settlement([row(A, 72_000, 'USD')], 'verified', { requestedBy: 'operator:ann' });
    const state = evolved(before, lockRates({ type: 'LockRates', quotes: [quote()], now }, before));
    expect(decideSettlement({ type: 'ApproveSettlement', by: 'operator:fin' }, state)).toEqual({ refused: 'four_eyes' });
    expect(decideSettlement({ type: 'ApproveSettlement', by: 'operator:boss' }, state)).toMatchObject({
      events: [{ by: 'operator:boss' }],
    });
  });

  it('of many parties stand in events of a thousand', () => {
    const many = settlement(Array.from({ length: 2_001 }, (_, index) => row(`creator:${index}`, 1_000, 'USD')));
    expect(
      lockRates({ type: 'LockRates', quotes: [quote()], now }, many).map((event) => ('rates' in event ? event.rates.length : 0)),
    ).toEqual([1_000, 1_000, 1]);
  });

  it('give each party what its amount comes to, whatever the others have', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 20 }), (amounts) => {
        const state = settlement(amounts.map((amount, index) => row(`creator:${index}`, amount, 'USD')));
        const events = lockRates({ type: 'LockRates', quotes: [quote()], now }, state);
        const rates = events.flatMap((event) => (event.type === 'FxRatesLocked' ? event.rates : []));
        for (const { soldMinor, bought, rounding } of rates)
          expect({ boughtMinor: bought.amountMinor, rounding }).toEqual(convert(soldMinor, quote(), 'CNY', 'USD'));
        const waiting = events.flatMap((event) => (event.type === 'FxRatesAwaited' ? event.waiting : []));
        expect(rates.length + waiting.length).toBe(amounts.length);
      }),
    ));
});

describe('an exchange', () => {
  const about = { settlementId: 's1', party: A, currency: 'CNY' };
  const what = { ...about, amountMinor: 72_000, exchangeId: 's1_platform.A_fx' };
  const terms = { bought: locked.bought, rate: '0.138889', quoteId: 'q1', rounding: locked.rounding };
  const requested = (ask: number): ExchangeEvent => ({
    ...{ type: 'ExchangeRequested', ...what, ...terms },
    holdId: ask === 1 ? 'hold_s1_platform.A_fx' : `hold_s1_platform.A_fx_${ask}`,
  });
  const refused = (ask: number): ExchangeEvent => ({
    type: 'ExchangeRefused',
    ...what,
    holdId: holdOf(ask),
    code: 'client_money_not_covered',
  });
  const holdOf = (ask: number) => ('holdId' in requested(ask) ? (requested(ask) as { holdId: string }).holdId : '');
  const exchanged = (ask: number): ExchangeEvent => ({ type: 'CurrencyExchanged', ...what, ...terms, holdId: holdOf(ask) });
  const carried: ExchangeEvent = { type: 'ExchangeCarried', ...what, model: 'daily', by: 'operator:fin' };

  const request: ExchangeCommand = { type: 'RequestExchange', about, rate: locked };
  const again: ExchangeCommand = { type: 'AskExchangeAgain' };
  const placed = (ask: number): ExchangeCommand => ({ type: 'RecordExchange', holdId: holdOf(ask) });
  const notPlaced = (ask: number): ExchangeCommand => ({
    type: 'RecordExchangeRefusal',
    holdId: holdOf(ask),
    code: 'client_money_not_covered',
  });
  const carry: ExchangeCommand = {
    ...{ type: 'CarryExchange', about, wanted: { party: A, payIn: 'USD', soldMinor: 72_000 }, model: 'daily', by: 'operator:fin' },
  };
  const given = (events: ExchangeEvent[]) => events.reduce<Exchange | undefined>(evolveExchange, undefined);

  const nothing: ExchangeEvent[] = [];
  const states: Record<string, ExchangeEvent[]> = {
    nothing,
    requested: [requested(1)],
    refused: [requested(1), refused(1)],
    askedAgain: [requested(1), refused(1), requested(2)],
    exchanged: [requested(1), exchanged(1)],
    carried: [carried],
  };
  const nowhere = 'state_conflict';

  it.each<[string, ExchangeCommand, Record<string, ExchangeEvent[] | string>]>([
    ['request', request, { nothing: [requested(1)], requested: [], refused: [], askedAgain: [], exchanged: [], carried: [] }],
    [
      'ask again',
      again,
      { nothing: 'not_found', requested: [], refused: [requested(2)], askedAgain: [], exchanged: [], carried: 'not_found' },
    ],
    [
      'the ledger holds it',
      placed(1),
      { nothing: 'not_found', requested: [exchanged(1)], refused: [], askedAgain: [], exchanged: [], carried: 'not_found' },
    ],
    [
      'the ledger holds it at last',
      placed(2),
      { nothing: 'not_found', requested: [], refused: [], askedAgain: [exchanged(2)], exchanged: [], carried: 'not_found' },
    ],
    [
      'the ledger does not',
      notPlaced(1),
      { nothing: 'not_found', requested: [refused(1)], refused: [], askedAgain: [], exchanged: [], carried: 'not_found' },
    ],
    ['carry', carry, { nothing: [carried], requested: nowhere, refused: [carried], askedAgain: nowhere, exchanged: nowhere, carried: [] }],
  ])('%s', (_, command, expected) => {
    for (const [state, outcome] of Object.entries(expected)) {
      const decision = typeof outcome === 'string' ? { refused: outcome } : { events: outcome };
      expect([state, decideExchange(command, given(states[state] ?? []))]).toEqual([state, decision]);
    }
  });
});
