import type { AwaitedRate, FxQuoted, LockedRate, SettlementEvent } from '@tongbao/contracts';
import { exchangeIdOf, exchangesOf, type WantedExchange } from './exchange.js';
import { convert } from './fx-rate.js';
import { countingQuote } from './fx-quote.js';
import type { Settlement } from './settlement.js';

/** So many in one event: of a settlement of many thousands, it stays far below what the store takes. */
const ratesAtOnce = 1_000;

/** Locks rates for those of a settlement that have none yet. */
export interface LockRates {
  type: 'LockRates';
  /** The newest of each currency that somebody wants; whether one counts is decided by the time. */
  quotes: readonly FxQuoted[];
  /** Parties that are given up meanwhile. */
  except?: ReadonlySet<string>;
  now: string;
}

/** Rates that can be locked are locked; who else waits is said once for each reason. Nothing to do: no event. */
export function lockRates({ quotes, except, now }: LockRates, state: Settlement): SettlementEvent[] {
  const { settlementId, currency, rates } = state;
  const open = exchangesOf(state).filter(({ party }) => !rates.locked.has(party) && !except?.has(party));
  const looked = open.map((wanted) => rateFor(wanted, quotes, state, now));
  const locked = looked.filter((rate): rate is LockedRate => 'quoteId' in rate);
  const waiting = looked
    .filter((rate): rate is AwaitedRate => 'code' in rate)
    .filter(({ party, code }) => rates.awaited.get(party)?.code !== code);
  return [
    ...slices(locked).map((some) => ({ type: 'FxRatesLocked' as const, settlementId, currency, rates: some, lockedAt: now })),
    ...slices(waiting).map((some) => ({ type: 'FxRatesAwaited' as const, settlementId, currency, waiting: some, awaitedAt: now })),
  ];
}

function rateFor(wanted: WantedExchange, quotes: readonly FxQuoted[], state: Settlement, now: string): LockedRate | AwaitedRate {
  const { party, payIn, soldMinor } = wanted;
  const newest = quotes.find(({ from, to }) => from === state.currency && to === payIn);
  const quote = newest && countingQuote({ newest }, now);
  if (!quote) return { ...wanted, code: 'quote_missing' };
  // What is paid is the amount and the rate: whoever has approved the one does not say the other, too.
  if (quote.by === state.approvedBy) return { ...wanted, code: 'quote_by_approver' };
  const { boughtMinor, rounding } = convert(soldMinor, quote, state.currency, payIn);
  if (boughtMinor === 0) return { ...wanted, code: 'amount_too_small' };
  const { quoteId, rateUnits, rateScale, by: quotedBy } = quote;
  const exchangeId = exchangeIdOf(state.settlementId, party);
  const bought = { amountMinor: boughtMinor, currency: payIn };
  return { party, exchangeId, quoteId, quotedBy, rateUnits, rateScale, soldMinor, bought, rounding };
}

function slices<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < all.length; start += ratesAtOnce) parts.push(all.slice(start, start + ratesAtOnce));
  return parts;
}
