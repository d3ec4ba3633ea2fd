import { CellRefused } from './bill-problem.js';

const decimal = /^([+-]?)(\d{1,18})(?:\.(\d{1,12}))?$/;

/**
 * A decimal number of a bill as an integer of `10^-digits`, without floats and of any size.
 * @throws CellRefused `amount_malformed`, `amount_precision` for digits beyond the scale that are not 0
 */
export function parseScaled(text: string, digits: number, field: string): bigint {
  const { scaled, isNegative } = scaledText(text, digits, field);
  // BigInt of a number is several times as quick as of a text.
  const value = scaled.length <= 15 ? BigInt(Number(scaled)) : BigInt(scaled);
  return isNegative ? -value : value;
}

/**
 * The same as a number.
 * @throws CellRefused also `amount_out_of_range` beyond 2^53 - 1
 */
export function parseDecimal(text: string, digits: number, field: string): number {
  const { scaled, isNegative } = scaledText(text, digits, field);
  const value = Number(scaled);
  if (!Number.isSafeInteger(value)) throw new CellRefused('amount_out_of_range', field, text, 'beyond the safe integers');
  return isNegative && value !== 0 ? -value : value;
}

function scaledText(text: string, digits: number, field: string): { scaled: string; isNegative: boolean } {
  const match = decimal.exec(text);
  if (match === null) throw new CellRefused('amount_malformed', field, text, 'not a decimal number');
  const [, sign, whole = '', fraction = ''] = match;
  if (/[1-9]/.test(fraction.slice(digits)))
    throw new CellRefused('amount_precision', field, text, `more than ${digits} digits after the point`);
  return { scaled: whole + fraction.slice(0, digits).padEnd(digits, '0'), isNegative: sign === '-' };
}

/** A count of rows; WeChat writes `20` or `20.0`. */
export function parseCount(text: string, field: string): number {
  const count = parseDecimal(text, 0, field);
  if (count < 0) throw new CellRefused('amount_sign', field, text, 'a count is not negative');
  return count;
}

/** An integer of `10^-from` as one of `10^-to`, rounded half up, away from zero: how WeChat rounds a fee to fen. */
export function roundScale(scaled: number, from: number, to: number): number {
  const unit = 10 ** (from - to);
  const magnitude = Math.abs(scaled);
  const rounded = Math.floor(magnitude / unit) + (magnitude % unit >= unit / 2 ? 1 : 0);
  return scaled < 0 && rounded !== 0 ? -rounded : rounded;
}

/** An integer of `10^-digits` in decimal: `-50` with 2 digits is `-0.50`. */
export function formatDecimal(scaled: number | bigint, digits: number): string {
  const text = String(scaled)
    .replace('-', '')
    .padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${scaled < 0 ? '-' : ''}${whole}${digits === 0 ? '' : `.${text.slice(-digits)}`}`;
}
