import fc from 'fast-check';
import { amountMinorOf, controlSum, decimalOf, minorOf } from './decimal.js';

describe('a decimal as minor units', () => {
  it.each([
    ['10.00', 'EUR', 1000n],
    ['10', 'EUR', 1000n],
    ['10.', 'EUR', 1000n],
    ['.5', 'EUR', 50n],
    ['+10.5', 'EUR', 1050n],
    ['0010.50000', 'EUR', 1050n],
    ['-0.01', 'EUR', -1n],
    ['-0', 'EUR', 0n],
    ['0', 'JPY', 0n],
    ['700.00', 'JPY', 700n],
    ['0.005', 'KWD', 5n],
    ['1.2345', 'CLF', 12345n],
    // Beyond a double: 0.1 + 0.2 is no question here.
    ['123456789012345678.91', 'EUR', 12345678901234567891n],
  ])('%s %s', (text, currency, minor) => expect(minorOf(text, currency)).toBe(minor));

  it.each([
    ['10.001', 'EUR', 'amount_precision'],
    ['0.5', 'JPY', 'amount_precision'],
    ['1', 'XAU', 'currency_unknown'],
    ['1', 'constructor', 'currency_unknown'],
    ['', 'EUR', 'value_invalid'],
    ['.', 'EUR', 'value_invalid'],
    ['1e3', 'EUR', 'value_invalid'],
    ['1,00', 'EUR', 'value_invalid'],
    ['NaN', 'EUR', 'value_invalid'],
    ['0x10', 'EUR', 'value_invalid'],
  ])('%s %s is refused', (text, currency, code) => expect(minorOf(text, currency)).toMatchObject({ code }));

  it('one amount stays below 2^53', () => {
    expect(amountMinorOf('90071992547409.91', 'EUR')).toBe(Number.MAX_SAFE_INTEGER);
    expect(amountMinorOf('90071992547409.92', 'EUR')).toMatchObject({ code: 'amount_too_large' });
  });

  it('what is written reads back the same, in every currency', () =>
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF', 'CNY'), (amountMinor, currency) => {
        expect(amountMinorOf(decimalOf(amountMinor, currency), currency)).toBe(amountMinor);
      }),
    ));
});

describe('a control sum', () => {
  it.each([
    [{}, '0'],
    [{ EUR: 5n }, '0.05'],
    [{ JPY: 7n }, '7'],
    [{ JPY: 7n, EUR: 5n, KWD: 1n }, '7.051'],
  ])('of %j is %s', (sums, text) => expect(controlSum(new Map(Object.entries(sums)))).toBe(text));
});
