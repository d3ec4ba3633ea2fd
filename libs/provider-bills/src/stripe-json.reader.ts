import type { BillItem, BillLine } from './bill-line.js';
import { CellRefused, problem } from './bill-problem.js';
import { type BillCount, checkedReference, readRow } from './bill-reader.js';
import { parseEpochSeconds } from './bill-time.js';
import { type JsonElement, JsonElements } from './json-elements.js';
import type { StripeKeys } from './stripe-csv.reader.js';
import { isoCurrency, isoMinorOf, lineOfBalanceTransaction } from './stripe-line.js';

/**
 * Stripe's balance transactions as its API gives them (`/v1/balance_transactions`, `expand[]=data.source` for the metadata): list pages, an array, or an object a
 * line. Amounts are minor units as Stripe counts them, times are seconds since 1970.
 */
export class StripeJsonReader {
  private readonly elements: JsonElements;

  constructor(
    private readonly keys: StripeKeys,
    private readonly count: BillCount,
    maxElementLength: number,
  ) {
    this.elements = new JsonElements(maxElementLength);
  }

  /** @throws FileRefused `json_malformed` */
  read(text: string, out: BillItem[]): void {
    for (const element of this.elements.push(text)) this.element(element, out);
  }

  /** @throws FileRefused `truncated` */
  end(): void {
    this.elements.end();
  }

  private element({ text, line, tooLong }: JsonElement, out: BillItem[]): void {
    this.count.rows += 1;
    if (tooLong) {
      out.push(problem('line_too_long', 'the object is longer than any balance transaction', { line }));
      return;
    }
    readRow(line, undefined, out, () => out.push({ type: 'line', line: this.lineOf(parsed(text), line) }));
  }

  private lineOf(transaction: Fields, line: number): BillLine {
    if (transaction.object !== 'balance_transaction') {
      throw new CellRefused('json_malformed', 'object', shown(transaction.object), 'not a balance transaction');
    }
    const currency = isoCurrency(transaction.currency, 'currency');
    const feeMinor = isoMinorOf(transaction.fee, currency, 'fee');
    checkFeeDetails(transaction, currency, feeMinor);
    const category = transaction.reporting_category ?? transaction.type;
    if (typeof category !== 'string') throw new CellRefused('kind_unknown', 'reporting_category', shown(category), 'not a text');
    const ourKey = keyOf(transaction.source, this.keys.metadataKey);
    return lineOfBalanceTransaction({
      amountMinor: isoMinorOf(transaction.amount, currency, 'amount'),
      feeMinor,
      netMinor: isoMinorOf(transaction.net, currency, 'net'),
      currency,
      category,
      providerRef: this.refOf(transaction, category),
      ...(ourKey === undefined ? {} : { ourKey }),
      at: parseEpochSeconds(transaction.created, 'created'),
      line,
    });
  }

  private refOf({ source, id }: Fields, category: string): string {
    const fields = isFields(source) ? source : {};
    const isPayment = category === 'charge' || category === 'payment';
    const intent = isPayment && this.keys.paymentRef === 'payment_intent' ? fields.payment_intent : undefined;
    const found = [intent, typeof source === 'string' ? source : fields.id, id].find((each) => typeof each === 'string' && each !== '');
    if (typeof found !== 'string') throw new CellRefused('reference_missing', 'source', shown(source), 'the line has no number');
    return checkedReference(found, 'source');
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

function parsed(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CellRefused('json_malformed', '', text, 'it is not JSON');
  }
  if (!isFields(value)) throw new CellRefused('json_malformed', '', text, 'not an object');
  return value;
}

function keyOf(source: unknown, metadataKey: string): string | undefined {
  const metadata = isFields(source) && isFields(source.metadata) ? source.metadata : {};
  const key = Object.hasOwn(metadata, metadataKey) ? metadata[metadataKey] : undefined;
  return typeof key === 'string' && key !== '' ? checkedReference(key, `metadata.${metadataKey}`) : undefined;
}

function checkFeeDetails({ fee_details: details }: Fields, currency: string, feeMinor: number): void {
  if (!Array.isArray(details) || details.length === 0) return;
  const sum = details.reduce((total: number, each: unknown) => {
    if (!isFields(each)) throw new CellRefused('json_malformed', 'fee_details', shown(each), 'not an object');
    return total + isoMinorOf(each.amount, currency, 'fee_details.amount');
  }, 0);
  if (sum !== feeMinor) throw new CellRefused('fee_details_differ', 'fee_details', String(sum), `they are not the fee of ${feeMinor}`);
}
