import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cut, statementCsv } from './finance.view.js';
import { decodeLines, encodeMovement, type PartyLine } from './statement-lines.js';

const line = (at: string, index = 0): PartyLine => ({
  position: String(index),
  at,
  kind: 'fee',
  ref: `p${index}`,
  counterparty: 'hub:fees',
  amountMinor: 1,
});
const day = (number: number): string => new Date(Date.UTC(2026, 0, 1 + number)).toISOString();

describe('a period of a statement', () => {
  it('begins with the first movement that is not before it, and ends before the first that is not before its end', () => {
    const lines = [0, 1, 2, 3].map((number) => line(day(number), number));
    expect(cut(lines, day(1), day(3))).toEqual({ before: lines.slice(0, 1), within: lines.slice(1, 3) });
    expect(cut(lines, undefined, undefined)).toEqual({ before: [], within: lines });
    expect(cut(lines, day(9), undefined)).toEqual({ before: lines, within: [] });
  });

  it('joins the next one without a gap, wherever clocks have jumped to', () => {
    const days = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(fc.array(days), fc.array(days, { maxLength: 4 }), (times, bounds) => {
        const lines = times.map((time, index) => line(day(time), index));
        const cuts = [undefined, ...bounds.sort((one, other) => one - other).map(day), undefined];
        const periods = cuts.slice(1).map((to, index) => cut(lines, cuts[index], to));
        expect(periods.flatMap(({ within }) => within)).toEqual(lines);
        for (const { before, within } of periods) expect(lines.slice(0, before.length + within.length)).toEqual([...before, ...within]);
      }),
    );
  });
});

describe('the lines of a statement', () => {
  it('come out of a chunk as they went in', () => {
    const at = new Date(day(0));
    const fee = { kind: 'fee', counterparty: 'hub:fees', amountMinor: -5 };
    const sale = { kind: 'purchase', counterparty: 'provider:x', amountMinor: 100, external: true as const };
    const text =
      encodeMovement({ position: 12n, at, ref: 'p1', sides: [sale, fee] }) + encodeMovement({ position: 19n, at, ref: 'p2', sides: [fee] });
    const place = { position: '12', at: day(0), ref: 'p1' };
    expect(decodeLines(text)).toEqual([
      { ...place, ...sale },
      { ...place, ...fee },
      { ...place, position: '19', ref: 'p2', ...fee },
    ]);
  });

  it('give a spreadsheet no formula to run', () => {
    const evil = { ...line(day(0)), counterparty: '=1+1', balanceMinor: 1 };
    const csv = statementCsv({
      party: 'platform:A',
      currency: 'USD',
      from: null,
      to: null,
      openingMinor: 0,
      lines: [evil],
      closingMinor: 1,
    });
    expect(csv.split('\n')[2]).toBe(`0,${day(0)},fee,p0,'=1+1,USD,1,1,`);
  });
});
