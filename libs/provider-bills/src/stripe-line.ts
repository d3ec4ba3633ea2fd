import { exponentOf, isCurrency } from '@tongbao/money';
import type { BillLine, LineKind } from './bill-line.js';
import { CellRefused } from './bill-problem.js';

/** One balance transaction; amounts are minor units of ISO 4217. */
export interface BalanceTransaction {
  readonly amountMinor: number;
  readonly feeMinor: number;
  readonly netMinor: number;
  readonly currency: string;
  readonly category: string;
  readonly providerRef: string;
  readonly ourKey?: string;
  readonly paymentKey?: string;
  readonly at: string;
  readonly line: number;
}

/** `reporting_category`, and `type` of those that have none; both change over the years, and what is not here is an adjustment. */
const kinds: Readonly<Record<string, LineKind>> = {
  charge: 'payment',
  payment: 'payment',
  refund: 'refund',
  payment_refund: 'refund',
  fee: 'fee',
  stripe_fee: 'fee',
  network_cost: 'fee',
  tax: 'fee',
  tax_fee: 'fee',
  payout: 'payout',
  payout_reversal: 'payout',
  payout_cancel: 'payout',
  payout_failure: 'payout',
  dispute: 'dispute',
  dispute_reversal: 'dispute',
};

/** @throws CellRefused `net_differs`, `amount_sign` */
export function lineOfBalanceTransaction(transaction: BalanceTransaction): BillLine {
  const { amountMinor, feeMinor, netMinor, currency, category, at, line, providerRef, ourKey, paymentKey } = transaction;
  if (netMinor !== amountMinor - feeMinor) {
    throw new CellRefused('net_differs', 'net', String(netMinor), 'the net is not the amount less the fee');
  }
  const kind = Object.hasOwn(kinds, category) ? (kinds[category] ?? 'adjustment') : 'adjustment';
  const isWrongWay = (kind === 'payment' && amountMinor < 0) || (kind === 'refund' && amountMinor > 0);
  if (isWrongWay) throw new CellRefused('amount_sign', 'amount', String(amountMinor), `no ${kind} has this sign`);
  return {
    provider: 'stripe',
    kind,
    providerRef,
    ...(ourKey === undefined ? {} : { ourKey }),
    ...(paymentKey === undefined || paymentKey === ourKey ? {} : { paymentKey }),
    ...(kind === 'fee' ? { amountMinor: 0, feeMinor: negated(netMinor) } : { amountMinor, feeMinor }),
    currency,
    at,
    status: 'succeeded',
    line,
  };
}

const negated = (value: number): number => (value === 0 ? 0 : -value);

/** @throws CellRefused `currency_unknown` */
export function isoCurrency(text: unknown, field: string): string {
  const currency = typeof text === 'string' ? text.toUpperCase() : '';
  if (!isCurrency(currency)) throw new CellRefused('currency_unknown', field, String(text), 'no currency of ISO 4217');
  return currency;
}

/** Digits of Stripe's API that are not those of ISO 4217 (docs.stripe.com/currencies, special cases). */
const apiDigits: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

export const stripeDigitsOf = (currency: string): number => apiDigits[currency] ?? exponentOf(currency);

/**
 * An amount of Stripe's API in minor units of ISO 4217.
 * @throws CellRefused `amount_malformed`, `amount_precision`, `amount_out_of_range`
 */
export function isoMinorOf(amount: unknown, currency: string, field: string): number {
  if (typeof amount !== 'number' || !Number.isInteger(amount)) {
    throw new CellRefused('amount_malformed', field, amount === undefined ? '' : JSON.stringify(amount), 'not an integer');
  }
  const shift = exponentOf(currency) - stripeDigitsOf(currency);
  const minor = shift >= 0 ? amount * 10 ** shift : amount / 10 ** -shift;
  if (!Number.isInteger(minor)) throw new CellRefused('amount_precision', field, String(amount), `${currency} has no such fraction`);
  if (!Number.isSafeInteger(minor)) throw new CellRefused('amount_out_of_range', field, String(amount), 'beyond the safe integers');
  return minor === 0 ? 0 : minor;
}
