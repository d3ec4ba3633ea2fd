import type { WithdrawalEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import { payoutAccountOf, withAccount, type PayoutAccount } from './payout.js';

/** A withdrawal as its own stream tells it. */
export type WithdrawalState = { status: 'none' } | Withdrawal;

export type WithdrawalStatus =
  | 'requested'
  | 'held'
  | 'refused'
  | 'awaiting_funds'
  | 'awaiting_account'
  | 'instructed'
  | 'confirmed'
  | 'failed'
  | 'returned'
  | 'cancelled';

export interface Withdrawal extends WithdrawalTerms {
  status: WithdrawalStatus;
  /** How often it was asked for: each time under another hold. */
  asks: number;
  /** The hold of the newest ask. */
  holdId: string;
  /** Nothing is instructed before somebody, or the settings, gave leave. */
  approvedBy?: string;
  /** Instructions so far. */
  attempt: number;
  lineId?: string;
  returnLineId?: string;
  /** Who said that the bank never will carry it out, where nobody but an operator says so. */
  declaredBy?: string;
  /** Lines that named it, were refused, and that nobody has named since. */
  refusedLines?: readonly string[];
}

/** Money that leaves by the bank from an account that is no party's position. */
export interface WithdrawalTerms extends PayoutAccount {
  withdrawalId: string;
  /** `user:<id>:wallet`, `liquidity:<party>` or `hub:fees`. */
  account: string;
  amountMinor: number;
  currency: string;
  bank: string;
  requestedBy: string;
}

const prefix = 'wdr_';

/** Of the command that asks for it: the same command again is the same withdrawal. */
export const withdrawalIdOf = (commandId: string): string => `${prefix}${commandId.replace(/^cmd_/, '').slice(0, 20)}`;

/** Tells the key of a withdrawal from that of a payout, which begins with its settlement. */
export const isWithdrawalId = (key: string): boolean => key.startsWith(prefix);

export const withdrawalStream = (withdrawalId: string): string => `withdrawal-${withdrawalId}`;

export const withdrawalFold: Fold<WithdrawalState, WithdrawalEvent> = { initial: { status: 'none' }, evolve };

function evolve(state: WithdrawalState, event: WithdrawalEvent): WithdrawalState {
  if (event.type === 'WithdrawalRequested') {
    const { withdrawalId, account, amountMinor, currency, bank, requestedBy, holdId } = event;
    const terms = { withdrawalId, account, amountMinor, currency, bank, requestedBy, ...payoutAccountOf(event) };
    if (state.status === 'none') return { ...terms, status: 'requested', asks: 1, attempt: 0, holdId };
    const { asks, attempt, approvedBy } = state;
    return { ...terms, status: 'requested', asks: asks + 1, attempt, holdId, ...(approvedBy !== undefined && { approvedBy }) };
  }
  if (state.status === 'none') throw new Error(`${event.type} of ${event.withdrawalId} without a WithdrawalRequested before it`);
  switch (event.type) {
    case 'WithdrawalHeld':
      return { ...state, status: 'held' };
    case 'WithdrawalRefused':
      return { ...state, status: 'refused' };
    case 'WithdrawalApproved':
      return { ...state, approvedBy: event.by };
    case 'WithdrawalAwaitingFunds':
      return { ...state, status: 'awaiting_funds' };
    case 'WithdrawalAwaitingAccount':
      return { ...state, status: 'awaiting_account' };
    case 'WithdrawalInstructed': {
      const { accountNumber, holder, route } = event;
      const instructed = { ...state, status: 'instructed' as const, attempt: event.attempt };
      // The first release did not say it.
      if (accountNumber === undefined || holder === undefined) return instructed;
      return withAccount(instructed, { accountNumber, holder, ...(route && { route }) });
    }
    case 'WithdrawalConfirmed':
      return { ...state, status: 'confirmed', lineId: event.lineId };
    case 'WithdrawalFailed':
      return { ...state, status: 'failed', ...(event.by !== undefined && { declaredBy: event.by }) };
    case 'WithdrawalReturned':
      return { ...state, status: 'returned', returnLineId: event.lineId };
    case 'WithdrawalLineRefused':
      return { ...state, refusedLines: [...(state.refusedLines ?? []), event.lineId] };
    case 'WithdrawalCancelled':
      return { ...state, status: 'cancelled' };
    default:
      return event satisfies never;
  }
}
