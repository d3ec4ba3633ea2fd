import type { OutgoingMessage } from '@tongbao/bus';
import { topics, type PlaceHold, type WithdrawalEvent, type WithdrawalStatusChanged } from '@tongbao/contracts';

const statuses: Record<Exclude<WithdrawalEvent['type'], 'WithdrawalLineRefused'>, string> = {
  WithdrawalRequested: 'requested',
  WithdrawalHeld: 'held',
  WithdrawalRefused: 'refused',
  WithdrawalApproved: 'approved',
  WithdrawalAwaitingFunds: 'awaiting_funds',
  WithdrawalAwaitingAccount: 'awaiting_account',
  WithdrawalInstructed: 'instructed',
  WithdrawalConfirmed: 'confirmed',
  WithdrawalFailed: 'failed',
  WithdrawalReturned: 'returned',
  WithdrawalCancelled: 'cancelled',
};

/** What becomes of withdrawals, and the holds that the ledger is asked for. The ledger itself ends a hold by the facts that follow. */
export function withdrawalMessages(event: WithdrawalEvent): OutgoingMessage[] {
  if (event.type === 'WithdrawalLineRefused') return [];
  const { withdrawalId, account, amountMinor, currency, requestedBy } = event;
  const message: WithdrawalStatusChanged = {
    type: 'WithdrawalStatusChanged',
    ...{ withdrawalId, account, amountMinor, currency },
    ...(requestedBy !== undefined && { requestedBy }),
    status: statuses[event.type],
  };
  const status = { topic: topics.settlementEvents, key: withdrawalId, type: message.type, data: message };
  if (event.type !== 'WithdrawalRequested') return [status];
  const hold: PlaceHold = {
    type: 'PlaceHold',
    holdId: event.holdId,
    purpose: 'payout',
    ref: withdrawalId,
    currency,
    reservations: [{ account, amountMinor }],
  };
  return [{ topic: topics.ledgerCommands, key: hold.holdId, type: hold.type, data: hold }, status];
}
