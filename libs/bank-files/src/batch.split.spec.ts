import fc from 'fast-check';
import { splitBatches, type BatchFacts } from './batch.split.js';

const instruction = fc.record({
  block: fc.constantFrom('a', 'b', 'c'),
  id: fc.string({ minLength: 1, maxLength: 4 }),
  amountMinor: fc.integer({ min: 1, max: 100 }),
  currency: fc.constantFrom('EUR', 'JPY'),
});
const instructions = fc.uniqueArray(instruction, { selector: ({ id }) => id, maxLength: 40 });
const limits = fc.record({
  transactionsPerFile: fc.integer({ min: 1, max: 10 }),
  sumMinorPerFile: fc.constantFrom<Record<string, bigint>>({}, { EUR: 100n }, { EUR: 150n, JPY: 300n }),
});
const split = (items: readonly BatchFacts[], most: Parameters<typeof splitBatches>[2]) => splitBatches(items, (item) => item, most);

describe('batches', () => {
  it('hold each instruction once, within every limit, in whatever order they are given', () =>
    fc.assert(
      fc.property(instructions, limits, fc.infiniteStream(fc.nat()), (items, most, random) => {
        const files = split(items, most);
        const held = files.flatMap(({ blocks }) => blocks.flatMap((block) => block.items));
        expect(new Set(held)).toEqual(new Set(items));
        expect(held).toHaveLength(items.length);
        for (const { transactions, sumsMinor, blocks } of files) {
          expect(transactions).toBe(blocks.reduce((sum, block) => sum + block.items.length, 0));
          expect(transactions).toBeLessThanOrEqual(most.transactionsPerFile);
          for (const [currency, limit] of Object.entries(most.sumMinorPerFile)) expect((sumsMinor.get(currency) ?? 0n) <= limit).toBe(true);
          expect(new Set(blocks.map(({ key }) => key)).size).toBe(blocks.length);
          for (const block of blocks) expect(block.items.every((item) => item.block === block.key)).toBe(true);
        }
        const shuffled = items.map((item) => ({ item, at: random.next().value })).sort((a, b) => a.at - b.at);
        expect(
          split(
            shuffled.map(({ item }) => item),
            most,
          ),
        ).toEqual(files);
      }),
    ));
});
