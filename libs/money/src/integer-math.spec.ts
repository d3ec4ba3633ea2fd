import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatMinor, exponentOf, isCurrency } from './currency.js';
import { allocate, basisPointsOf, divideHalfUp, proportionalStep, sumMinor, toSafeInteger } from './integer-math.js';

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });

describe('rounding half up', () => {
  it.each([
    [5n, 2n, 3n],
    [-5n, 2n, -3n],
    [4n, 3n, 1n],
    [-4n, 3n, -1n],
    [0n, 7n, 0n],
  ])('%s / %s is %s', (numerator, denominator, expected) => expect(divideHalfUp(numerator, denominator)).toBe(expected));

  it('takes 1 % of 30.00 and 70 % of 23.70 as the worked examples do', () =>
    expect([basisPointsOf(3000n, 100), basisPointsOf(2370n, 7000)]).toEqual([30n, 1659n]));
});

describe('allocation by the largest remainder', () => {
  it('gives the odd cents to the largest remainders, of equals to the first', () =>
    expect(allocate(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]));

  it('never loses or makes a minor unit, and is never off by one or more', () =>
    fc.assert(
      fc.property(amount, fc.array(fc.bigInt({ min: 0n, max: 10_000n }), { minLength: 1, maxLength: 20 }), (total, weights) => {
        const weight = sumMinor(weights);
        fc.pre(weight > 0n);
        const shares = allocate(total, weights);
        expect(sumMinor(shares)).toBe(total);
        shares.forEach((share, index) => {
          const error = share * weight - total * weights[index]!;
          expect(error < weight && error > -weight).toBe(true);
        });
      }),
    ));

  it('refuses negative totals and weights that are all nothing', () => {
    expect(() => allocate(-1n, [1n])).toThrow(RangeError);
    expect(() => allocate(1n, [0n])).toThrow(RangeError);
  });
});

describe('a proportional step', () => {
  it('sums to the share when the parts sum to the whole, in any parts', () =>
    fc.assert(
      fc.property(amount, fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 }), (share, parts) => {
        const whole = sumMinor(parts);
        let before = 0n;
        const steps = parts.map((part) => {
          const step = proportionalStep(share, before, before + part, whole);
          before += part;
          return step;
        });
        expect(sumMinor(steps)).toBe(share);
      }),
    ));
});

describe('currencies', () => {
  it('have the exponents of ISO 4217', () => expect(['USD', 'JPY', 'KWD', 'CNY', 'IDR'].map(exponentOf)).toEqual([2, 0, 3, 2, 2]));
  it('are refused when unknown', () => {
    expect(isCurrency('usd')).toBe(false);
    expect(() => exponentOf('XXQ')).toThrow(RangeError);
  });
  it.each([
    [-50, 'USD', '-0.50'],
    [123456, 'CNY', '1234.56'],
    [7, 'JPY', '7'],
    [5, 'KWD', '0.005'],
    [0, 'USD', '0.00'],
  ])('%s of %s read as %s', (minor, currency, text) => expect(formatMinor(minor, currency)).toBe(text));
});

it('a sum beyond the safe integers is refused, never rounded', () => expect(() => toSafeInteger(2n ** 53n)).toThrow(RangeError));
