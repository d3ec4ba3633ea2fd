import type { OutgoingMessage, Publisher } from '@tongbao/bus';
import {
  topics,
  account,
  type LedgerCommand,
  type PayoutEvent,
  type PositionEvent,
  type SettlementEvent,
  type SettlementMessage,
} from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { drawRefOf } from './liquidity-draws.js';
import { isPayoutFact, isPositionFact, isSettlementFact, isWindowFact, isWithdrawalFact } from './facts.js';
import { withdrawalMessages } from './withdrawal.publish.js';

/** What settlement tells the others, and the holds that it asks the ledger for. */
export const settlementPublisher: Publisher = {
  service: 'settlement',
  categories: ['window', 'settlement', 'payout', 'withdrawal', 'position'],
  publish(stored: StoredEvent): OutgoingMessage[] {
    if (isPayoutFact(stored)) return payoutMessages(stored.event);
    if (isSettlementFact(stored)) return settlementMessages(stored.event);
    if (isWithdrawalFact(stored)) return withdrawalMessages(stored.event);
    if (isPositionFact(stored)) return positionMessages(stored.event);
    if (!isWindowFact(stored) || stored.event.type !== 'WindowClosed') return [];
    const { windowId, currency, closedAt } = stored.event;
    return [news(windowId, { type: 'WindowClosed', windowId, currency, closedAt })];
  },
};

const news = (key: string, message: SettlementMessage): OutgoingMessage => outgoing(topics.settlementEvents, key, message);

const ledgerCommand = (command: LedgerCommand): OutgoingMessage => outgoing(topics.ledgerCommands, command.holdId, command);

/** A message's data is the message as the contract has it, its type included. */
function outgoing(topic: string, key: string, message: SettlementMessage | LedgerCommand): OutgoingMessage {
  return { topic, key, type: message.type, data: message };
}

function settlementMessages(event: SettlementEvent): OutgoingMessage[] {
  const { settlementId } = event;
  const status = (name: string, currency: string, parties: readonly { party: string }[] = []): OutgoingMessage[] => [
    news(settlementId, {
      type: 'SettlementStatusChanged',
      settlementId,
      currency,
      status: name,
      parties: parties.map(({ party }) => party),
    }),
  ];
  switch (event.type) {
    case 'SettlementRequested':
      return status('requested', event.currency);
    // One of very many parties is told in several messages, each of some of them.
    case 'SettlementPartiesCalculated':
    case 'SettlementCalculated':
      return status('calculated', event.currency, event.parties);
    case 'SettlementMismatched':
      return status('mismatched', event.currency, event.differences);
    case 'SettlementComparisonAsked':
      return status('calculated', event.currency);
    case 'SettlementVerified':
      return status('verified', event.currency);
    // Rates that are locked show in the payouts; who waits for one shows to operators.
    case 'FxRatesLocked':
    case 'FxRatesAwaited':
      return [];
    case 'SettlementApproved':
      return status('approved', event.currency);
    case 'SettlementAborted':
      return status('aborted', event.currency);
    case 'SettlementPaying':
      return status('paying', event.currency);
    case 'SettlementPartiesSettled':
    case 'SettlementSettled':
      return status('settled', event.currency, event.parties);
    case 'PaymentSidesSettled': {
      const { windowId } = event;
      return event.payments.map(({ paymentId, sides }) =>
        news(paymentId, { type: 'PaymentSideSettled', paymentId, settlementId, windowId, sides }),
      );
    }
    case 'PaymentsMarked':
      return [];
    default:
      return event satisfies never;
  }
}

const payoutStatuses: Record<Exclude<PayoutEvent['type'], 'PayoutLineRefused'>, string> = {
  PayoutRequested: 'requested',
  PayoutHeld: 'held',
  PayoutRefused: 'refused',
  PayoutAwaitingProof: 'awaiting_proof',
  PayoutAwaitingFunds: 'awaiting_funds',
  PayoutAwaitingAccount: 'awaiting_account',
  PayoutInstructed: 'instructed',
  PayoutConfirmed: 'confirmed',
  PayoutFailed: 'failed',
  PayoutReturned: 'returned',
  PayoutCarried: 'carried',
};

/** A line that was refused is the hub's own affair. */
function payoutMessages(event: PayoutEvent): OutgoingMessage[] {
  if (event.type === 'PayoutLineRefused') return [];
  const { payoutId, settlementId, party, direction, amountMinor, currency } = event;
  const about = { payoutId, settlementId, party, direction, amountMinor, currency };
  const status = news(payoutId, { type: 'PayoutStatusChanged', ...about, status: payoutStatuses[event.type] });
  if (event.type !== 'PayoutRequested' || event.holdId === undefined) return [status];
  // The ledger's leave: the amount is held on the party's account. The ledger itself ends the hold by the facts that follow.
  const reservations = [{ account: party, amountMinor }];
  return [ledgerCommand({ type: 'PlaceHold', holdId: event.holdId, purpose: 'payout', ref: payoutId, currency, reservations }), status];
}

const obligationStatuses = {
  ObligationDue: 'due',
  ObligationReported: 'reported',
  ObligationReportRejected: 'due',
  ObligationPaid: 'paid',
  ObligationCarried: 'carried',
} as const;

function positionMessages(event: PositionEvent): OutgoingMessage[] {
  switch (event.type) {
    case 'ObligationDue':
    case 'ObligationReported':
    case 'ObligationReportRejected':
    case 'ObligationPaid':
    case 'ObligationCarried': {
      const { obligationId, settlementId, party: debtor, creditor, amountMinor, currency } = event;
      if (obligationId === undefined) return [];
      const about = { obligationId, settlementId, debtor, creditor, amountMinor, currency };
      return [news(obligationId, { type: 'ObligationStatusChanged', ...about, status: obligationStatuses[event.type] })];
    }
    case 'LiquidityDrawRequested': {
      // The ledger's leave: there must be so much. The ledger itself ends the hold by the fact that follows.
      const { holdId, party, amountMinor, currency } = event;
      const reservations = [{ account: account.liquidity(party), amountMinor }];
      const hold = { holdId, purpose: 'payout' as const, ref: drawRefOf(party), currency, reservations };
      return [ledgerCommand({ type: 'PlaceHold', ...hold, paysDebt: true })];
    }
    case 'ExchangeFundsRequested': {
      // What is sold must still be there when it is exchanged. It pays what the party has earned: no debit of its net.
      const { holdId, party, amountMinor, currency } = event;
      const reservations = [{ account: party, amountMinor }];
      const hold = { holdId, purpose: 'payout' as const, ref: drawRefOf(party), currency, reservations };
      // It leaves the hub for nobody: the cash of that currency may have been spent already, on what is bought.
      return [ledgerCommand({ type: 'PlaceHold', ...hold, staysInHub: true })];
    }
    case 'ExchangeRequested': {
      // What is bought must be covered by cash of its currency before the party has it: else nobody could be paid in that currency any more.
      const { holdId, party, bought } = event;
      const reservations = [{ account: account.fx, amountMinor: bought.amountMinor }];
      const hold = { holdId, purpose: 'payout' as const, ref: drawRefOf(party), currency: bought.currency, reservations };
      return [ledgerCommand({ type: 'PlaceHold', ...hold })];
    }
    default:
      return [];
  }
}
