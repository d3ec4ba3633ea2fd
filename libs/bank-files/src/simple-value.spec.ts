import { base64Rule, decimalRule, isDate, isDateTime, lengthOf, lengthRule, shown, yearMonthRule, yearRule } from './simple-value.js';

it.each(['2026-11-20', '2024-02-29', '2000-02-29', '2026-11-20Z', '2026-11-20+14:00', '-0001-01-01'])('%s is a date', (text) =>
  expect(isDate(text)).toBe(true),
);
it.each([
  '2026-02-29',
  '1900-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-01-00',
  '2026-04-31',
  '20261120',
  '2026-1-2',
  '0000-01-01',
  '2026-11-20+14:01',
  '2026-11-20+01:60',
  '',
])('%s is none', (text) => expect(isDate(text)).toBe(false));

it.each(['2026-11-20T00:00:00', '2026-11-20T23:59:59.999999+08:00', '2026-11-20T24:00:00Z', '2026-11-20T24:00:00.000'])(
  '%s is a time',
  (text) => expect(isDateTime(text)).toBe(true),
);
it.each([
  '2026-11-20',
  '2026-11-20 00:00:00',
  '2026-11-20T24:00:01',
  '2026-11-20T24:00:00.001',
  '2026-11-20T12:60:00',
  '2026-11-20T12:00:60',
  '2026-02-30T00:00:00',
  '2026-11-20Z00:00:00',
])('%s is none', (text) => expect(isDateTime(text)).toBe(false));

it('a length is of characters', () => {
  expect(lengthOf('a漢😀')).toBe(3);
  expect(lengthRule(1, 2)('😀😀')).toBeUndefined();
  expect(lengthRule(1, 2)('😀😀😀')).toBe('it has 3 characters, 2 is the most');
  expect(lengthRule(1, 2)('')).toBe('it is empty');
});

it('digits of a decimal are those of its value', () => {
  const rule = decimalRule(5, 2, 0);
  for (const text of ['123.45', '00123.4500', '+1', '-0.00', '.5']) expect(rule(text)).toBeUndefined();
  for (const text of ['1234.56', '1.234', '123456', '-1', 'x', '', '.', '1e1', '0'.repeat(65)]) expect(rule(text)).toBeDefined();
  expect(decimalRule(5, 2, undefined)('-1')).toBeUndefined();
});

it('others', () => {
  expect(
    [yearRule('2026'), yearRule('26'), yearMonthRule('2026-12'), yearMonthRule('2026-13')].map((wrong) => wrong === undefined),
  ).toEqual([true, false, true, false]);
  const rule = base64Rule(1, 3);
  expect(['YWJj', 'YQ==', 'YW\nJj', '', 'YWJjZA==', 'Y', '!!!!'].map((text) => rule(text) === undefined)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(shown('x'.repeat(100))).toBe(`"${'x'.repeat(60)}…"`);
});
