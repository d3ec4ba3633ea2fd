/**
 * Integer arithmetic of money. Amounts are safe integers on the wire and bigint wherever two of them are multiplied or many are
 * added, so that no intermediate result is rounded by a double.
 */

/** The sum of amounts, exact. */
export const sumMinor = (amounts: Iterable<number | bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += BigInt(amount);
  return total;
};

/**
 * A bigint as the integer that JSON carries.
 * @throws RangeError beyond 2^53 - 1, where a double would no longer be exact.
 */
export function toSafeInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is beyond the safe integers`);
  return number;
}

/**
 * `numerator / denominator`, rounded half up, away from zero.
 * @throws RangeError if the denominator is not positive.
 */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('the denominator must be positive');
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** `amount` times `basisPoints` / 10,000, rounded half up. */
export const basisPointsOf = (amount: bigint, basisPoints: number): bigint => divideHalfUp(amount * BigInt(basisPoints), 10_000n);

/**
 * Divides a whole among weights so that nothing is lost: every share gets the integer part of its due, and what remains goes, one
 * minor unit each, to those with the largest remainder (of equals, the first). Hamilton's method.
 * @param total not negative
 * @param weights not negative, at least one of them positive
 * @returns shares in the order of the weights; their sum is `total`
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  const weight = sumMinor(weights);
  if (total < 0n || weight <= 0n || weights.some((each) => each < 0n))
    throw new RangeError('allocate takes a total and weights that are not negative');
  const shares = weights.map((each) => (total * each) / weight);
  const byRemainder = weights.map((each, index) => ({ index, remainder: (total * each) % weight })).sort(largestRemainderFirst);
  const left = Number(total - sumMinor(shares));
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] ?? 0n) + 1n;
  return shares;
}

function largestRemainderFirst(a: { index: number; remainder: bigint }, b: { index: number; remainder: bigint }): number {
  if (a.remainder === b.remainder) return a.index - b.index;
  return a.remainder > b.remainder ? -1 : 1;
}

/**
 * What the next part of a whole adds to a share, computed on the cumulative part so that rounding never accumulates:
 * `round(share * after / whole) - round(share * before / whole)`.
 */
export const proportionalStep = (share: bigint, before: bigint, after: bigint, whole: bigint): bigint =>
  divideHalfUp(share * after, whole) - divideHalfUp(share * before, whole);
