import { exponentOf, formatMinor, isCurrency } from '@tongbao/money';
import type { RefusalCode } from './problem.js';

/** What keeps a decimal from being an amount of minor units. */
export interface DecimalProblem {
  readonly code: Extract<RefusalCode, 'value_invalid' | 'currency_unknown' | 'amount_precision' | 'amount_too_large'>;
  readonly detail: string;
}

/** `xs:decimal`, without its sign. */
const decimal = /^(?<sign>[+-]?)0*(?<whole>\d*)(?:\.(?<fraction>\d*?)0*)?$/;

/**
 * An `xs:decimal` as minor units of a currency, exactly. Zeros at the end count for nothing: `10.500` is 1050 cents.
 * @returns a problem for other digits beyond the currency's exponent: they would have to be rounded away
 */
export function minorOf(text: string, currency: string): bigint | DecimalProblem {
  if (!isCurrency(currency)) return { code: 'currency_unknown', detail: `${currency} is no ISO 4217 currency with minor units` };
  const { sign, whole = '', fraction = '' } = decimal.exec(text)?.groups ?? {};
  if (sign === undefined || !/\d/.test(text)) return { code: 'value_invalid', detail: `${text} is no decimal number` };
  const exponent = exponentOf(currency);
  if (fraction.length > exponent)
    return { code: 'amount_precision', detail: `${text} has more digits than ${currency}, which has ${exponent}` };
  const minor = BigInt(`${whole}${fraction.padEnd(exponent, '0')}` || '0');
  return sign === '-' ? -minor : minor;
}

/** The same for one amount, which JSON must be able to carry. */
export function amountMinorOf(text: string, currency: string): number | DecimalProblem {
  const minor = minorOf(text, currency);
  if (typeof minor !== 'bigint') return minor;
  const amountMinor = Number(minor);
  if (!Number.isSafeInteger(amountMinor))
    return { code: 'amount_too_large', detail: `${text} ${currency} is beyond the safe integers of minor units` };
  return amountMinor;
}

/**
 * The sum of amounts as ISO 20022 wants control sums: of all amounts, whatever their currencies, with as many digits as the currency with the most has.
 */
export function controlSum(sumsMinor: ReadonlyMap<string, bigint>): string {
  const digits = Math.max(0, ...[...sumsMinor.keys()].map(exponentOf));
  let total = 0n;
  for (const [currency, sum] of sumsMinor) total += sum * 10n ** BigInt(digits - exponentOf(currency));
  if (digits === 0) return String(total);
  const text = String(total).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** An amount as it stands in `Amt`: without a sign, with exactly the digits of its currency. */
export const decimalOf = (amountMinor: number | bigint, currency: string): string => formatMinor(amountMinor, currency).replace('-', '');
