import type { AccountRoute, PayoutEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';

/** A payout or collection as its own stream tells it. */
export type PayoutState = { status: 'none' } | Payout;

export type PayoutStatus =
  'requested' | 'held' | 'refused' | 'awaiting_proof' | 'awaiting_funds' | 'instructed' | 'confirmed' | 'failed' | 'returned' | 'carried';

export interface Payout extends PayoutTerms {
  status: PayoutStatus;
  /** How often it was asked for: each time under another hold. */
  asks: number;
  /** The hold of the newest ask. */
  holdId?: string;
  /** Instructions so far. */
  attempt: number;
  /** The statement line that confirmed it. */
  lineId?: string;
  /** The statement line that took it back. */
  returnLineId?: string;
  /** Who said that the bank never will carry it out, where nobody but an operator says so. */
  declaredBy?: string;
}

/** Where the money of a payout goes to, or that of a collection comes from. */
export interface PayoutAccount {
  accountNumber: string;
  holder: string;
  route?: AccountRoute;
}

/** What does not change about it, but the account that the party has named. */
export interface PayoutTerms extends PayoutAccount {
  payoutId: string;
  settlementId: string;
  party: string;
  direction: 'payout' | 'collection';
  /** Positive, whichever way it goes. */
  amountMinor: number;
  currency: string;
  bank: string;
}

export const payoutStream = (payoutId: string): string => `payout-${payoutId}`;

/** One payout for each party of a settlement. The party's colon gives way to a dot, as banks allow few characters in a key. */
export const payoutIdOf = (settlementId: string, party: string): string => `${settlementId}_${party.replaceAll(':', '.')}`;

/** A hold is used once, so each ask has its own: `hold_<id>`, then `hold_<id>_2`. */
export const holdIdOf = (id: string, ask: number): string => (ask === 1 ? `hold_${id}` : `hold_${id}_${ask}`);

export const payoutAccountOf = ({ accountNumber, holder, route }: PayoutAccount): PayoutAccount => ({
  accountNumber,
  holder,
  ...(route && { route }),
});

export const payoutFold: Fold<PayoutState, PayoutEvent> = { initial: { status: 'none' }, evolve };

function evolve(state: PayoutState, event: PayoutEvent): PayoutState {
  if (event.type === 'PayoutRequested') {
    const { payoutId, settlementId, party, direction, amountMinor, currency, bank, holdId } = event;
    const terms: PayoutTerms = { payoutId, settlementId, party, direction, amountMinor, currency, bank, ...payoutAccountOf(event) };
    if (state.status === 'none') return { ...terms, status: 'requested', asks: 1, attempt: 0, ...(holdId && { holdId }) };
    const { asks, attempt } = state;
    return { ...terms, status: 'requested', asks: asks + 1, attempt, ...(holdId && { holdId }) };
  }
  if (state.status === 'none') throw new Error(`${event.type} of ${event.payoutId} without a PayoutRequested before it`);
  switch (event.type) {
    case 'PayoutHeld':
      return { ...state, status: 'held' };
    case 'PayoutRefused':
      return { ...state, status: 'refused' };
    case 'PayoutAwaitingProof':
      return { ...state, status: 'awaiting_proof' };
    case 'PayoutAwaitingFunds':
      return { ...state, status: 'awaiting_funds' };
    case 'PayoutInstructed':
      return { ...state, status: 'instructed', attempt: event.attempt };
    case 'PayoutConfirmed':
      return { ...state, status: 'confirmed', lineId: event.lineId };
    case 'PayoutFailed':
      return { ...state, status: 'failed', ...(event.by !== undefined && { declaredBy: event.by }) };
    case 'PayoutReturned':
      return { ...state, status: 'returned', returnLineId: event.lineId };
    case 'PayoutCarried':
      return { ...state, status: 'carried' };
    default:
      return event satisfies never;
  }
}
