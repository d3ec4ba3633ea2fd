import { HttpExchange, type CallOptions, type ExchangeOptions } from './http-exchange.js';
import type { PublicKeyJwk } from '@tongbao/contracts';
import type {
  Page,
  Payment,
  PaymentMethodChoice,
  PaymentOrder,
  PaymentQuery,
  PaymentSummary,
  RefundRequest,
  RegisteredKey,
  TopUp,
  TopUpRequest,
  WebhookEndpoint,
} from './payments.js';
import type { PlatformKeyInput } from './platform-key.js';
import { RequestSigner } from './request-signer.js';

export interface TongbaoClientOptions extends Partial<ExchangeOptions> {
  /** Where the hub is, such as `https://pay.example.org`. */
  url: string;
  platformId: string;
  /** The platform's private key: a JWK, or a PEM. */
  key: PlatformKeyInput;
  /** How the hub knows the key; the JWK's own, or the key's thumbprint, when not given. */
  kid?: string;
}

/**
 * The hub's HTTP API for one platform: every request is signed, every command goes under an idempotency key, what failed for the moment is repeated.
 * All methods throw TongbaoRefusal when the hub refuses, and TongbaoUnavailable when it cannot be reached.
 */
export class TongbaoClient {
  readonly platformId: string;
  readonly #exchange: HttpExchange;

  constructor({ url, platformId, key, kid, retries = 5, timeoutMs = 35_000 }: TongbaoClientOptions) {
    this.platformId = platformId;
    this.#exchange = new HttpExchange(url, new RequestSigner(platformId, key, kid), { retries, timeoutMs });
  }

  /** Requests a payment for an order. The same order is one payment, however often it is requested. */
  createPayment(order: PaymentOrder, options?: CallOptions): Promise<Payment> {
    return this.post('/v1/payments', { ...order, platformId: this.platformId }, options);
  }

  /** What an order would split into; nothing is stored. */
  previewPayment(order: PaymentOrder, options?: CallOptions): Promise<Pick<Payment, 'amountMinor' | 'currency' | 'split'>> {
    return this.post('/v1/agreements/preview', { ...order, platformId: this.platformId }, options);
  }

  getPayment(paymentId: string): Promise<Payment> {
    return this.get(`/v1/payments/${encodeURIComponent(paymentId)}`);
  }

  /** The platform's payments, newest first, a page at a time. */
  listPayments(query: PaymentQuery = {}): Promise<Page<PaymentSummary> & { position: string }> {
    return this.get('/v1/payments', { ...query });
  }

  /** Another method after a decline. */
  startAttempt(paymentId: string, method: PaymentMethodChoice, options?: CallOptions): Promise<Payment> {
    return this.post(`/v1/payments/${encodeURIComponent(paymentId)}/attempts`, { method }, options);
  }

  /** Captures what was authorized. */
  capturePayment(paymentId: string, options?: CallOptions): Promise<Payment> {
    return this.post(`/v1/payments/${encodeURIComponent(paymentId)}/capture`, {}, options);
  }

  /** Cancels before capture; what was paid meanwhile wins. */
  cancelPayment(paymentId: string, reason?: string, options?: CallOptions): Promise<Payment> {
    return this.post(`/v1/payments/${encodeURIComponent(paymentId)}/cancel`, { ...(reason !== undefined && { reason }) }, options);
  }

  /** Refunds a part or the whole. */
  refundPayment(paymentId: string, refund: RefundRequest, options?: CallOptions): Promise<Payment> {
    return this.post(`/v1/payments/${encodeURIComponent(paymentId)}/refunds`, refund, options);
  }

  topUpWallet(userId: string, topUp: TopUpRequest, options?: CallOptions): Promise<TopUp> {
    return this.post(`/v1/wallets/${encodeURIComponent(userId)}/top-ups`, topUp, options);
  }

  getTopUp(userId: string, topUpId: string): Promise<TopUp> {
    return this.get(`/v1/wallets/${encodeURIComponent(userId)}/top-ups/${encodeURIComponent(topUpId)}`);
  }

  /** Webhooks go to this URL from now on; the answer tells the secret that they are signed with, see `verifyWebhook`. */
  registerEndpoint(
    endpoint: { url: string; eventTypes?: string[]; description?: string },
    options?: CallOptions,
  ): Promise<WebhookEndpoint & { secret: string }> {
    return this.post('/v1/endpoints', endpoint, options);
  }

  listEndpoints(query: { limit?: number; cursor?: string } = {}): Promise<Page<WebhookEndpoint>> {
    return this.get('/v1/endpoints', query);
  }

  getEndpoint(endpointId: string): Promise<WebhookEndpoint> {
    return this.get(`/v1/endpoints/${encodeURIComponent(endpointId)}`);
  }

  /** A new signing secret; the old one signs as well until the overlap is over. */
  rotateEndpointSecret(endpointId: string, overlapHours?: number, options?: CallOptions): Promise<WebhookEndpoint & { secret: string }> {
    const body = overlapHours === undefined ? {} : { overlapHours };
    return this.post(`/v1/endpoints/${encodeURIComponent(endpointId)}/rotate-secret`, body, options);
  }

  disableEndpoint(endpointId: string, options?: CallOptions): Promise<WebhookEndpoint> {
    return this.post(`/v1/endpoints/${encodeURIComponent(endpointId)}/disable`, {}, options);
  }

  enableEndpoint(endpointId: string, options?: CallOptions): Promise<WebhookEndpoint> {
    return this.post(`/v1/endpoints/${encodeURIComponent(endpointId)}/enable`, {}, options);
  }

  /** Queues what the endpoint has missed since a time. Repeat with the answer's `next` while there is one. */
  redeliverEndpoint(
    endpointId: string,
    from: { from: string } | { next: number },
    options?: CallOptions,
  ): Promise<{ queued: number; next?: number }> {
    return this.post(`/v1/endpoints/${encodeURIComponent(endpointId)}/redeliver`, from, options);
  }

  removeEndpoint(endpointId: string, options?: CallOptions): Promise<void> {
    return this.#exchange.call('DELETE', `/v1/endpoints/${encodeURIComponent(endpointId)}`, undefined, options);
  }

  /** The platform's registered keys, those that count no more included. */
  listKeys(): Promise<Page<RegisteredKey>> {
    return this.get(this.#keys);
  }

  /** Registers the next key while this one still counts: the first step of a rotation. */
  registerKey(key: { jwk: PublicKeyJwk; validFrom?: string; expiresAt?: string }, options?: CallOptions): Promise<RegisteredKey> {
    return this.post(this.#keys, key, options);
  }

  /** At once and for good. */
  revokeKey(kid: string, options?: CallOptions): Promise<RegisteredKey> {
    return this.#exchange.call('DELETE', `${this.#keys}/${encodeURIComponent(kid)}`, undefined, options);
  }

  /** Any other path of the API that is open to platforms. */
  get<T>(path: string, query: object = {}, options?: Pick<CallOptions, 'signal'>): Promise<T> {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
    return this.#exchange.call('GET', given.size === 0 ? path : `${path}?${given.toString()}`, undefined, options);
  }

  /** Any other command of the API that is open to platforms. */
  post<T>(path: string, body: object, options?: CallOptions): Promise<T> {
    return this.#exchange.call('POST', path, body, options);
  }

  get #keys(): string {
    return `/v1/platforms/${encodeURIComponent(this.platformId)}/keys`;
  }
}
