import type { PaymentRequestData, SplitTransfer } from '@tongbao/contracts';

/** What to sell to whom. The platform is the client's own. */
export type PaymentOrder = Omit<PaymentRequestData, 'platformId'>;

export type PaymentMethodChoice = PaymentRequestData['method'];

/** A payment as the hub answers. */
export interface Payment {
  paymentId: string;
  platformId: string;
  orderId: string;
  /** requested, reserved, pending, unknown, authorized, captured, refunded, declined, expired, cancelled, conflicted. */
  status: string;
  amountMinor: number;
  currency: string;
  refundedMinor: number;
  /** ISO 8601. */
  requestedAt: string;
  expiresAt: string;
  /** Why it was declined. */
  code?: string;
  items: PaymentRequestData['items'];
  agreements: { agreementId: string; version: number }[];
  split: SplitTransfer[];
  attempts: PaymentAttempt[];
  refunds: { refundId: string; amountMinor: number; status: string; code?: string }[];
  settlements: { settlementId: string; windowId: string }[];
}

export interface PaymentAttempt {
  attempt: number;
  provider: string;
  status: string;
  code?: string;
  /** What the payer must do: open a page, scan a code, confirm in an app. */
  action?: { kind: string; value: string };
}

/** A row of a list of payments. */
export interface PaymentSummary {
  paymentId: string;
  orderId: string;
  status: string;
  amountMinor: number;
  currency: string;
  [detail: string]: unknown;
}

export interface PaymentQuery {
  status?: string;
  /** Requested at or after; ISO 8601. */
  from?: string;
  /** Requested before. */
  to?: string;
  limit?: number;
  cursor?: string;
  /** Log position that the answer must reflect. */
  atLeast?: string;
}

export interface RefundRequest {
  amountMinor: number;
  currency: string;
  /** Made from the idempotency key when left out. */
  refundId?: string;
  reason?: string;
}

export interface TopUpRequest {
  amountMinor: number;
  currency: string;
  method: PaymentMethodChoice;
}

export interface TopUp {
  topUpId: string;
  userId: string;
  status: string;
  amountMinor: number;
  currency: string;
  code?: string;
}

/** Where webhooks go. */
export interface WebhookEndpoint {
  endpointId: string;
  platformId: string;
  url: string;
  eventTypes: string[];
  description: string;
  status: string;
  /** Told where it was made: on registration and rotation. */
  secret?: string;
}

/** A public key that is registered for the platform. */
export interface RegisteredKey {
  platformId: string;
  kid: string;
  /** How signatures name it: `keyid` over HTTP, `kid` over Kafka. */
  keyId: string;
  jwk: { kty: string; crv: string; x: string };
  state: 'valid' | 'pending' | 'expired' | 'revoked';
  validFrom?: string;
  expiresAt?: string;
}

export interface Page<T> {
  items: T[];
  /** The cursor of the next page, while there is one. */
  next?: string;
}
