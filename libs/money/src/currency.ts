import currencyCodes from 'currency-codes';

/** An amount in integer minor units (fen, cents) of an ISO 4217 currency, as it stands in events and on the wire. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

const exponents = new Map(currencyCodes.data.map(({ code, digits }) => [code, digits]));

/** True for an alphabetic ISO 4217 code in upper case. */
export const isCurrency = (code: string): boolean => exponents.has(code);

/**
 * Digits after the decimal point of a currency (2 for USD, 0 for JPY, 3 for KWD), from the ISO 4217 list.
 * @throws RangeError for a code that ISO 4217 does not know.
 */
export function exponentOf(currency: string): number {
  const exponent = exponents.get(currency);
  if (exponent === undefined) throw new RangeError(`${currency} is no ISO 4217 currency`);
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
