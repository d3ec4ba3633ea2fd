import type { ObligationReported, PositionEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import { evolveExchange, type Exchange } from './exchange.js';

/** What one settlement has done to the position of one party, by the party's own stream. */
export interface SettlementPosition {
  isWithheld: boolean;
  isReleased: boolean;
  /** What the party owes others directly, by creditor. */
  obligations: ReadonlyMap<string, DueObligation>;
  draw?: Draw;
  /** Of its payout, where that is paid in another currency. */
  exchange?: Exchange;
}

export interface DueObligation {
  status: 'due' | 'reported' | 'paid' | 'carried';
  obligationId: string;
  settlementId: string;
  debtor: string;
  creditor: string;
  amountMinor: number;
  currency: string;
  /** What waits for another person to confirm it, or was confirmed. */
  report?: Pick<ObligationReported, 'outcome' | 'by' | 'note'>;
}

/** A collection from what the party has prefunded. */
export interface Draw {
  status: 'requested' | 'drawn' | 'refused';
  drawId: string;
  settlementId: string;
  party: string;
  holdId: string;
  amountMinor: number;
  currency: string;
}

/** A party's stream has the facts of all settlements; those of others say nothing of this one. */
export const positionFold = (settlementId: string): Fold<SettlementPosition, PositionEvent> => ({
  initial: { isWithheld: false, isReleased: false, obligations: new Map() },
  evolve: (state, event) => ('settlementId' in event && event.settlementId === settlementId ? evolve(state, event) : state),
});

function evolve(state: SettlementPosition, event: PositionEvent): SettlementPosition {
  switch (event.type) {
    case 'ReserveWithheld':
      return { ...state, isWithheld: true };
    case 'ReserveReleased':
      return { ...state, isReleased: true };
    case 'LiquidityDrawRequested': {
      const { drawId, settlementId, party, holdId, amountMinor, currency } = event;
      return { ...state, draw: { status: 'requested', drawId, settlementId, party, holdId, amountMinor, currency } };
    }
    case 'LiquidityDrawn':
    case 'LiquidityDrawRefused':
      return { ...state, ...(state.draw && { draw: { ...state.draw, status: event.type === 'LiquidityDrawn' ? 'drawn' : 'refused' } }) };
    case 'ObligationDue': {
      const { obligationId, settlementId, party: debtor, creditor, amountMinor, currency } = event;
      return withObligation(state, creditor, { status: 'due', obligationId, settlementId, debtor, creditor, amountMinor, currency });
    }
    case 'ObligationReported': {
      const { creditor, outcome, by, note } = event;
      return withStatus(state, creditor, { status: 'reported', report: { outcome, by, note } });
    }
    case 'ObligationReportRejected':
      return withStatus(state, event.creditor, { status: 'due' });
    case 'ObligationPaid':
      return withStatus(state, event.creditor, { status: 'paid' });
    case 'ObligationCarried':
      return withStatus(state, event.creditor, { status: 'carried' });
    case 'ExchangeFundsRequested':
    case 'ExchangeFundsHeld':
    case 'ExchangeFundsRefused':
    case 'ExchangeFundsReleased':
    case 'ExchangeRequested':
    case 'ExchangeRefused':
    case 'CurrencyExchanged':
    case 'ExchangeCarried':
      return { ...state, exchange: evolveExchange(state.exchange, event) };
    case 'LiquidityReceived':
    case 'DebtWrittenOff':
      return state;
    default:
      return event satisfies never;
  }
}

const withObligation = (state: SettlementPosition, creditor: string, obligation: DueObligation): SettlementPosition => ({
  ...state,
  obligations: new Map(state.obligations).set(creditor, obligation),
});

function withStatus(
  state: SettlementPosition,
  creditor: string,
  change: Pick<DueObligation, 'status'> & Partial<Pick<DueObligation, 'report'>>,
): SettlementPosition {
  const obligation = state.obligations.get(creditor);
  return obligation ? withObligation(state, creditor, { ...obligation, ...change }) : state;
}
