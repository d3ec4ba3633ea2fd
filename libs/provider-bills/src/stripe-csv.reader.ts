import { exponentOf } from '@tongbao/money';
import type { BillItem, BillLine } from './bill-line.js';
import { FileRefused, problem } from './bill-problem.js';
import { type BillCount, Columns, cell, readRow, referenceOf, requiredColumn, requiredReference } from './bill-reader.js';
import { describeFile, fileKindOf, filesOf } from './bill-header.js';
import { parseClock } from './bill-time.js';
import { CsvRecords } from './csv-records.js';
import { parseDecimal } from './decimal-amount.js';
import { isoCurrency, lineOfBalanceTransaction } from './stripe-line.js';
import type { TextLine } from './text-lines.js';

/** How lines of Stripe are tied to ours. */
export interface StripeKeys {
  /** The key of the metadata of payments and refunds that holds our key. */
  readonly metadataKey: string;
  /** What stands as a payment's number: its charge, or its payment intent. */
  readonly paymentRef: 'charge' | 'payment_intent';
}

/**
 * Stripe's reports of balance transactions as CSV (`balance_change_from_activity.itemized`, `payout_reconciliation.itemized`), or the Dashboard's export of all
 * balance activity. Amounts are decimals of major units, times are UTC.
 */
export class StripeCsvReader {
  private columns: ReturnType<typeof columnsOf> | undefined;
  private readonly records: CsvRecords;
  private out: BillItem[] = [];

  constructor(
    private readonly keys: StripeKeys,
    private readonly count: BillCount,
  ) {
    this.records = new CsvRecords((cells, line) => {
      this.record(cells, line);
    });
  }

  /** @throws FileRefused where the header is of no bill of Stripe */
  read(line: TextLine, out: BillItem[]): void {
    this.out = out;
    const isFirst = line.number === 1 && 'text' in line;
    this.records.read(isFirst ? { number: 1, text: line.text.replace(/^\uFEFF/, '') } : line, out);
  }

  /** @throws FileRefused `empty` */
  end(out: BillItem[]): void {
    this.out = out;
    this.records.end(out);
    if (this.columns === undefined) throw new FileRefused('empty', 'there is nothing in it');
  }

  private record(cells: readonly string[], line: number): void {
    if (this.columns === undefined) {
      this.columns = columnsOf(checkedHeader(cells, line), this.keys);
      return;
    }
    this.count.rows += 1;
    const { columns } = this;
    if (cells.length !== columns.width) {
      this.out.push(problem('column_count', `${cells.length} cells where the header has ${columns.width}`, { line }));
      return;
    }
    readRow(line, undefined, this.out, () => this.out.push({ type: 'line', line: this.lineOf(cells, line, columns) }));
  }

  private lineOf(cells: readonly string[], line: number, columns: ReturnType<typeof columnsOf>): BillLine {
    const currency = isoCurrency(cell(cells, columns.currency), columns.currency.name);
    const digits = exponentOf(currency);
    const source = referenceOf(cells, columns.source) ?? requiredReference(cells, columns.id);
    const category = cell(cells, columns.category);
    const intent = this.keys.paymentRef === 'payment_intent' && isPayment(category) ? referenceOf(cells, columns.paymentIntent) : undefined;
    const paymentKey = referenceOf(cells, columns.paymentKey);
    const ourKey = isPayment(category) ? paymentKey : referenceOf(cells, columns.refundKey);
    return lineOfBalanceTransaction({
      amountMinor: parseDecimal(cell(cells, columns.amount), digits, columns.amount.name),
      feeMinor: parseDecimal(cell(cells, columns.fee) || '0', digits, columns.fee.name),
      netMinor: parseDecimal(cell(cells, columns.net), digits, columns.net.name),
      currency,
      category,
      providerRef: intent ?? source,
      ...(ourKey === undefined ? {} : { ourKey }),
      ...(paymentKey === undefined ? {} : { paymentKey }),
      at: parseClock(cell(cells, columns.created), 0, columns.created.name),
      line,
    });
  }
}

const isPayment = (category: string): boolean => category === 'charge' || category === 'payment';

const columnsOf = (header: Columns, { metadataKey }: StripeKeys) => ({
  width: header.names.length,
  id: requiredColumn(header, 'balance_transaction_id', 'id'),
  source: header.find('source_id', 'Source', 'source'),
  paymentIntent: header.find('payment_intent_id'),
  amount: requiredColumn(header, 'gross', 'Amount', 'amount'),
  fee: requiredColumn(header, 'fee', 'Fee'),
  net: requiredColumn(header, 'net', 'Net'),
  currency: requiredColumn(header, 'currency', 'Currency'),
  created: requiredColumn(header, 'created_utc', 'Created (UTC)'),
  category: requiredColumn(header, 'reporting_category', 'Type', 'type'),
  paymentKey: header.find(`payment_metadata[${metadataKey}]`, `${metadataKey} (metadata)`),
  refundKey: header.find(`refund_metadata[${metadataKey}]`, `${metadataKey} (metadata)`),
});

function checkedHeader(cells: readonly string[], line: number): Columns {
  const header = new Columns(cells.map((name) => name.trim()));
  const kind = fileKindOf(header.names);
  if (kind === undefined)
    throw new FileRefused('header_missing', 'its header is of no bill that is known', { line, value: cells.join(',') });
  if (filesOf.stripe[kind] === undefined) throw new FileRefused('wrong_bill', `this is ${describeFile[kind]}`, { line });
  if (header.repeated !== undefined)
    throw new FileRefused('header_duplicate', 'the header names a column twice', { line, field: header.repeated });
  return header;
}
