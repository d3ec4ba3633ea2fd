import { describe, expect, it } from '@jest/globals';
import type { PartySettlement } from '@tongbao/contracts';
import fc from 'fast-check';
import type { CalculatedAmounts } from './settlement.calculate.js';
import { firstRows, slicesOf, unwritten } from './settlement.slices.js';

const row = (party: string, netMinor: number): PartySettlement => ({
  ...{ party, carriedInMinor: 0, netMinor, payableMinor: netMinor, action: 'pay_out', carriedOutMinor: 0, sides: 1 },
});

const amounts: fc.Arbitrary<Required<CalculatedAmounts>> = fc
  .record({ parties: fc.nat({ max: 40 }), obligations: fc.nat({ max: 10 }), direct: fc.nat({ max: 10 }) })
  .map(({ parties, obligations, direct }) => {
    const numbered = <T>(length: number, make: (name: string) => T) =>
      Array.from({ length }, (_, index) => make(String(index).padStart(3, '0')));
    return {
      parties: numbered(parties, (name) => row(`creator:${name}`, Number(name))),
      obligations: numbered(obligations, (name) => ({ debtor: `platform:${name}`, creditor: 'platform:a', amountMinor: 1 })),
      direct: numbered(direct, (name) => ({ obligationId: name, debtor: `platform:${name}`, creditor: 'platform:a', amountMinor: 1 })),
    };
  });

/** What all slices have, one after another. */
const joined = (slices: readonly CalculatedAmounts[]): Required<CalculatedAmounts> => ({
  parties: slices.flatMap(({ parties }) => parties),
  obligations: slices.flatMap(({ obligations }) => obligations),
  direct: slices.flatMap(({ direct = [] }) => direct),
});

describe('a calculation', () => {
  it('that is small is one event, as it was calculated', () => {
    const small = { parties: [row('creator:K', 1)], obligations: [] };
    expect(slicesOf(small, 400_000)).toEqual({ slices: [], last: small });
    expect(slicesOf({ parties: [], obligations: [], direct: [] }, 1)).toEqual({ slices: [], last: { parties: [], obligations: [] } });
  });

  it('is in slices that have each of its rows once, in their order, and none more than a bound', () =>
    fc.assert(
      fc.property(amounts, fc.integer({ min: 200, max: 3_000 }), (all, characters) => {
        const { slices, last } = slicesOf(all, characters);
        expect(joined([...slices, last])).toEqual(all);
        for (const slice of [...slices, last]) expect(JSON.stringify(slice).length).toBeLessThan(characters + 60);
      }),
    ));

  it('that ended after any of its slices goes on with those that were left', () =>
    fc.assert(
      fc.property(amounts, fc.integer({ min: 200, max: 1_000 }), fc.nat({ max: 20 }), (all, characters, at) => {
        const { slices, last } = slicesOf(all, characters);
        const done = slices.slice(0, at);
        const { parties, obligations, direct } = joined(done);
        const written = { parties, direct, slices: { count: done.length, obligations: obligations.length } };
        expect(slicesOf(unwritten(all, written), characters)).toEqual({ slices: slices.slice(at), last });
      }),
    ));

  it('whose parties have become others goes on after the last one that is written', () => {
    const written = { parties: [row('creator:K', 1)], direct: [], slices: { count: 1, obligations: 0 } };
    const now = { parties: [row('creator:J', 5), row('creator:K', 9), row('platform:A', 3)], obligations: [] };
    expect(unwritten(now, written).parties).toEqual([row('platform:A', 3)]);
  });
});

it('the first rows are as many as fit, and one at least', () => {
  expect(firstRows(['aaaa', 'bbbb', 'cccc'], 14)).toEqual(['aaaa', 'bbbb']);
  expect(firstRows(['aaaa', 'bbbb'], 1)).toEqual(['aaaa']);
  expect(firstRows(['aaaa', 'bbbb'], 100)).toEqual(['aaaa', 'bbbb']);
  expect(firstRows([], 1)).toEqual([]);
});
