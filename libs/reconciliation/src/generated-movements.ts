import type { ReconciliationTerms } from '@tongbao/contracts';
import { basisPointsOf, toSafeInteger } from '@tongbao/money';
import type { BilledMovement } from '@tongbao/provider-bills';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Belief } from './beliefs.js';
import { currencyTerms } from './terms.js';

/** A movement that a bill is made of, and whether we expect its fee. */
export interface GeneratedMovement extends BilledMovement {
  isFeeExpected: boolean;
}

/** What providers usually take, where neither agreements nor terms say it: ten-thousandths and minor units. */
const usualFees = { alipay: [60, 0], wechat: [60, 0], stripe: [290, 30] } as const;

/** A payment or refund as its provider bills it; undefined for what a bill of trades has not. */
export function movementOf(belief: Belief, terms: ReconciliationTerms): GeneratedMovement | undefined {
  const { kind, ourKey, paymentKey, providerRef, currency, at, feeMinor } = belief;
  if ((kind !== 'payment' && kind !== 'refund') || ourKey === undefined) return undefined;
  const amountMinor = Math.abs(belief.amountMinor);
  return {
    ...{ kind, key: ourKey, amountMinor, currency, at },
    ...(paymentKey !== undefined && { paymentKey }),
    ...(providerRef !== undefined && providerRef !== '' && { providerRef }),
    feeMinor: feeMinor === undefined ? usualFee(kind, amountMinor, currency, terms) : Math.abs(feeMinor),
    isFeeExpected: feeMinor !== undefined,
  };
}

/** Stripe keeps its fee on a refund; the others give back what they took of the part. */
function usualFee(kind: 'payment' | 'refund', amountMinor: number, currency: string, terms: ReconciliationTerms): number {
  if (kind === 'refund' && terms.format === 'stripe') return 0;
  const { fee } = currencyTerms(terms, currency);
  const [basisPoints, fixedMinor] = fee ? [fee.basisPoints, fee.fixedMinor] : usualFees[terms.format];
  const share = toSafeInteger(basisPointsOf(BigInt(amountMinor), basisPoints));
  return Math.min(kind === 'refund' ? share : share + fixedMinor, amountMinor);
}

const readAtOnce = 256 * 1024;

/** Rows of a file of JSON lines, again and again: a bill is made of them one by one. */
export function* jsonLinesIn<Row>(path: string): Generator<Row> {
  const file = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(readAtOnce);
  let rest = Buffer.alloc(0);
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      const bytes = Buffer.concat([rest, buffer.subarray(0, length)]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = Buffer.from(bytes.subarray(end));
      for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line !== '') yield JSON.parse(line) as Row; // whoever wrote the file says what its rows are
    }
  } finally {
    closeSync(file);
  }
}
