import fc from 'fast-check';
import { formatDecimal, parseCount, parseDecimal, parseScaled, roundScale } from './decimal-amount.js';

it.each([
  ['10.00', 2, 1000],
  ['-0.01', 2, -1],
  ['+3', 2, 300],
  ['0.06000', 2, 6],
  ['1.5', 3, 1500],
  ['0', 0, 0],
  ['-0.00', 2, 0],
  ['90071992547409.91', 2, Number.MAX_SAFE_INTEGER],
])('%s with %i digits is %i', (text, digits, expected) => {
  expect(Object.is(parseDecimal(text, digits, 'field'), expected)).toBe(true);
});

it.each([
  ['', 'amount_malformed'],
  ['1,000.00', 'amount_malformed'],
  ['1e3', 'amount_malformed'],
  ['.5', 'amount_malformed'],
  ['5.', 'amount_malformed'],
  ['0x10', 'amount_malformed'],
  ['NaN', 'amount_malformed'],
  ['--1', 'amount_malformed'],
  ['１０', 'amount_malformed'],
  ['10.001', 'amount_precision'],
  ['90071992547409.92', 'amount_out_of_range'],
])('%j is refused as %s', (text, code) => {
  expect(() => parseDecimal(text, 2, 'field')).toThrow(expect.objectContaining({ code, field: 'field', value: text }));
});

it('what is written is read, exactly and of any size', () =>
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.integer({ min: 0, max: 5 }), (value, digits) => {
      expect(parseScaled(formatDecimal(value, digits), digits, 'field')).toBe(value);
    }),
  ));

it('counts are whole and not negative', () => {
  expect([parseCount('20', 'count'), parseCount('20.0', 'count')]).toEqual([20, 20]);
  expect(() => parseCount('-1', 'count')).toThrow(expect.objectContaining({ code: 'amount_sign' }));
  expect(() => parseCount('1.5', 'count')).toThrow(expect.objectContaining({ code: 'amount_precision' }));
});

it.each([
  [42_600, 43],
  [42_499, 42],
  [42_500, 43],
  [-42_500, -43],
  [499, 0],
  [-499, 0],
])('%i of 10^-5 is %i of 10^-2, half up', (scaled, expected) => {
  expect(Object.is(roundScale(scaled, 5, 2), expected)).toBe(true);
});
