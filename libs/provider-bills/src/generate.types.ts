import { createHash } from 'node:crypto';
import type { LineStatus, Movement, Provider } from './bill-line.js';
import type { BreakKind, Side } from './reconcile.types.js';

/** A payment or refund that a bill is made of. Amounts and fees are positive minor units; the fee of a refund is what of it comes back. */
export interface BilledMovement {
  readonly kind: 'payment' | 'refund';
  readonly key: string;
  /** Of a refund: the key of its payment. */
  readonly paymentKey?: string;
  /** The provider's number. Default: made of the key, the same every time. */
  readonly providerRef?: string;
  readonly amountMinor: number;
  readonly feeMinor: number;
  readonly currency: string;
  /** ISO 8601. Bills have whole seconds. */
  readonly at: string;
  readonly title?: string;
  /** Default: succeeded. */
  readonly status?: LineStatus;
}

/** What a bill is made wrong by. At most one error for a key in a bill. */
export type ChosenError =
  | { readonly error: 'missing'; readonly key: string }
  | { readonly error: 'extra'; readonly movement: BilledMovement }
  | { readonly error: 'amount' | 'fee'; readonly key: string; readonly byMinor: number }
  /** Of refunds in WeChat Pay's trade bill; no other bill says a status. */
  | { readonly error: 'status'; readonly key: string }
  | { readonly error: 'duplicate'; readonly key: string };

/** The break that an error comes to. */
export interface PlantedBreak {
  readonly kind: BreakKind;
  readonly key: string;
  readonly on: readonly Side[];
}

/** A movement as it goes into a bill, with its number. */
export interface WrittenMovement extends BilledMovement {
  readonly providerRef: string;
  /** It stands there a second time. */
  readonly isCopy?: true;
}

/** For bills that quote nothing: on one line, and without the backtick that begins WeChat Pay's cells. */
export const plainTitle = (title = ''): string => title.replaceAll(/[\x00-\x1f\x7f]/g, ' ').replaceAll('`', "'");

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A number like the provider's own. */
export function madeRef(provider: Provider, { kind, key, paymentKey }: BilledMovement): string {
  const isRefund = kind === 'refund';
  // Alipay gives a refund the number of its payment.
  const bytes = createHash('sha256')
    .update(provider === 'alipay' ? `payment ${paymentKey ?? key}` : `${kind} ${key}`)
    .digest();
  const digits = (count: number) => Array.from({ length: count }, (_, index) => (bytes[index] ?? 0) % 10).join('');
  switch (provider) {
    case 'alipay':
      return `2026${digits(24)}`;
    case 'wechat':
      return isRefund ? `5030${digits(25)}` : `4200${digits(24)}`;
    case 'stripe':
      return (isRefund ? 're_3' : 'ch_3') + [...bytes.subarray(0, 23)].map((byte) => alphabet[byte % alphabet.length]).join('');
    default:
      return provider satisfies never;
  }
}

/** What we believe of movements: the side of the events for `reconcile`. */
export function* factsOf(provider: Provider, movements: Iterable<BilledMovement>): Generator<Movement> {
  for (const movement of movements) {
    const { kind, key, paymentKey, amountMinor, feeMinor, currency, at, status } = movement;
    const sign = kind === 'payment' ? 1 : -1;
    const signed = (value: number) => (value === 0 ? 0 : sign * value);
    yield {
      kind,
      ourKey: key,
      providerRef: movement.providerRef ?? madeRef(provider, movement),
      ...(paymentKey === undefined ? {} : { paymentKey }),
      amountMinor: signed(amountMinor),
      feeMinor: signed(feeMinor),
      currency,
      at: new Date(at).toISOString(),
      status: status ?? 'succeeded',
    };
  }
}
