import { TextDecoder } from 'node:util';
import { exponentOf } from '@tongbao/money';
import { type BillItem, type BillSource, type ImportOptions, defaultLimits } from './bill-line.js';
import { FileRefused, isNotOfEncoding, problemOfFile } from './bill-problem.js';
import { BillCount, type BillContext, compareTotal, headItem } from './bill-reader.js';
import { openBill, unpacked } from './bill-source.js';
import { StripeCsvReader, type StripeKeys } from './stripe-csv.reader.js';
import { StripeJsonReader } from './stripe-json.reader.js';
import { textLines } from './text-lines.js';

export interface StripeImportOptions extends ImportOptions, Partial<StripeKeys> {
  /** The payout that these are the balance transactions of: the sum of their nets must be its amount (positive, minor units of ISO 4217). */
  readonly payout?: { readonly amountMinor: number; readonly currency: string };
}

/**
 * Stripe's balance transactions as CSV or JSON, plain or as gzip. They are both trade and fund bill: of an activity, or of a payout. The files state no totals of
 * their own: they are verified where `payout` says what they come to.
 * @throws only what reading the source throws; whatever is wrong with the bill is an item
 */
export async function* importStripeBill(source: BillSource, options: StripeImportOptions = {}): AsyncGenerator<BillItem> {
  const count = new BillCount();
  const context: BillContext = { count, totals: { compared: false, differs: false } };
  let netOfPayout = 0n;
  let isWhole = true;
  let head: BillItem | undefined = headItem({ provider: 'stripe', bill: options.bill ?? 'fund' });
  const counted = function* (items: readonly BillItem[]) {
    for (const item of items) {
      count.add(item);
      if (item.type !== 'line' || item.line.kind === 'payout' || item.line.currency !== options.payout?.currency) continue;
      netOfPayout += BigInt(item.line.amountMinor) - BigInt(item.line.feeMinor);
    }
    yield* items;
  };
  const out: BillItem[] = [];
  try {
    for await (const items of readBatches(source, options, count)) {
      // The first lines are those of a bill, or they would have been refused.
      if (head !== undefined) yield head;
      head = undefined;
      yield* counted(items);
    }
    const { payout } = options;
    if (payout !== undefined) {
      const stated = BigInt(payout.amountMinor);
      compareTotal(context, { field: 'payout', stated, found: netOfPayout, digits: exponentOf(payout.currency) }, out);
    }
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    isWhole = false;
    out.push(problemOfFile(error));
  }
  yield* counted(out);
  yield count.end(isWhole && context.totals.compared && !context.totals.differs);
}

async function* readBatches(source: BillSource, options: StripeImportOptions, count: BillCount): AsyncGenerator<readonly BillItem[]> {
  const limits = { ...defaultLimits, ...options.limits };
  const keys: StripeKeys = { metadataKey: options.metadataKey ?? 'tongbao_key', paymentRef: options.paymentRef ?? 'charge' };
  const opened = await openBill(source);
  if (opened.container === 'zip') throw new FileRefused('wrong_container', 'this is a ZIP: Stripe gives CSV or JSON');
  const plain = await openBill(unpacked(opened, limits));
  let out: BillItem[] = [];
  const taken = () => {
    const items = out;
    out = [];
    return items;
  };
  if (!beginsJson(plain.first)) {
    const reader = new StripeCsvReader(keys, count);
    for await (const lines of textLines(plain.chunks, 'utf-8', limits.maxLineBytes)) {
      for (const line of lines) reader.read(line, out);
      yield taken();
    }
    reader.end(out);
  } else {
    const reader = new StripeJsonReader(keys, count, limits.maxLineBytes);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of plain.chunks) {
      reader.read(decoded(decoder, chunk), out);
      yield taken();
    }
    reader.end();
  }
  yield out;
}

/** Blanks and a byte order mark, then a brace or bracket. */
const beginsJson = (first: Uint8Array): boolean => /^[\s\uFEFF]*[[{]/.test(new TextDecoder().decode(first));

function decoded(decoder: TextDecoder, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (!isNotOfEncoding(error)) throw error;
    throw new FileRefused('encoding', 'it is not UTF-8');
  }
}
