import { describe, expect, it } from '@jest/globals';
import { exponentOf, isCurrency } from '@tongbao/money';
import fc from 'fast-check';
import { convert, isInverse, isNear, rateOf, rateText } from './fx-rate.js';

const rate = (text: string) => rateOf(text)!;

describe('a rate', () => {
  it.each([
    ['0.138889', { rateUnits: 138_889, rateScale: 6 }],
    ['7.2', { rateUnits: 72, rateScale: 1 }],
    ['20', { rateUnits: 20, rateScale: 0 }],
    ['0.0000000001', { rateUnits: 1, rateScale: 10 }],
  ])('%s is whole numbers, and is read as it is written', (text, expected) => {
    expect(rateOf(text)).toEqual(expected);
    expect(rateText(expected)).toBe(text);
  });

  it.each(['0', '0.000', '', '-1', '+1', '1e3', '1,5', '.5', '5.', '0.00000000001', '99999999999', '9999999999.9999999999', ' 1', 'NaN'])(
    '%j is none',
    (text) => expect(rateOf(text)).toBeUndefined(),
  );

  it.each([
    ['0.138889', '7.2', true],
    ['0.138889', '0.138889', false],
    ['7.2', '7.2', false],
    ['0.138889', '72', false],
    ['1', '1.2', true],
    ['1', '1.21', false],
    ['1', '0.8', true],
    ['1', '0.79', false],
  ])('%s there and %s back fit: %s', (there, back, fits) => expect(isInverse(rate(there), rate(back))).toBe(fits));

  it.each([
    ['1', '2', true],
    ['1', '2.0000000001', false],
    ['0.5', '1', true],
    ['0.4999', '1', false],
  ])('%s is near %s: %s', (one, other, near) => expect(isNear(rate(one), rate(other))).toBe(near));
});

describe('an amount in another currency', () => {
  it.each([
    ['720.00 CNY at 0.138889 are 100.00008 USD', 72_000, '0.138889', 'CNY', 'USD', 10_000, { numerator: 1, denominator: 125 }],
    ['100.00 CNY at 20.5 are 2,050 JPY: yen have no smaller unit', 10_000, '20.5', 'CNY', 'JPY', 2_050, { numerator: 0, denominator: 1 }],
    ['2,051 JPY at 0.0488 are 100.0888 CNY', 2_051, '0.0488', 'JPY', 'CNY', 10_009, { numerator: -3, denominator: 25 }],
    ['half a unit is rounded up', 5, '0.1', 'CNY', 'USD', 1, { numerator: -1, denominator: 2 }],
    [
      '10.00 USD at 0.3075 are 3.075 KWD: a dinar has a thousand fils',
      1_000,
      '0.3075',
      'USD',
      'KWD',
      3_075,
      { numerator: 0, denominator: 1 },
    ],
    ['less than half a unit is nothing', 4, '0.1', 'CNY', 'USD', 0, { numerator: 2, denominator: 5 }],
  ])('%s', (_, sold, text, from, to, boughtMinor, rounding) =>
    expect(convert(sold, rate(text), from, to)).toEqual({ boughtMinor, rounding }),
  );

  it('that is more than a double tells exactly is refused', () =>
    expect(() => convert(Number.MAX_SAFE_INTEGER, rate('2'), 'CNY', 'USD')).toThrow(RangeError));

  const currencies = fc.constantFrom('CNY', 'USD', 'JPY', 'KWD', 'CLF', 'EUR').filter(isCurrency);
  const rates = fc
    .record({ rateUnits: fc.integer({ min: 1, max: 100_000_000 }), rateScale: fc.integer({ min: 0, max: 10 }) })
    .filter(({ rateUnits, rateScale }) => rateUnits / 10 ** rateScale < 1_000);

  it('plus what the rounding left out is the sold amount at the rate, exactly; and the rounding is half a unit at most', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), rates, currencies, currencies, (sold, at, from, to) => {
        const { boughtMinor, rounding } = convert(sold, at, from, to);
        const [numerator, denominator] = [BigInt(rounding.numerator), BigInt(rounding.denominator)];
        // sold / 10^from * units / 10^scale = (bought + n / d) / 10^to, with everything on one side of the line.
        const left = BigInt(sold) * BigInt(at.rateUnits) * 10n ** BigInt(exponentOf(to)) * denominator;
        const right = (BigInt(boughtMinor) * denominator + numerator) * 10n ** BigInt(at.rateScale + exponentOf(from));
        expect(left).toBe(right);
        expect(2n * (numerator < 0n ? -numerator : numerator) <= denominator).toBe(true);
      }),
      { numRuns: 500 },
    ));

  it('never grows when less is sold', () =>
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000_000_000 }), rates, (sold, at) => {
        expect(convert(sold - 1, at, 'CNY', 'USD').boughtMinor).toBeLessThanOrEqual(convert(sold, at, 'CNY', 'USD').boughtMinor);
      }),
      { numRuns: 300 },
    ));
});
