import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJsonBody } from './json-body.js';
import { Problem } from './problem.js';

const parse = (text: string) => parseJsonBody(Buffer.from(text));

describe('a request body', () => {
  it('is what JSON.parse makes of it, whatever it is, as long as numbers are exact', () =>
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    ));

  it.each(['1.0', '1e2', '0.1', '-0', '12.50', '1E+3', '9007199254740991'])(
    'takes %s, which a double holds exactly or prints the same',
    (text) => expect(parse(text)).toBe(Number(text)),
  );

  it.each([
    ['an integer that a double would round', '9007199254740993'],
    ['a fraction that a double would drop', '10.00000000000000000001'],
    ['a number beyond all doubles', '1e400'],
    ['a duplicate key', '{"a":1,"a":2}'],
    ['a duplicate key with the same value', '{"a":1,"a":1}'],
    ['a duplicate key deep inside', '{"a":[{"b":":","b":":"}]}'],
    ['a prototype', '{"__proto__":{"a":1}}'],
    ['a trailing comma', '{"a":1,}'],
    ['two values', '{} {}'],
    ['nesting without end', '['.repeat(100_000)],
  ])('with %s is malformed', (_, text) => expect(() => parse(text)).toThrow(Problem));

  it('that is no UTF-8 is malformed', () => expect(() => parseJsonBody(Buffer.from([0x22, 0xe9, 0x22]))).toThrow(Problem));
});
