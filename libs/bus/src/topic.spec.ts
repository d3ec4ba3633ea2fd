import { describe, expect, it } from '@jest/globals';
import { topics } from '@tongbao/contracts';
import { busOffset } from './kafka-dead-letters.js';
import { busCategories, partitionOf } from './topic.js';
import { precedes } from './transport.js';

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
    ['3.9.1000', '3.10.1000'],
    ['3.9.1000', '3.10.2000'],
  ])('have the offset %s before %s', (left, right) => {
    expect(precedes(left, right)).toBe(true);
    expect(precedes(right, left)).toBe(false);
    expect(precedes(left, left)).toBe(false);
  });

  it('have no order between the offsets of one that was made anew: 0, taken later, comes not before 9', () => {
    expect(precedes('3.0.2000', '3.9.1000')).toBe(false);
    expect(precedes('3.9.1000', '3.0.2000')).toBe(false);
  });

  it('have offsets with no time where a message has none', () => expect(busOffset(3, '7', '-1')).toBe('3.7.0'));
});
