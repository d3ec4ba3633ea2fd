import { describe, expect, it } from '@jest/globals';
import { amountText, countText, durationText, textTable } from './text-table.js';

describe('a table of text', () => {
  const columns = [{ title: 'party' }, { title: 'USD', align: 'right' as const }];

  it('aligns its columns and ends no line with blanks', () => {
    expect(
      textTable(columns, [
        ['A', '9.00'],
        ['hub', '-10.50'],
      ]),
    ).toBe([' party     USD', ' ─────────────', ' A        9.00', ' hub    -10.50'].join('\n'));
  });

  it('sets a total off by a rule', () => {
    expect(textTable(columns, [['A', '9.00']], ['sum', '9.00']).split('\n')).toEqual([
      ' party   USD',
      ' ───────────',
      ' A      9.00',
      ' ───────────',
      ' sum    9.00',
    ]);
  });

  it('leaves cells empty where there is nothing', () => {
    expect(
      textTable(columns, [['A', undefined]])
        .split('\n')
        .at(-1),
    ).toBe(' A');
  });
});

describe('figures', () => {
  it.each([
    [0n, 'USD', '0.00'],
    [5, 'USD', '0.05'],
    [-50, 'USD', '-0.50'],
    [24_409_194n, 'USD', '244,091.94'],
    [-123_456_789, 'CNY', '-1,234,567.89'],
    [1_234_567, 'JPY', '1,234,567'],
  ])('%s minor units of %s read %s', (amountMinor, currency, expected) => expect(amountText(amountMinor, currency)).toBe(expected));

  it.each([
    [0, '0'],
    [999, '999'],
    [69_659, '69,659'],
  ])('%s as a count reads %s', (count, expected) => expect(countText(count)).toBe(expected));

  it.each([
    [400, '0.4 s'],
    [59_900, '59.9 s'],
    [125_000, '2 min 05 s'],
  ])('%s ms read %s', (milliseconds, expected) => expect(durationText(milliseconds)).toBe(expected));
});
