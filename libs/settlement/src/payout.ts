import type { AccountRoute, PayoutEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';

/** A payout or collection as its own stream tells it. */
export type PayoutState = { status: 'none' } | Payout;

export type PayoutStatus =
  | 'requested'
  | 'held'
  | 'refused'
  | 'awaiting_proof'
  | 'awaiting_funds'
  | 'awaiting_account'
  | 'instructed'
  | 'confirmed'
  | 'failed'
  | 'returned'
  | 'carried';

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
  /** Lines that named it, were refused, and that nobody has named since. */
  refusedLines?: readonly string[];
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

/** What a gross settlement collects from a party whose payout is the other one. What tells ids apart stands in front: a party's name may end in anything. */
export const collectionIdOf = (settlementId: string, party: string): string => `collection_${payoutIdOf(settlementId, party)}`;

/** A hold is used once, so each ask has its own: `hold_<id>`, then `hold2_<id>`. */
export const holdIdOf = (id: string, ask: number): string => `hold${ask === 1 ? '' : ask}_${id}`;

export const payoutAccountOf = ({ accountNumber, holder, route }: PayoutAccount): PayoutAccount => ({
  accountNumber,
  holder,
  ...(route && { route }),
});

/** Instructed to another account than it was asked for; of the one before nothing stays, no way to it either. */
export function withAccount<T extends PayoutAccount>(order: T, account: PayoutAccount): T {
  const instructed = { ...order, ...payoutAccountOf(account) };
  if (!account.route) delete instructed.route;
  return instructed;
}

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
    case 'PayoutAwaitingAccount':
      return { ...state, status: 'awaiting_account' };
    case 'PayoutInstructed':
      return { ...withAccount(state, event), status: 'instructed', attempt: event.attempt };
    case 'PayoutConfirmed':
      return { ...state, status: 'confirmed', lineId: event.lineId };
    case 'PayoutFailed':
      return { ...state, status: 'failed', ...(event.by !== undefined && { declaredBy: event.by }) };
    case 'PayoutReturned':
      return { ...state, status: 'returned', returnLineId: event.lineId };
    case 'PayoutLineRefused':
      return { ...state, refusedLines: [...(state.refusedLines ?? []), event.lineId] };
    case 'PayoutCarried':
      return { ...state, status: 'carried' };
    default:
      return event satisfies never;
  }
}
