import type {
  AwaitedRate,
  CurrencyExchanged,
  ExchangeCarried,
  ExchangeFundsHeld,
  ExchangeFundsRefused,
  ExchangeFundsReleased,
  ExchangeFundsRequested,
  ExchangeRefused,
  ExchangeRequested,
  LockedRate,
} from '@tongbao/contracts';
import { payoutIdOf } from './payout.js';
import { movesOf } from './settlement.moves.js';
import type { Settlement } from './settlement.js';

export type ExchangeEvent =
  | ExchangeFundsRequested
  | ExchangeFundsHeld
  | ExchangeFundsRefused
  | ExchangeFundsReleased
  | ExchangeRequested
  | ExchangeRefused
  | CurrencyExchanged
  | ExchangeCarried;

/** What a settlement has exchanged for a party, by the party's own stream. */
export interface Exchange {
  status: 'holding' | 'held' | 'requested' | 'refused' | 'exchanged' | 'carried' | 'released';
  exchangeId: string;
  /** What is sold; absent in exchanges from before it was held. */
  funds?: Funds;
  /** Of the newest ask for what is bought. */
  holdId?: string;
  /** How often the ledger was asked for what is bought. */
  asks: number;
  /** What was asked for last; absent where it was carried before. */
  request?: ExchangeRequested;
}

/** The hold of what is sold, on the party's own account. */
export interface Funds {
  /** The newest ask. */
  request: ExchangeFundsRequested;
  asks: number;
  /** Whether the ledger has placed it. */
  isHeld: boolean;
}

/** A party's payout that is to be paid in another currency. */
export interface WantedExchange {
  party: string;
  payIn: string;
  soldMinor: number;
}

export const exchangeIdOf = (settlementId: string, party: string): string => `fx_${payoutIdOf(settlementId, party)}`;

/** What the hold of what is sold is named after: that of what is bought has the exchange's own name. */
export const fundsIdOf = (exchangeId: string): string => `sold_${exchangeId}`;

/** What of a settlement's payouts is to be exchanged, in the order of parties. What it collects stays in its own currency. */
export const exchangesOf = ({ settlementId, parties }: Pick<Settlement, 'settlementId' | 'parties'>): WantedExchange[] =>
  parties.flatMap((row) => {
    const { party, payIn } = row;
    if (payIn === undefined) return [];
    return movesOf(settlementId, row).flatMap(({ kind, amountMinor }) =>
      kind === 'payout' ? [{ party, payIn, soldMinor: amountMinor }] : [],
    );
  });

/** Where the rates of a settlement are: each party has one, waits for one, or has not been looked at. */
export interface SettlementRates {
  locked: ReadonlyMap<string, LockedRate>;
  awaited: ReadonlyMap<string, AwaitedRate>;
}

export function evolveExchange(state: Exchange | undefined, event: ExchangeEvent): Exchange {
  const { exchangeId } = event;
  const before = { ...state, exchangeId, asks: state?.asks ?? 0 };
  switch (event.type) {
    case 'ExchangeFundsRequested':
      return { ...before, status: 'holding', funds: { request: event, asks: (state?.funds?.asks ?? 0) + 1, isHeld: false } };
    case 'ExchangeFundsHeld':
      return { ...withFunds(before, true), status: 'held' };
    case 'ExchangeFundsRefused':
      return { ...withFunds(before, false), status: 'refused' };
    case 'ExchangeFundsReleased':
      // The second time is after the answer: then there is nothing more to come.
      return { ...withFunds(before, state?.status === 'released'), status: 'released' };
    case 'ExchangeRequested':
      return { ...before, status: 'requested', holdId: event.holdId, asks: before.asks + 1, request: event };
    case 'ExchangeRefused':
      return { ...before, status: 'refused' };
    case 'CurrencyExchanged':
      return { ...before, status: 'exchanged' };
    case 'ExchangeCarried':
      return { ...before, status: 'carried' };
    default:
      return event satisfies never;
  }
}

const withFunds = <T extends Omit<Exchange, 'status'>>(state: T, isHeld: boolean): T =>
  state.funds ? { ...state, funds: { ...state.funds, isHeld: isHeld || state.funds.isHeld } } : state;
