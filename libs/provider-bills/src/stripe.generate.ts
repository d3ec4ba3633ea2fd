import { exponentOf } from '@tongbao/money';
import { stringify } from 'csv-stringify/sync';
import { formatClock } from './bill-time.js';
import { formatDecimal } from './decimal-amount.js';
import { type WrittenMovement, madeRef } from './generate.types.js';
import { stripeDigitsOf } from './stripe-line.js';

export interface StripeBillForm {
  readonly metadataKey: string;
  /** Ends the list with this payout of all that stands in it; its movements are of one currency then. */
  readonly payout?: { readonly id: string; readonly currency: string; readonly at: string };
}

interface Transaction {
  readonly id: string;
  readonly amountMinor: number;
  readonly feeMinor: number;
  readonly currency: string;
  readonly at: string;
  readonly category: 'charge' | 'refund' | 'payout';
  readonly source: string;
  readonly key: string;
  readonly paymentKey: string;
  readonly title: string;
}

function* transactionsOf(movements: Iterable<WrittenMovement>, { payout }: StripeBillForm): Generator<Transaction> {
  let net = 0;
  let count = 0;
  for (const movement of movements) {
    const { kind, key, paymentKey, providerRef, currency, at, title } = movement;
    const sign = kind === 'payment' ? 1 : -1;
    const [amountMinor, feeMinor] = [sign * movement.amountMinor, sign * movement.feeMinor];
    count += 1;
    if (currency === payout?.currency) net += amountMinor - feeMinor;
    const id = `txn_${providerRef.slice(3)}${movement.isCopy === true ? 'x' : ''}`;
    const category = kind === 'payment' ? 'charge' : 'refund';
    yield {
      id,
      amountMinor,
      feeMinor,
      currency,
      at,
      category,
      source: providerRef,
      key,
      paymentKey: paymentKey ?? key,
      title: title ?? '',
    };
  }
  if (payout === undefined || count === 0) return;
  const { id, currency, at } = payout;
  yield {
    id: `txn_${id.slice(3)}`,
    amountMinor: -net,
    feeMinor: 0,
    currency,
    at,
    category: 'payout',
    source: id,
    key: '',
    paymentKey: '',
    title: 'STRIPE PAYOUT',
  };
}

/** Lines of `balance_change_from_activity.itemized`, with our keys in the metadata. */
export function* stripeCsvLines(movements: Iterable<WrittenMovement>, form: StripeBillForm): Generator<string> {
  const line = (cells: readonly string[]): string => stringify([[...cells]], { record_delimiter: '' });
  yield line([
    ...['balance_transaction_id', 'created_utc', 'available_on_utc', 'currency', 'gross', 'fee', 'net', 'reporting_category', 'source_id'],
    ...['description', 'charge_id', 'payment_intent_id', `payment_metadata[${form.metadataKey}]`, `refund_metadata[${form.metadataKey}]`],
  ]);
  for (const { amountMinor, feeMinor, ...transaction } of transactionsOf(movements, form)) {
    const { id, currency, at, category, source, key, paymentKey, title } = transaction;
    const major = (minor: number) => formatDecimal(minor, exponentOf(currency));
    const [created, isRefund] = [formatClock(at, 0), category === 'refund'];
    const charge = isRefund ? madeRef('stripe', { ...transaction, kind: 'payment', amountMinor, feeMinor, key: paymentKey }) : source;
    yield line([
      ...[
        id,
        created,
        created,
        currency.toLowerCase(),
        major(amountMinor),
        major(feeMinor),
        major(amountMinor - feeMinor),
        category,
        source,
      ],
      ...[
        title,
        category === 'payout' ? '' : charge,
        category === 'payout' ? '' : `pi_${charge.slice(3)}`,
        paymentKey,
        isRefund ? key : '',
      ],
    ]);
  }
}

/** Lines of one list page of `/v1/balance_transactions?expand[]=data.source`: an object each, between the page's beginning and its end. */
export function* stripeJsonLines(movements: Iterable<WrittenMovement>, form: StripeBillForm): Generator<string> {
  yield '{"object":"list","url":"/v1/balance_transactions","has_more":false,"data":[';
  let isFirst = true;
  for (const transaction of transactionsOf(movements, form)) {
    yield (isFirst ? '' : ',') + JSON.stringify(jsonOf(transaction, form));
    isFirst = false;
  }
  yield ']}';
}

function jsonOf(
  { id, amountMinor, feeMinor, currency, at, category, source, key, title }: Transaction,
  { metadataKey }: StripeBillForm,
): object {
  const shift = stripeDigitsOf(currency) - exponentOf(currency);
  const units = (minor: number) => (shift >= 0 ? minor * 10 ** shift : minor / 10 ** -shift);
  const created = Math.floor(Date.parse(at) / 1000);
  const fees =
    feeMinor === 0
      ? []
      : [{ amount: units(feeMinor), currency: currency.toLowerCase(), description: 'Stripe processing fees', type: 'stripe_fee' }];
  return {
    id,
    object: 'balance_transaction',
    amount: units(amountMinor),
    available_on: created,
    created,
    currency: currency.toLowerCase(),
    description: title === '' ? null : title,
    exchange_rate: null,
    fee: units(feeMinor),
    fee_details: fees,
    net: units(amountMinor - feeMinor),
    reporting_category: category,
    source: category === 'payout' ? source : { id: source, object: category, metadata: { [metadataKey]: key } },
    status: 'available',
    type: category,
  };
}
