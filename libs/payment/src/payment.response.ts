import type { PaymentRequested, SplitTransfer } from '@tongbao/contracts';
import type { Payment } from './payment.js';

/** A payment as callers see it. */
export interface PaymentResponse {
  paymentId: string;
  platformId: string;
  orderId: string;
  status: string;
  amountMinor: number;
  currency: string;
  refundedMinor: number;
  requestedAt: string;
  expiresAt: string;
  code?: string;
  items: PaymentRequested['items'];
  agreements: PaymentRequested['agreements'];
  split: SplitTransfer[];
  attempts: { attempt: number; provider: string; status: string; code?: string; action?: { kind: string; value: string } }[];
  refunds: { refundId: string; amountMinor: number; status: string; code?: string }[];
  disputes: { disputeId: string; amountMinor: number; status: string; lostMinor: number; reason: string }[];
  settlements: { settlementId: string; windowId: string }[];
}

export function toResponse(payment: Payment): PaymentResponse {
  const { order } = payment;
  return {
    paymentId: order.paymentId,
    platformId: order.platformId,
    orderId: order.orderId,
    status: payment.status,
    amountMinor: order.amountMinor,
    currency: order.currency,
    refundedMinor: payment.refundedMinor,
    requestedAt: order.requestedAt,
    expiresAt: order.expiresAt,
    ...(payment.declineCode && { code: payment.declineCode }),
    items: order.items,
    agreements: order.agreements,
    split: payment.capture?.split ?? order.split,
    attempts: payment.attempts.map(({ attempt, method, status, declineCode, action }) => ({
      attempt,
      provider: method.provider,
      status,
      ...(declineCode && { code: declineCode }),
      ...(action && status === 'action_required' && { action }),
    })),
    refunds: [...payment.refunds].map(([refundId, { amountMinor, status, code }]) => ({
      refundId,
      amountMinor,
      status,
      ...(code && { code }),
    })),
    disputes: [...payment.disputes].map(([disputeId, { amountMinor, status, lostMinor, reason }]) => ({
      disputeId,
      amountMinor,
      status,
      lostMinor,
      reason,
    })),
    settlements: [...payment.settled],
  };
}
