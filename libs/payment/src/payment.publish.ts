import {
  platformEventsTopic,
  topics,
  type CommandEvent,
  type CommandRefused,
  type LedgerCommand,
  type PaymentEvent,
  type PaymentMessage,
  type PaymentReference,
  type PlatformMessage,
} from '@tongbao/contracts';
import type { OutgoingMessage, Publisher } from '@tongbao/bus';
import type { StoredEvent } from '@tongbao/event-store';
import { holdIdOf } from './payment.js';

/** What the payment service tells others: holds to the ledger, news to everyone who may know. Pure. */
export const paymentPublisher: Publisher = {
  service: 'payment',
  categories: ['payment', 'command'],
  publish: ({ event }: StoredEvent) => [...ledgerCommands(event as PaymentEvent), ...news(event as PaymentEvent | CommandEvent)],
};

function ledgerCommands(event: PaymentEvent): OutgoingMessage[] {
  if (event.type !== 'PaymentRequested' || event.reservations.length === 0) return [];
  const command: LedgerCommand = {
    type: 'PlaceHold',
    holdId: holdIdOf(event.paymentId),
    currency: event.currency,
    reservations: event.reservations,
    purpose: 'payment',
    ref: event.paymentId,
  };
  return [{ topic: topics.ledgerCommands, key: event.paymentId, type: command.type, data: command }];
}

/** What everybody may know who reads the hub's events; and to the platform itself also what answers its commands. */
function news(event: PaymentEvent | CommandEvent): OutgoingMessage[] {
  const message = event.type === 'CommandAccepted' ? undefined : messageOf(event);
  const told = message ?? answerOf(event);
  if (!told) return [];
  const { type, commandKey } = told;
  const outgoing = { key: keyOf(told), type, data: told, ...(commandKey !== undefined && { causationId: commandKey }) };
  return [...(message ? [{ topic: topics.paymentEvents, ...outgoing }] : []), { topic: platformEventsTopic(told.platformId), ...outgoing }];
}

/** Everything about a payment is in order; a refusal that names none has its own place. */
function keyOf(message: PlatformMessage): string {
  if (message.type === 'CommandRefused') return message.subject ?? message.commandId;
  return message.paymentId;
}

/** What is of no interest to anybody but the platform that commands over Kafka. */
function answerOf(event: PaymentEvent | CommandEvent): PlatformMessage | undefined {
  if (event.type === 'CommandAccepted') return event;
  if (event.type !== 'PaymentAuthorized') return undefined;
  const { type, paymentId, platformId, orderId, commandKey } = event;
  return paymentId && platformId && orderId ? { type, paymentId, platformId, orderId, ...(commandKey && { commandKey }) } : undefined;
}

/** The public form of an event: what names the payment to its platform and what became of it, not how. */
export function messageOf(event: PaymentEvent | CommandRefused): PaymentMessage | undefined {
  switch (event.type) {
    case 'PayerActionRequired':
      return { type: event.type, ...referenceOf(event), action: event.action };
    case 'PaymentCaptured':
      return {
        type: event.type,
        ...referenceOf(event),
        amountMinor: event.amountMinor,
        currency: event.currency,
        provider: event.provider,
      };
    case 'ConflictResolved':
      if (event.resolution === 'refunded') return { type: 'PaymentDeclined', ...referenceOf(event), code: 'conflict_refunded' };
      return {
        type: 'PaymentCaptured',
        ...referenceOf(event),
        amountMinor: event.amountMinor,
        currency: event.currency,
        provider: event.provider,
      };
    case 'PaymentDeclined':
      return { type: event.type, ...referenceOf(event), code: event.code };
    case 'PaymentExpired':
    case 'CaptureConflicted':
      return { type: event.type, ...referenceOf(event) };
    case 'PaymentCancelled':
      return { type: event.type, ...referenceOf(event), reason: event.reason };
    case 'PaymentRefunded':
      return {
        type: event.type,
        ...referenceOf(event),
        refundId: event.refundId,
        amountMinor: event.amountMinor,
        currency: event.currency,
        refundedMinor: event.refundedMinor,
      };
    case 'RefundDeclined':
      return { type: event.type, ...referenceOf(event), refundId: event.refundId, code: event.code };
    case 'DisputeOpened':
      return {
        type: event.type,
        ...referenceOf(event),
        disputeId: event.disputeId,
        amountMinor: event.amountMinor,
        currency: event.currency,
        reason: event.reason,
      };
    case 'DisputeClosed':
      return {
        type: event.type,
        ...referenceOf(event),
        disputeId: event.disputeId,
        outcome: event.outcome,
        lostMinor: event.lostMinor,
        currency: event.currency,
      };
    case 'PaymentSettled':
      return { type: event.type, ...referenceOf(event), settlementId: event.settlementId, windowId: event.windowId, sides: event.sides };
    case 'CommandRefused':
      return event;
    default:
      return undefined;
  }
}

const referenceOf = ({ paymentId, platformId, orderId, commandKey }: PaymentReference): PaymentReference => ({
  paymentId,
  platformId,
  orderId,
  ...(commandKey && { commandKey }),
});
