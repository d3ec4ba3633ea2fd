import type { BillFault, BillReceived, ProviderPayout, ReconciliationTerms } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import { importBill, type BillEnd, type BillHead, type BillItem, type BillLine } from '@tongbao/provider-bills';
import type { ReadBill } from './bill.decide.js';

const shownFaults = 100;
/** A provider pays out once or a few times a day. */
const mostPayouts = 1_000;

/** A bill as the importers read it. Stripe's is both trade and fund bill: it is not told which to expect. */
export const billItems = (
  { bill, payout }: BillReceived,
  { format }: ReconciliationTerms,
  path: string,
  tempDir: string,
): AsyncGenerator<BillItem> => importBill(format, { path }, { ...(format !== 'stripe' && { bill }), ...(payout && { payout }), tempDir });

/**
 * Reads a bill to its end: what it states, what is wrong with it, and whether it can be used. Memory does not grow with it.
 * @throws what reading the file throws, and the signal's reason
 */
export async function readBill(
  received: BillReceived,
  terms: ReconciliationTerms,
  path: string,
  tempDir: string,
  signal: AbortSignal,
): Promise<ReadBill> {
  const reading = new Reading(received, terms);
  for await (const item of billItems(received, terms, path, tempDir)) {
    signal.throwIfAborted();
    reading.take(item);
  }
  return reading.result();
}

class Reading {
  readonly #faults: BillFault[] = [];
  readonly #payouts: ProviderPayout[] = [];
  #faultCount = 0;
  #account: string | undefined;
  #outside = 0;
  #firstOutside: BillLine | undefined;
  #end: BillEnd | undefined;
  #isWithoutStatement = false;

  constructor(
    private readonly received: BillReceived,
    private readonly terms: ReconciliationTerms,
  ) {}

  take(item: BillItem): void {
    switch (item.type) {
      case 'head':
        this.#takeHead(item.head);
        return;
      case 'line':
        this.#takeLine(item.line);
        return;
      case 'problem':
        if (item.problem.code === 'no_statement') this.#isWithoutStatement = true;
        else this.#fault(item.problem);
        return;
      case 'end':
        this.#end = item.end;
        return;
      default:
        item satisfies never;
    }
  }

  result(): ReadBill {
    if (!this.#end) throw new Error('an importer ends with the end of the bill');
    this.#compareTimes(this.#end);
    const { rows, lines, verified, sums } = this.#end;
    // A file that states no totals is taken for whole; a day without a bill has nothing to state.
    const statesTotals = this.terms.format !== 'stripe' || this.received.payout !== undefined;
    return {
      fit: this.#faultCount === 0 && (verified || this.#isWithoutStatement || !statesTotals),
      ...{ verified, rows, lines, problemCount: this.#faultCount, problems: this.#faults },
      sums: Object.entries(sums).map(([currency, sum]) => ({
        ...{ currency, lines: sum.lines },
        ...{ amountMinor: toSafeInteger(sum.amountMinor), feeMinor: toSafeInteger(sum.feeMinor) },
      })),
      ...(this.#account !== undefined && { account: this.#account }),
      payouts: this.#payouts,
    };
  }

  #takeHead({ account, from, to, file }: BillHead): void {
    this.#account ??= account;
    const { account: ours } = this.terms;
    if (account !== undefined && ours !== undefined && account !== ours)
      this.#fault({ code: 'account_differs', message: `the bill is of the account ${account}, ours is ${ours}`, ...named(file) });
    if (from === undefined || to === undefined || (isNear(from, this.received.from) && isNear(to, this.received.to))) return;
    const message = `the bill says that it is from ${from} to ${to}; ${this.received.day} is from ${this.received.from} to ${this.received.to}`;
    this.#fault({ code: 'period_differs', message, ...named(file) });
  }

  #takeLine(line: BillLine): void {
    const at = Date.parse(line.at);
    const { from, to, payout } = this.received;
    const { cutToleranceMs } = this.terms;
    if (!payout && (at < Date.parse(from) - cutToleranceMs || at >= Date.parse(to) + cutToleranceMs)) {
      this.#outside += 1;
      this.#firstOutside ??= line;
    }
    if (line.kind !== 'payout' || this.#payouts.length >= mostPayouts) return;
    const { providerRef, amountMinor, currency } = line;
    this.#payouts.push({ providerRef, amountMinor: amountMinor === 0 ? 0 : -amountMinor, currency, paidAt: line.at });
  }

  /** Some lines may be late; where most are of another time, so is the bill. */
  #compareTimes({ lines }: BillEnd): void {
    if (this.#outside * 2 <= lines || !this.#firstOutside) return;
    const { at, line, file } = this.#firstOutside;
    const message = `${this.#outside} of ${lines} lines are of another time than ${this.received.day}; the first is of ${at}`;
    this.#fault({ code: 'outside_period', message, line, ...named(file) });
  }

  #fault({ code, message, file, line, field, value }: BillFault): void {
    this.#faultCount += 1;
    if (this.#faults.length >= shownFaults) return;
    this.#faults.push({
      ...{ code, message },
      ...named(file),
      ...(line !== undefined && { line }),
      ...(field !== undefined && { field }),
      ...(value !== undefined && { value }),
    });
  }
}

const named = (file: string | undefined): { file?: string } => (file === undefined ? {} : { file });

/** A period may end with its last second, or with the first one after it. */
const isNear = (stated: string, ours: string): boolean => Math.abs(Date.parse(stated) - Date.parse(ours)) <= 1_000;
