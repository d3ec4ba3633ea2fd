import { describe, expect, it } from '@jest/globals';
import { randomOf } from './random.js';

const drawn = (...labels: (string | number)[]) => {
  const random = randomOf(7, ...labels);
  return Array.from({ length: 1_000 }, () => random.integer(100));
};

describe('pseudo-random numbers', () => {
  it('are the same for the same seed and labels', () => expect(drawn('order', 1)).toEqual(drawn('order', 1)));

  it('differ between labels', () => expect(drawn('order', 1)).not.toEqual(drawn('order', 2)));

  it('stay below their bound and use all of it', () => {
    const numbers = drawn('order', 1);
    expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 100)).toBe(true);
    expect(new Set(numbers).size).toBe(100);
  });

  it('do not change from one release to the next: figures of the demo depend on them', () => {
    expect(drawn('order', 1).slice(0, 5)).toEqual([19, 3, 54, 79, 32]);
  });
});
