import { readFileSync } from 'node:fs';
import { sumMinor } from '@tongbao/money';
import { parse } from 'csv-parse/sync';

/** One order of the data. */
export interface Purchase {
  /** Row number in the data's source. */
  orderId: number;
  customerId: string;
  /** `1997-01-31`; the data has no time of day. */
  date: string;
  quantity: number;
  amountMinor: number;
  inSample: boolean;
}

export interface Month {
  /** `1997-01` */
  month: string;
  purchases: Purchase[];
}

const columns = ['order_id', 'customer_id', 'date', 'quantity', 'amount_minor', 'in_sample'];

/**
 * Reads purchases in the order of their dates, then of their numbers.
 * @throws Error naming the line that is not as described in examples/README.md
 */
export function readPurchases(file: string, which: 'sample' | 'all'): Purchase[] {
  return parsePurchases(readFileSync(file, 'utf8'), which);
}

export function parsePurchases(csv: string, which: 'sample' | 'all'): Purchase[] {
  const [head, ...rows] = parse(csv);
  if (head?.join() !== columns.join()) throw new Error(`the first line must be ${columns.join()}`);
  const purchases = rows.map((row, index) => toPurchase(row, index + 2));
  const wanted = which === 'all' ? purchases : purchases.filter(({ inSample }) => inSample);
  return wanted.sort((one, other) => (one.date === other.date ? one.orderId - other.orderId : one.date < other.date ? -1 : 1));
}

function toPurchase(
  [orderId = '', customerId = '', date = '', quantity = '', amountMinor = '', inSample = '']: string[],
  line: number,
): Purchase {
  const isRight =
    /^[1-9]\d*$/.test(orderId) &&
    /^\d{5}$/.test(customerId) &&
    /^\d{4}-\d{2}-\d{2}$/.test(date) &&
    /^[1-9]\d*$/.test(quantity) &&
    /^\d+$/.test(amountMinor) &&
    /^[01]$/.test(inSample);
  if (!isRight) throw new Error(`line ${line} is no purchase`);
  return {
    orderId: Number(orderId),
    customerId,
    date,
    quantity: Number(quantity),
    amountMinor: Number(amountMinor),
    inSample: inSample === '1',
  };
}

export const monthOf = (date: string): string => date.slice(0, 7);

/** Purchases by month, in the order of time. */
export function byMonth(purchases: readonly Purchase[]): Month[] {
  const months = new Map<string, Purchase[]>();
  for (const purchase of purchases) {
    const known = months.get(monthOf(purchase.date));
    if (known) known.push(purchase);
    else months.set(monthOf(purchase.date), [purchase]);
  }
  return [...months].map(([month, its]) => ({ month, purchases: its })).sort((one, other) => (one.month < other.month ? -1 : 1));
}

export interface Totals {
  orders: number;
  grossMinor: bigint;
}

/** What the data says that it comes to (examples/README.md). */
export const publishedTotals: Record<'sample' | 'all', Totals> = {
  sample: { orders: 6_919, grossMinor: 24_409_194n },
  all: { orders: 69_659, grossMinor: 250_031_563n },
};

export const totalsOf = (purchases: readonly Purchase[]): Totals => ({
  orders: purchases.length,
  grossMinor: sumMinor(purchases.map(({ amountMinor }) => amountMinor)),
});
