import type { ReconciliationReport } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { BillLine } from '@tongbao/provider-bills';
import type { FeeEvent } from './facts.js';
import type { PaymentIds } from './payment-ids.js';
import { StagedParts } from './staged-parts.js';

export const feeStream = (provider: string): string => `reconciliation-${provider}`;

/** Fees of a day are of one bill in the books, however often the provider corrects it. */
export const feeBillIdOf = (provider: string, bill: string, day: string): string => `${provider}_${bill}_${day}`;

interface FeeRow {
  lineId: string;
  feeMinor: number;
  currency: string;
  at: string;
  ourKey?: string;
}

interface PostedRow {
  lineId: string;
  amountMinor: number;
  currency: string;
}

/** A movement's fee in one currency: what the bill says, and what the books have of it. */
interface Fee {
  lineId: string;
  currency: string;
  billedMinor: bigint;
  postedMinor: bigint;
  at: string;
  ourKey: string | undefined;
}

export type FeeReport = ReconciliationReport['fees'];

/**
 * The fees of a bill, and those of it that are in the books already: their difference is what is to be posted. So each line is posted once, wherever a try was
 * killed, and a corrected bill posts what it changes. Whatever their number, they are not in memory.
 */
export class FeeLines {
  readonly #billed: StagedParts<FeeRow>;
  readonly #posted: StagedParts<PostedRow>;
  readonly #report = new Map<string, FeeReport[number]>();

  constructor(folder: string) {
    this.#billed = new StagedParts(folder);
    this.#posted = new StagedParts(folder);
  }

  addBilled(line: BillLine): Promise<void> | undefined {
    const { feeMinor, currency, at, ourKey } = line;
    if (feeMinor === 0) return undefined;
    const lineId = lineIdOf(line);
    return this.#billed.add('billed', partKeyOf(lineId), { lineId, feeMinor, currency, at, ...(ourKey !== undefined && { ourKey }) });
  }

  addPosted({ type, lineId, amountMinor, currency }: FeeEvent): Promise<void> | undefined {
    const signedMinor = type === 'ProviderFeeBilled' ? amountMinor : -amountMinor;
    return this.#posted.add('posted', partKeyOf(lineId), { lineId, amountMinor: signedMinor, currency });
  }

  /** What the books lack, part by part; with the payments that it is for, where the day has them. */
  async *toPost(bill: { provider: string; billId: string; billedAt: string }, ids: PaymentIds): AsyncGenerator<FeeEvent[]> {
    for (const part of this.#billed.numbers()) {
      const fees = await this.#feesOf(part, bill.billedAt);
      const lacking = fees.filter(({ billedMinor, postedMinor }) => billedMinor !== postedMinor);
      for (const fee of fees) this.#count(fee);
      if (lacking.length === 0) continue;
      const paymentIds = await ids.find(lacking.flatMap(({ ourKey }) => (ourKey === undefined ? [] : [ourKey])));
      yield lacking.map((fee) => eventOf(fee, bill, fee.ourKey === undefined ? undefined : paymentIds.get(fee.ourKey)));
    }
  }

  /** What the bill says of fees, of the parts that were gone through. */
  get report(): FeeReport {
    return [...this.#report.values()].sort((one, other) => (one.currency < other.currency ? -1 : 1));
  }

  async close(): Promise<void> {
    await Promise.all([this.#billed.close(), this.#posted.close()]);
  }

  async #feesOf(part: number, billedAt: string): Promise<Fee[]> {
    const fees = new Map<string, Fee>();
    const feeOf = (lineId: string, currency: string): Fee => {
      const key = `${lineId} ${currency}`;
      const fee = fees.get(key) ?? { lineId, currency, billedMinor: 0n, postedMinor: 0n, at: billedAt, ourKey: undefined };
      fees.set(key, fee);
      return fee;
    };
    for await (const [, { lineId, feeMinor, currency, at, ourKey }] of this.#billed.read('billed', part)) {
      const fee = feeOf(lineId, currency);
      fee.billedMinor += BigInt(feeMinor);
      fee.at = at;
      fee.ourKey ??= ourKey;
    }
    for await (const [, { lineId, amountMinor, currency }] of this.#posted.read('posted', part)) {
      feeOf(lineId, currency).postedMinor += BigInt(amountMinor);
    }
    return [...fees.values()].sort((one, other) => (one.lineId + one.currency < other.lineId + other.currency ? -1 : 1));
  }

  #count({ currency, billedMinor }: Fee): void {
    const sum = this.#report.get(currency) ?? { currency, billed: 0, billedMinor: 0, returned: 0, returnedMinor: 0 };
    if (billedMinor > 0n)
      this.#report.set(currency, { ...sum, billed: sum.billed + 1, billedMinor: sum.billedMinor + toSafeInteger(billedMinor) });
    if (billedMinor < 0n)
      this.#report.set(currency, { ...sum, returned: sum.returned + 1, returnedMinor: sum.returnedMinor + toSafeInteger(-billedMinor) });
  }
}

/** A movement has one fee, whichever lines it stands in. */
function lineIdOf({ kind, feeOf, ourKey, providerRef }: BillLine): string {
  const family = kind === 'fee' ? (feeOf ?? kind) : kind;
  return ourKey === undefined ? `${family}#${providerRef}` : `${family}:${ourKey}`;
}

/** Our key, where there is one: the payment ids of a part of the fees are in the part of the same number. */
const partKeyOf = (lineId: string): string => lineId.slice(lineId.indexOf(':') + 1);

function eventOf(fee: Fee, bill: { provider: string; billId: string }, paymentId: string | undefined): FeeEvent {
  const lacking = fee.billedMinor - fee.postedMinor;
  return {
    type: lacking > 0n ? 'ProviderFeeBilled' : 'ProviderFeeReturned',
    ...{ provider: bill.provider, billId: bill.billId, lineId: fee.lineId },
    ...{ amountMinor: toSafeInteger(lacking > 0n ? lacking : -lacking), currency: fee.currency },
    ...(paymentId !== undefined && { paymentId }),
    billedAt: fee.at,
  };
}
