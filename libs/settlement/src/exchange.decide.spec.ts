import { describe, expect, it } from '@jest/globals';
import type { FxQuoted, LockedRate, PartySettlement } from '@tongbao/contracts';
import fc from 'fast-check';
import { decideExchange, type ExchangeCommand } from './exchange.decide.js';
import { evolveExchange, type Exchange, type ExchangeEvent } from './exchange.js';
import { convert } from './fx-rate.js';
import { lockRates } from './rates.decide.js';
import { decideSettlement } from './settlement.decide.js';
import { settlementFold, type Settlement, type SettlementStatus } from './settlement.js';
import { holdIdOf } from './payout.js';

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
  ...{
    slices: { count: 0, obligations: 0 },
    settledParties: 0,
    mismatches: 0,
    marked: { through: 0n, payments: 0 },
    rates: { locked: new Map(), awaited: new Map() },
    ...change,
  },
});
const lock = (state: Settlement, quotes: FxQuoted[], at = now) => decideSettlement({ type: 'LockRates', quotes, now: at }, state);
const evolved = (state: Settlement, events: ReturnType<typeof lockRates>): Settlement =>
  events.reduce(settlementFold.evolve, state) as Settlement;

const A = 'platform:A';
const locked: LockedRate = {
  ...{
    party: A,
    exchangeId: 'fx_s1_platform.A',
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
  const what = { ...about, amountMinor: 72_000, exchangeId: 'fx_s1_platform.A' };
  const terms = { bought: locked.bought, rate: '0.138889', quoteId: 'q1', rounding: locked.rounding };
  const fundsHold = (ask = 1) => ({ holdId: holdIdOf('sold_fx_s1_platform.A', ask) });
  const hold = (ask = 1) => ({ holdId: holdIdOf('fx_s1_platform.A', ask) });
  const withFunds = { fundsHoldId: fundsHold().holdId };
  const asked = (ask = 1): ExchangeEvent => ({ type: 'ExchangeFundsRequested', ...what, ...fundsHold(ask) });
  const held = (ask = 1): ExchangeEvent => ({ type: 'ExchangeFundsHeld', ...what, ...fundsHold(ask) });
  const notHeld: ExchangeEvent = { type: 'ExchangeFundsRefused', ...what, ...fundsHold(), code: 'insufficient_funds' };
  const freed: ExchangeEvent = { type: 'ExchangeFundsReleased', ...what, ...fundsHold() };
  const requested = (ask = 1, funds: object = withFunds): ExchangeEvent => ({
    ...{ type: 'ExchangeRequested', ...what, ...terms, ...hold(ask), ...funds },
  });
  const refused: ExchangeEvent = { type: 'ExchangeRefused', ...what, ...hold(), code: 'client_money_not_covered' };
  const exchanged = (ask = 1, funds = {}): ExchangeEvent => ({ type: 'CurrencyExchanged', ...what, ...terms, ...hold(ask), ...funds });
  const carried = (funds = {}): ExchangeEvent => ({ type: 'ExchangeCarried', ...what, model: 'daily', by: 'operator:fin', ...funds });
  const given = (events: ExchangeEvent[]) => events.reduce<Exchange | undefined>(evolveExchange, undefined);

  const states = {
    nothing: [],
    holding: [asked()],
    held: [asked(), held()],
    fundsRefused: [asked(), notHeld],
    holdingAgain: [asked(), notHeld, asked(2)],
    released: [asked(), freed],
    releasedAfterAnswer: [asked(), held(), freed],
    releasedTwice: [asked(), freed, freed],
    requested: [asked(), held(), requested()],
    refused: [asked(), held(), requested(), refused],
    requestedAgain: [asked(), held(), requested(), refused, requested(2)],
    exchanged: [asked(), held(), requested(), exchanged(1, withFunds)],
    carried: [carried()],
    carriedHeld: [asked(), held(), carried(fundsHold())],
    // From before what is sold was held.
    requestedBefore: [requested(1, {})],
    refusedBefore: [requested(1, {}), refused],
  } satisfies Record<string, ExchangeEvent[]>;
  type State = keyof typeof states;

  const [unknown, nowhere] = ['not_found', 'state_conflict'];
  const isOver = (over: boolean): ExchangeCommand => ({ type: 'RecordFunds', ...fundsHold(), isOver: over });
  const nobodyAsked: Partial<Record<State, string>> = { nothing: unknown, carried: unknown };

  /** What is not named changes nothing. */
  it.each<[string, ExchangeCommand, Partial<Record<State, ExchangeEvent[] | string>>]>([
    ['hold what is sold', { type: 'HoldFunds', about, soldMinor: 72_000 }, { nothing: [asked()] }],
    [
      'the ledger holds it',
      isOver(false),
      { nothing: unknown, carried: unknown, requestedBefore: unknown, refusedBefore: unknown, holding: [held()], released: [freed] },
    ],
    [
      'the ledger holds it for a settlement that is aborted',
      isOver(true),
      { nothing: unknown, carried: unknown, requestedBefore: unknown, refusedBefore: unknown, holding: [held(), freed], released: [freed] },
    ],
    [
      'the ledger holds it at last',
      { type: 'RecordFunds', ...fundsHold(2), isOver: false },
      { nothing: unknown, carried: unknown, requestedBefore: unknown, refusedBefore: unknown, holdingAgain: [held(2)] },
    ],
    [
      'the ledger does not hold it',
      { type: 'RecordFundsRefusal', ...fundsHold(), code: 'insufficient_funds' },
      { nothing: unknown, carried: unknown, requestedBefore: unknown, refusedBefore: unknown, holding: [notHeld] },
    ],
    [
      'release it',
      { type: 'ReleaseFunds' },
      { holding: [freed], held: [freed], holdingAgain: [{ type: 'ExchangeFundsReleased', ...what, ...fundsHold(2) }] },
    ],
    ['request what is bought', { type: 'RequestExchange', about, rate: locked }, { held: [requested()] }],
    [
      'ask again',
      { type: 'AskExchangeAgain' },
      {
        ...nobodyAsked,
        fundsRefused: [asked(2)],
        refused: [requested(2)],
        refusedBefore: [asked()],
        carriedHeld: nowhere,
        released: nowhere,
        releasedAfterAnswer: nowhere,
        releasedTwice: nowhere,
      },
    ],
    [
      'the ledger holds what is bought',
      { type: 'RecordExchange', ...hold() },
      {
        ...nobodyAsked,
        ...{ holding: unknown, held: unknown, fundsRefused: unknown, holdingAgain: unknown, carriedHeld: unknown },
        ...{ released: unknown, releasedAfterAnswer: unknown, releasedTwice: unknown },
        requested: [exchanged(1, withFunds)],
        requestedBefore: [exchanged()],
      },
    ],
    [
      'the ledger holds what is bought at last',
      { type: 'RecordExchange', ...hold(2) },
      {
        ...nobodyAsked,
        ...{ holding: unknown, held: unknown, fundsRefused: unknown, holdingAgain: unknown, carriedHeld: unknown },
        ...{ released: unknown, releasedAfterAnswer: unknown, releasedTwice: unknown },
        requestedAgain: [exchanged(2, withFunds)],
      },
    ],
    [
      'the ledger does not hold what is bought',
      { type: 'RecordExchangeRefusal', ...hold(), code: 'client_money_not_covered' },
      {
        ...nobodyAsked,
        ...{ holding: unknown, held: unknown, fundsRefused: unknown, holdingAgain: unknown, carriedHeld: unknown },
        ...{ released: unknown, releasedAfterAnswer: unknown, releasedTwice: unknown },
        requested: [refused],
        requestedBefore: [refused],
      },
    ],
    [
      'carry',
      { type: 'CarryExchange', about, wanted: { party: A, payIn: 'USD', soldMinor: 72_000 }, model: 'daily', by: 'operator:fin' },
      {
        nothing: [carried()],
        held: [carried(fundsHold())],
        fundsRefused: [carried()],
        refused: [carried(fundsHold())],
        refusedBefore: [carried()],
        ...{ holding: nowhere, holdingAgain: nowhere, requested: nowhere, requestedAgain: nowhere, requestedBefore: nowhere },
        ...{ released: nowhere, releasedAfterAnswer: nowhere, releasedTwice: nowhere, exchanged: nowhere },
      },
    ],
  ])('%s', (_, command, expected) => {
    const outcome = (state: State) => {
      const said = expected[state] ?? [];
      return typeof said === 'string' ? { refused: said } : { events: said };
    };
    for (const state of Object.keys(states) as State[])
      expect([state, decideExchange(command, given(states[state]))]).toEqual([state, outcome(state)]);
  });
});
