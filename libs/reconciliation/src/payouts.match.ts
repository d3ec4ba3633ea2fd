import { dayMs } from './ages.js';

/** What a provider paid out by its bill. */
export interface PaidOut {
  providerRef: string;
  amountMinor: bigint;
  currency: string;
  paidAt: string;
}

/** A line of our bank statement that a provider paid. */
export interface PaidIn {
  bank: string;
  lineId: string;
  amountMinor: bigint;
  currency: string;
  reference: string;
  bookedAt: string;
}

export interface PayoutPairs<Out extends PaidOut, In extends PaidIn> {
  pairs: { payout: Out; line: In }[];
  /** The line names the payout, and has another amount or currency. */
  differing: { payout: Out; line: In }[];
  payouts: Out[];
  lines: In[];
}

/**
 * Which line of our bank is which payout: one that names it, or else the oldest of the same amount that came within the days that a payout may take. Lines and
 * payouts are given the oldest first. Pure.
 */
export function pairPayouts<Out extends PaidOut, In extends PaidIn>(
  payouts: readonly Out[],
  lines: readonly In[],
  payoutDays: number,
): PayoutPairs<Out, In> {
  const free = new Set(lines);
  const found: PayoutPairs<Out, In> = { pairs: [], differing: [], payouts: [], lines: [] };
  const unnamed: Out[] = [];
  for (const payout of payouts) {
    const line = [...free].find(({ reference }) => namesIn(reference).has(payout.providerRef));
    if (!line) {
      unnamed.push(payout);
      continue;
    }
    free.delete(line);
    (isEqual(payout, line) ? found.pairs : found.differing).push({ payout, line });
  }
  for (const payout of unnamed) {
    const line = [...free].find((each) => isEqual(payout, each) && isInTime(payout, each, payoutDays));
    if (line) {
      free.delete(line);
      found.pairs.push({ payout, line });
    } else found.payouts.push(payout);
  }
  found.lines.push(...free);
  return found;
}

/** A reference may say more than the payout: banks cut and add words. */
const namesIn = (reference: string): ReadonlySet<string> => new Set(reference.split(/[\s,;:/()]+/));

const isEqual = (payout: PaidOut, line: PaidIn): boolean => payout.amountMinor === line.amountMinor && payout.currency === line.currency;

/** A bank may book by another clock than the provider's: a day before is in time, too. */
function isInTime({ paidAt }: PaidOut, { bookedAt }: PaidIn, payoutDays: number): boolean {
  const laterMs = Date.parse(bookedAt) - Date.parse(paidAt);
  return laterMs >= -dayMs && laterMs <= (payoutDays + 1) * dayMs;
}
