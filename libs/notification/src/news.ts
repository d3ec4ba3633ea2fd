import { createHash } from 'node:crypto';
import type { CapUseChangedMessage, PaymentMessage, SettlementMessage } from '@tongbao/contracts';

/** Public names of what platforms are told: the `type` of webhooks and of server-sent events. */
export const newsTypes = [
  'payment.action_required',
  'payment.captured',
  'payment.declined',
  'payment.expired',
  'payment.cancelled',
  'payment.conflicted',
  'payment.refunded',
  'payment.settled',
  'refund.declined',
  'dispute.opened',
  'dispute.closed',
  'settlement.status',
  'payout.status',
  'withdrawal.status',
  'obligation.status',
  'cap.use',
  'endpoint.disabled',
] as const;

export type NewsType = (typeof newsTypes)[number];

/** One thing that one platform is told. */
export interface NewsItem {
  /** Of the message that it comes from; the same when the bus delivers that message again. */
  messageId: string;
  platformId: string;
  type: NewsType;
  /** The payment, settlement, payout or endpoint it is about. */
  subject: string;
  /** When it happened; ISO 8601 in UTC. */
  occurredAt: string;
  data: Record<string, unknown>;
  /** The trace that the message came with; never told to others but as the header of a webhook. */
  traceparent?: string;
}

/**
 * Fact of the stream `news-main`: what came over the bus and is now in notification's own hands. Its place in the stream is the place from
 * which server-sent events resume and where a delivery finds its payload; the bus need not keep the message any longer.
 */
export interface NewsReceived {
  type: 'NewsReceived';
  items: NewsItem[];
}

export const newsStream = 'news-main';

/** Where an item is: the revision of its NewsReceived, and its place in that. */
export interface NewsReference {
  revision: number;
  index: number;
}

/** The body of a webhook and the data of a server-sent event. Equal for every attempt, as the keys keep their stored order. */
export const newsBody = ({ type, occurredAt, data }: NewsItem): string => JSON.stringify({ type, timestamp: occurredAt, data });

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** 20 bytes of SHA-256 in lower-case base32, 32 characters. */
export function hashId(prefix: string, ...parts: string[]): string {
  const digest = createHash('sha256').update(parts.join('\n')).digest().subarray(0, 20);
  let text = prefix;
  for (let bit = 0; bit < 160; bit += 5) {
    const pair = ((digest[bit >>> 3] ?? 0) << 8) | (digest[(bit >>> 3) + 1] ?? 0);
    text += base32.charAt((pair >>> (11 - (bit & 7))) & 31);
  }
  return text;
}

type Told = Exclude<PaymentMessage, { type: 'CommandRefused' }>;

const paymentNews: Record<Told['type'], NewsType> = {
  PayerActionRequired: 'payment.action_required',
  PaymentCaptured: 'payment.captured',
  PaymentDeclined: 'payment.declined',
  PaymentExpired: 'payment.expired',
  PaymentCancelled: 'payment.cancelled',
  CaptureConflicted: 'payment.conflicted',
  PaymentRefunded: 'payment.refunded',
  RefundDeclined: 'refund.declined',
  DisputeOpened: 'dispute.opened',
  DisputeClosed: 'dispute.closed',
  PaymentSettled: 'payment.settled',
};

/** What names a message of the bus. */
export interface Origin {
  id: string;
  time: string;
}

/** What a message of `tongbao.payment.events` tells its platform. A refused command is answered to whoever sent it, and is no news. */
export function newsOfPayment(origin: Origin, message: PaymentMessage): NewsItem[] {
  if (message.type === 'CommandRefused') return [];
  const { type, ...data } = message;
  return [itemOf(origin, data.platformId, paymentNews[type], data.paymentId, data)];
}

/** What a message of `tongbao.settlement.events` tells platforms. None learns who else takes part. */
export function newsOfSettlement(origin: Origin, message: SettlementMessage): NewsItem[] {
  switch (message.type) {
    case 'SettlementStatusChanged': {
      const { settlementId, currency, status } = message;
      return platformsOf(message.parties).map((platformId) =>
        itemOf(origin, platformId, 'settlement.status', settlementId, { settlementId, currency, status }),
      );
    }
    case 'PayoutStatusChanged': {
      const { payoutId, settlementId, party, direction, amountMinor, currency, status } = message;
      const data = { payoutId, settlementId, party, direction, amountMinor, currency, status };
      return platformsOf([party]).map((platformId) => itemOf(origin, platformId, 'payout.status', payoutId, data));
    }
    case 'WithdrawalStatusChanged': {
      const { withdrawalId, account, amountMinor, currency, status, requestedBy = '' } = message;
      const data = { withdrawalId, account, amountMinor, currency, status };
      // Who asked for it, and whose prefunded money it is.
      const concerned = [requestedBy, account.replace(/^liquidity:/, '')];
      return platformsOf(concerned).map((platformId) => itemOf(origin, platformId, 'withdrawal.status', withdrawalId, data));
    }
    case 'ObligationStatusChanged': {
      const { obligationId, settlementId, debtor, creditor, amountMinor, currency, status } = message;
      const data = { obligationId, settlementId, debtor, creditor, amountMinor, currency, status };
      return platformsOf([debtor, creditor]).map((platformId) => itemOf(origin, platformId, 'obligation.status', obligationId, data));
    }
    case 'PaymentSideSettled': // PaymentSettled says it to the platform of the payment
    case 'WindowClosed':
      return [];
    default:
      return message satisfies never;
  }
}

/** How near a platform is to its net debit cap, for itself alone. */
export function newsOfCap(origin: Origin, message: CapUseChangedMessage): NewsItem[] {
  const { party, currency, percent, previousPercent, usedMinor, limitMinor } = message;
  const data = { party, currency, percent, previousPercent, usedMinor, limitMinor };
  return platformsOf([party]).map((platformId) => itemOf(origin, platformId, 'cap.use', party, data));
}

function itemOf({ id, time }: Origin, platformId: string, type: NewsType, subject: string, data: Record<string, unknown>): NewsItem {
  return { messageId: id, platformId, type, subject, occurredAt: time, data };
}

const platformPrefix = 'platform:';

const platformsOf = (parties: readonly string[]): string[] =>
  [...new Set(parties)].filter((party) => party.startsWith(platformPrefix)).map((party) => party.slice(platformPrefix.length));
