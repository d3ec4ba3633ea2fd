import type { FxRate, FxRounding } from '@tongbao/contracts';
import { divideHalfUp, exponentOf, toSafeInteger } from '@tongbao/money';

/** Digits after the point that a rate may have: with the four of the finest currency, ten to their power is still told exactly. */
export const mostRateDigits = 10;

const ratePattern = /^(\d{1,10})(?:\.(\d{1,10}))?$/;

/** `0.1388` as 1388 / 10^4. @returns undefined for what is no rate, for 0, and for more digits than are told exactly */
export function rateOf(text: string): FxRate | undefined {
  const [, whole, fraction = ''] = ratePattern.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const rateUnits = Number(whole + fraction);
  return rateUnits > 0 && Number.isSafeInteger(rateUnits) ? { rateUnits, rateScale: fraction.length } : undefined;
}

/** As people read and write it. */
export function rateText({ rateUnits, rateScale }: FxRate): string {
  const digits = String(rateUnits).padStart(rateScale + 1, '0');
  const whole = digits.slice(0, digits.length - rateScale);
  return rateScale === 0 ? whole : `${whole}.${digits.slice(-rateScale)}`;
}

/** An amount in another currency. */
export interface Conversion {
  boughtMinor: number;
  rounding: FxRounding;
}

/**
 * What an amount comes to, rounded half up, and what the rounding left out. The minor units of both currencies may differ: 10,000 fen at 20.5 yen for a yuan
 * are 2,050 yen, and not 205,000.
 * @throws RangeError beyond the safe integers
 */
export function convert(soldMinor: number, { rateUnits, rateScale }: FxRate, from: string, to: string): Conversion {
  const numerator = BigInt(soldMinor) * BigInt(rateUnits) * tenTo(exponentOf(to));
  const denominator = tenTo(rateScale + exponentOf(from));
  const bought = divideHalfUp(numerator, denominator);
  return { boughtMinor: toSafeInteger(bought), rounding: reduced(numerator - bought * denominator, denominator) };
}

function reduced(numerator: bigint, denominator: bigint): FxRounding {
  const common = commonDivisor(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: toSafeInteger(numerator / common), denominator: toSafeInteger(denominator / common) };
}

const commonDivisor = (one: bigint, other: bigint): bigint => (other === 0n ? one : commonDivisor(other, one % other));

const tenTo = (exponent: number): bigint => 10n ** BigInt(exponent);

/**
 * Whether a rate fits one the other way: what goes there and back loses or gains a fifth at most. Who turns a rate round, or slips by a digit, is found out.
 */
export function isInverse(one: FxRate, other: FxRate): boolean {
  const product = BigInt(one.rateUnits) * BigInt(other.rateUnits);
  const whole = tenTo(one.rateScale + other.rateScale);
  return product * 5n >= whole * 4n && product * 5n <= whole * 6n;
}

/** Whether a rate is at most twice, and at least half of another one of the same currencies. */
export function isNear(one: FxRate, other: FxRate): boolean {
  const [first, second] = [BigInt(one.rateUnits) * tenTo(other.rateScale), BigInt(other.rateUnits) * tenTo(one.rateScale)];
  return first <= second * 2n && second <= first * 2n;
}
