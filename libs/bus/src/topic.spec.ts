import { describe, expect, it } from '@jest/globals';
import { topics } from '@tongbao/contracts';
import { busCategories, partitionOf } from './topic.js';
import { compareOffsets } from './transport.js';

describe('topics', () => {
  it('spread keys over all partitions', () => {
    const counts = Array.from({ length: 12 }, () => 0);
    for (let key = 0; key < 12_000; key += 1) counts[partitionOf(`pay_${key}`)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });

  it('need the categories of the publishers and the streams of the command topics consumed', () => {
    const publishers = [
      { service: 'payment', categories: ['payment', 'topup'], publish: () => [] },
      { service: 'ledger', categories: ['journal', 'topup'], publish: () => [] },
    ];
    const categories = busCategories(publishers, [topics.paymentEvents, topics.ledgerCommands]);
    expect(categories).toEqual(['payment', 'topup', 'journal', 'bus_tongbao.ledger.commands']);
  });

  it.each([
    ['9', '10'],
    ['9.11', '10.0'],
    ['10.9', '10.10'],
  ])('have the offset %s before %s', (left, right) => {
    expect(compareOffsets(left, right)).toBe(-1);
    expect(compareOffsets(right, left)).toBe(1);
    expect(compareOffsets(left, left)).toBe(0);
  });
});
