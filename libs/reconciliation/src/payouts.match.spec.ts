import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pairPayouts, type PaidIn, type PaidOut } from './payouts.match.js';

const paid = (providerRef: string, amountMinor: number, day: number, currency = 'CNY'): PaidOut => ({
  ...{ providerRef, amountMinor: BigInt(amountMinor), currency, paidAt: `2026-03-${String(day).padStart(2, '0')}T10:00:00.000Z` },
});
const booked = (lineId: string, amountMinor: number, day: number, reference = '', currency = 'CNY'): PaidIn => ({
  ...{
    bank: 'icbc',
    lineId,
    amountMinor: BigInt(amountMinor),
    currency,
    reference,
    bookedAt: `2026-03-${String(day).padStart(2, '0')}T02:00:00.000Z`,
  },
});
const pairs = (payouts: PaidOut[], lines: PaidIn[]) =>
  pairPayouts(payouts, lines, 3).pairs.map(({ payout, line }) => `${payout.providerRef}=${line.lineId}`);

describe('a payout of a provider is the line of our bank', () => {
  it('that names it, whatever its place', () =>
    expect(
      pairs([paid('po_1', 500, 1), paid('po_2', 500, 2)], [booked('l1', 500, 2, 'STRIPE po_2'), booked('l2', 500, 2, 'po_1;x')]),
    ).toEqual(['po_1=l2', 'po_2=l1']));
  it('of the same amount, the oldest first', () =>
    expect(pairs([paid('a', 500, 1), paid('b', 500, 2)], [booked('l1', 500, 2), booked('l2', 500, 3)])).toEqual(['a=l1', 'b=l2']));
  it('not of another amount or currency, nor of another time', () => {
    const found = pairPayouts(
      [paid('a', 500, 10)],
      [booked('l1', 501, 10), booked('l2', 500, 10, '', 'USD'), booked('l3', 500, 5), booked('l4', 500, 15)],
      3,
    );
    expect([found.pairs, found.differing, found.payouts.length, found.lines.length]).toEqual([[], [], 1, 4]);
  });
  it('with another amount than the one that names it: a difference', () => {
    const found = pairPayouts([paid('po_1', 500, 1)], [booked('l1', 499, 2, 'payout po_1')], 3);
    expect(found).toMatchObject({
      pairs: [],
      differing: [{ payout: { providerRef: 'po_1' }, line: { lineId: 'l1' } }],
      payouts: [],
      lines: [],
    });
  });
  it('a name is a whole word', () => expect(pairs([paid('po_1', 500, 1)], [booked('l1', 500, 20, 'po_12')])).toEqual([]));

  it('never twice, and nothing is lost', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(amounts, amounts, (out, into) => {
        const payouts = out.map((amount, index) => paid(`p${index}`, amount, 1));
        const lines = into.map((amount, index) => booked(`l${index}`, amount, 2));
        const found = pairPayouts(payouts, lines, 3);
        const used = [...found.pairs, ...found.differing];
        expect(new Set([...used.map(({ payout }) => payout), ...found.payouts]).size).toBe(payouts.length);
        expect(new Set([...used.map(({ line }) => line), ...found.lines]).size).toBe(lines.length);
        // As many as there are of each amount on both sides.
        const count = (amount: number, all: number[]) => all.filter((each) => each === amount).length;
        expect(found.pairs.length).toBe([1, 2, 3].reduce((sum, amount) => sum + Math.min(count(amount, out), count(amount, into)), 0));
      }),
    );
  });
});
