import type { CurrencyCode, Id, OwnId, PaymentId, Timestamp } from './values.js';

/**
 * Commands of platforms on `tongbao.payment.commands`: the payload that the platform signs. The data is the body of the same command over HTTP,
 * with the payment's id where HTTP has it in the path, and has the same limits and the same refusals.
 */
export type PlatformCommand = RequestPayment | CapturePayment | CancelPayment | RefundPayment;

/** What every command says of itself, under the signature. */
export interface PlatformCommandHead {
  /** Chosen by the platform, once for each command: the same id with the same content takes effect once. As the Idempotency-Key over HTTP. */
  commandId: CommandKey;
  /** Who commands; the signing key must be this platform's. */
  platformId: Id;
  /** When the platform signed it; too old or too far ahead is refused. */
  issuedAt: Timestamp;
}

/**
 * Up to 255 printable ASCII characters without a space.
 *
 * @pattern ^[!-~]{1,255}$
 */
export type CommandKey = string;

/** POST /v1/payments. The same order of the same platform is one payment, however often it is requested. */
export interface RequestPayment extends PlatformCommandHead {
  type: 'RequestPayment';
  data: PaymentRequestData;
}

/** POST /v1/payments/{paymentId}/capture: captures what was authorized. */
export interface CapturePayment extends PlatformCommandHead {
  type: 'CapturePayment';
  data: CapturePaymentData;
}

/** POST /v1/payments/{paymentId}/cancel: before capture; what was paid meanwhile wins. */
export interface CancelPayment extends PlatformCommandHead {
  type: 'CancelPayment';
  data: CancelPaymentData;
}

/** POST /v1/payments/{paymentId}/refunds: a part or the whole; several refunds never pass what was captured. */
export interface RefundPayment extends PlatformCommandHead {
  type: 'RefundPayment';
  data: RefundPaymentData;
}

export interface PaymentRequestData {
  /** The seller: the platform that commands. */
  platformId: Id;
  orderId: OwnId;
  payer: RequestedPayer;
  /**
   * @minItems 1
   * @maxItems 50
   */
  items: RequestedItem[];
  /**
   * The sum of unitPriceMinor times quantity.
   *
   * @asType integer
   * @minimum 0
   * @maximum 1000000000000
   */
  amountMinor: number;
  currency: CurrencyCode;
  method: RequestedMethod;
  /** Platform that processes the payment; the seller when left out. */
  processorId?: Id;
  /** Platform that referred the payer. */
  referrerId?: Id;
  /** Who takes the money in; hub when left out. */
  collection?: 'hub' | 'platform';
  /** `manual`: authorize, capture by a command. */
  captureMode?: 'automatic' | 'manual';
  expiresAt?: Timestamp;
}

export interface RequestedPayer {
  /** The user at the hub. */
  userId: Id;
}

export interface RequestedItem {
  contentId: OwnId;
  /**
   * Price of one, in minor units.
   *
   * @asType integer
   * @minimum 0
   * @maximum 1000000000000
   */
  unitPriceMinor: number;
  /**
   * @asType integer
   * @minimum 1
   * @maximum 100000
   */
  quantity: number;
  /** Platform that owns the content; the seller when left out. */
  ownerId?: Id;
  /**
   * @maxItems 20
   */
  creators?: RequestedCreator[];
  agreementId: Id;
}

export interface RequestedCreator {
  creatorId: Id;
  /**
   * Weight among the creators of the item.
   *
   * @asType integer
   * @minimum 1
   * @maximum 1000000
   */
  share: number;
}

export interface RequestedMethod {
  /**
   * A provider of the hub, or `wallet`.
   *
   * @minLength 1
   * @maxLength 32
   * @pattern ^[a-z][a-z0-9]*$
   */
  provider: string;
  /**
   * The provider's token; for the sandbox the script of its behaviour.
   *
   * @minLength 1
   * @maxLength 200
   */
  token?: string;
}

export interface CapturePaymentData {
  paymentId: PaymentId;
}

export interface CancelPaymentData {
  paymentId: PaymentId;
  /**
   * @minLength 1
   * @maxLength 200
   */
  reason?: string;
}

export interface RefundPaymentData {
  paymentId: PaymentId;
  /** Made from the command's id when left out. */
  refundId?: Id;
  /**
   * Integer of minor units.
   *
   * @asType integer
   * @minimum 1
   * @maximum 1000000000000
   */
  amountMinor: number;
  currency: CurrencyCode;
  /**
   * @minLength 1
   * @maxLength 200
   */
  reason?: string;
}
