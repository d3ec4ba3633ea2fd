import type { PaymentCaptured, PaymentRefunded, RefundRequested, SplitTransfer } from '@tongbao/contracts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** A payment id from a number. */
export function paymentIdOf(number: number): string {
  let rest = number;
  let text = '';
  for (let place = 0; place < 32; place += 1) {
    // The first 26 characters are those of the provider's key: the number must be in them.
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return `pay_${text.slice(6)}${text.slice(0, 6)}`;
}

export const keyOf = (paymentId: string): string => `${paymentId.slice(4, 30)}01`;
export const refundKeyOf = (paymentId: string): string => `${paymentId.slice(4, 30)}r01`;

export interface Sale {
  provider: string;
  amountMinor: number;
  currency: string;
  at: string;
  expectedFeeMinor?: number;
  isExternal?: boolean;
}

const reference = (paymentId: string) => ({ paymentId, platformId: 'A', orderId: paymentId });

const purchase = ({ provider, amountMinor, isExternal }: Pick<Sale, 'provider' | 'amountMinor' | 'isExternal'>): SplitTransfer => ({
  ...{ from: `provider:${provider}`, to: 'platform:A', amountMinor, kind: 'purchase', refundable: true },
  ...(isExternal && { external: true as const }),
});

export const captured = (paymentId: string, sale: Sale): PaymentCaptured => ({
  type: 'PaymentCaptured',
  ...reference(paymentId),
  attempt: 1,
  provider: sale.provider,
  providerRef: `ref_${paymentId}`,
  amountMinor: sale.amountMinor,
  currency: sale.currency,
  split: [purchase(sale)],
  expectedProviderFeeMinor: sale.expectedFeeMinor ?? 0,
  capturedAt: sale.at,
});

export const refundAsked = (paymentId: string, { amountMinor, currency, at }: Sale): RefundRequested => ({
  type: 'RefundRequested',
  refundId: `ref_${paymentId}`,
  ...{ amountMinor, currency, reason: '', providerKey: refundKeyOf(paymentId), requestedAt: at },
});

export const refunded = (paymentId: string, sale: Sale): PaymentRefunded => ({
  type: 'PaymentRefunded',
  ...reference(paymentId),
  refundId: `ref_${paymentId}`,
  ...{ amountMinor: sale.amountMinor, currency: sale.currency, refundedMinor: sale.amountMinor, providerRef: `back_${paymentId}` },
  transfers: [{ ...purchase(sale), from: 'platform:A', to: `provider:${sale.provider}` }],
  refundedAt: sale.at,
});
