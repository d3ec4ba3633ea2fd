import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { AmountMinor, Currency, Flag, Id, Integer, ListOf, Nested, OneOf, TextList, Timestamp } from './fields.js';
import { Problem } from './problem.js';
import { validated } from './validated.js';

class Inner {
  @Id()
  id!: string;
}

class Body {
  @AmountMinor()
  amountMinor!: number;

  @Currency()
  currency!: string;

  @Nested(() => Inner)
  inner!: Inner;

  @ListOf(() => Inner, { min: 1, max: 2 })
  list!: Inner[];

  @OneOf(['a', 'b'], { optional: true })
  choice?: string;

  @Timestamp({ optional: true })
  at?: string;

  @TextList({ optional: true })
  tags?: string[];

  @Flag({ optional: true })
  flag?: boolean;

  @Integer({ optional: true, min: -5, max: 5 })
  small?: number;
}

const good = { amountMinor: 1, currency: 'USD', inner: { id: 'x' }, list: [{ id: 'y' }] };

function problemOf(change: Record<string, unknown>): { code: string; field?: string } {
  try {
    validated(Body, { ...good, ...change });
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, field: error.field };
    throw error;
  }
  return { code: 'none' };
}

describe('a validated body', () => {
  it('is an instance with everything in it', () =>
    expect(validated(Body, { ...good, at: '2026-01-31T08:00:00+08:00', tags: ['t'] })).toMatchObject({ ...good, tags: ['t'] }));

  it.each<[string, Record<string, unknown>, string]>([
    ['an amount of 0', { amountMinor: 0 }, 'amountMinor'],
    ['a negative amount', { amountMinor: -1 }, 'amountMinor'],
    ['a fraction', { amountMinor: 1.5 }, 'amountMinor'],
    ['an unsafe integer', { amountMinor: 2 ** 53 }, 'amountMinor'],
    ['a number as text', { amountMinor: '1' }, 'amountMinor'],
    ['null', { amountMinor: null }, 'amountMinor'],
    ['a currency in lower case', { currency: 'usd' }, 'currency'],
    ['an unknown currency', { currency: 'ABC' }, 'currency'],
    ['a nested field', { inner: { id: '' } }, 'inner.id'],
    ['a list in place of an object', { inner: [{ id: 'x' }] }, 'inner'],
    ['an object in place of a list', { list: { id: 'x' } }, 'list'],
    ['an empty list', { list: [] }, 'list'],
    ['a list that is too long', { list: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }, 'list'],
    ['an element of a list', { list: [{ id: 'a' }, { id: 'b/c' }] }, 'list[1].id'],
    ['a number in a list of objects', { list: [1] }, 'list'],
    ['an unknown field', { extra: 1 }, 'extra'],
    ['an unknown nested field', { inner: { id: 'x', extra: 1 } }, 'inner.extra'],
    ['a choice that is none', { choice: 'c' }, 'choice'],
    ['a time without a zone', { at: '2026-01-31T08:00:00' }, 'at'],
    ['a day that does not exist', { at: '2026-02-31T08:00:00Z' }, 'at'],
    ['a flag as text', { flag: 'true' }, 'flag'],
    ['a number out of its range', { small: 6 }, 'small'],
  ])('with %s is refused, naming the field', (_, change, field) => expect(problemOf(change)).toEqual({ code: 'invalid', field }));

  it.each([[undefined], [null], ['text'], [[]]])('that is %p is refused', (body) => expect(() => validated(Body, body)).toThrow(Problem));
});
