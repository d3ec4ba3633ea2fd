/** What a provider says of an attempt. `unknown` is never a failure: it is asked again. */
export type AttemptOutcome =
  | { kind: 'captured'; providerRef: string; amountMinor: number; currency: string }
  | { kind: 'authorized'; providerRef: string }
  | { kind: 'action_required'; action: { kind: 'redirect' | 'qr' | 'app'; value: string } }
  | { kind: 'declined'; code: string }
  | { kind: 'closed' }
  /** The provider has never seen the key: the call did not reach it. */
  | { kind: 'not_found' }
  | { kind: 'unknown'; reason: string };

export type RefundOutcome =
  | { kind: 'refunded'; providerRef: string }
  | { kind: 'declined'; code: string }
  | { kind: 'not_found' }
  | { kind: 'unknown'; reason: string };

export interface PayRequest {
  /** Deterministic and at most 32 characters: a repetition meets the first call. */
  key: string;
  amountMinor: number;
  currency: string;
  token?: string;
  /** false: authorize only. */
  capture: boolean;
}

export interface ProviderRefundRequest {
  key: string;
  paymentKey: string;
  amountMinor: number;
  currency: string;
}

/** A connector to a payment provider. Its methods reject only when the provider cannot be reached or does not answer in time: unknown. */
export interface Provider {
  readonly name: string;
  /** Whether it can authorize first and capture later. */
  readonly authorizes: boolean;
  pay(request: PayRequest, signal: AbortSignal): Promise<AttemptOutcome>;
  query(key: string, signal: AbortSignal): Promise<AttemptOutcome>;
  capture(key: string, signal: AbortSignal): Promise<AttemptOutcome>;
  /** Makes an attempt no longer payable; answers what has become of it (`closed`, or `captured` when it came too late). */
  close(key: string, signal: AbortSignal): Promise<AttemptOutcome>;
  refund(request: ProviderRefundRequest, signal: AbortSignal): Promise<RefundOutcome>;
  queryRefund(key: string, signal: AbortSignal): Promise<RefundOutcome>;
  /**
   * Proves a notification by its signature over the raw bytes and reads the key that it is about. A notification is a hint: what it claims is
   * asked for.
   * @returns undefined when it is not the provider's
   */
  readNotification(headers: Record<string, string | string[] | undefined>, rawBody: Uint8Array): string | undefined;
}
