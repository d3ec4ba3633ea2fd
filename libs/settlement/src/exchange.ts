import type { AwaitedRate, CurrencyExchanged, ExchangeCarried, ExchangeRefused, ExchangeRequested, LockedRate } from '@tongbao/contracts';
import { payoutIdOf } from './payout.js';
import { movesOf } from './settlement.moves.js';
import type { Settlement } from './settlement.js';

export type ExchangeEvent = ExchangeRequested | ExchangeRefused | CurrencyExchanged | ExchangeCarried;

/** What a settlement has exchanged for a party, by the party's own stream. */
export interface Exchange {
  status: 'requested' | 'refused' | 'exchanged' | 'carried';
  exchangeId: string;
  /** Of the newest ask. */
  holdId?: string;
  /** How often the ledger was asked. */
  asks: number;
  /** What was asked for last; absent where it was carried before. */
  request?: ExchangeRequested;
}

/** A party's payout that is to be paid in another currency. */
export interface WantedExchange {
  party: string;
  payIn: string;
  soldMinor: number;
}

export const exchangeIdOf = (settlementId: string, party: string): string => `${payoutIdOf(settlementId, party)}_fx`;

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
  switch (event.type) {
    case 'ExchangeRequested':
      return { status: 'requested', exchangeId, holdId: event.holdId, asks: (state?.asks ?? 0) + 1, request: event };
    case 'ExchangeRefused':
      return { ...state, status: 'refused', exchangeId, asks: state?.asks ?? 1 };
    case 'CurrencyExchanged':
      return { ...state, status: 'exchanged', exchangeId, asks: state?.asks ?? 0 };
    case 'ExchangeCarried':
      return { ...state, status: 'carried', exchangeId, asks: state?.asks ?? 0 };
    default:
      return event satisfies never;
  }
}
