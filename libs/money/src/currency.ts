import currencyCodes from 'currency-codes';

/** An amount in integer minor units (fen, cents) of an ISO 4217 currency, as it stands in events and on the wire. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

/**
 * Later than the list of the package, which is ISO 4217 list one as SIX published it on 2024-06-25: the Caribbean guilder (amendment 176, in use from
 * 2025-03-31) and the Arab accounting dinar (amendment 179). What has become historic since (ANG, BGN, CUC) stays known: the log keeps its amounts.
 */
const amendments: readonly (readonly [code: string, digits: number])[] = [
  ['XCG', 2],
  ['XAD', 2],
];

/** Minor unit `N.A.` in ISO 4217: precious metals, baskets, bond market units, codes for tests and for none. Nothing can be paid in them. */
const withoutMinorUnit: ReadonlySet<string> = new Set([
  'XAU',
  'XAG',
  'XPD',
  'XPT',
  'XDR',
  'XSU',
  'XUA',
  'XBA',
  'XBB',
  'XBC',
  'XBD',
  'XTS',
  'XXX',
]);

const exponents = new Map(
  [...currencyCodes.data.map(({ code, digits }) => [code, digits] as const), ...amendments].filter(([code]) => !withoutMinorUnit.has(code)),
);

/** True for an alphabetic ISO 4217 code in upper case of a currency that has minor units, if only 10^0 of them. */
export const isCurrency = (code: string): boolean => exponents.has(code);

/**
 * Digits after the decimal point of a currency (2 for USD, 0 for JPY, 3 for KWD, 4 for CLF), from the ISO 4217 list.
 * @throws RangeError for a code that ISO 4217 does not know, or that has no minor unit
 */
export function exponentOf(currency: string): number {
  const exponent = exponents.get(currency);
  if (exponent === undefined) throw new RangeError(`${currency} is no ISO 4217 currency with minor units`);
  return exponent;
}

/** Minor units as people read them: `-50` of USD is `-0.50`. */
export function formatMinor(amountMinor: number | bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const negative = amountMinor < 0;
  const digits = String(amountMinor)
    .replace('-', '')
    .padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  return `${negative ? '-' : ''}${whole}${fraction}`;
}
