import { describe, expect, it } from '@jest/globals';
import { commandIdOf, nameOf, requiredKey } from './caller.js';
import { OperatorDirectory } from './operators.js';
import { pageOf, toPage } from './page.js';
import { Problem, problemDocument } from './problem.js';

describe('a command id', () => {
  const a = { kind: 'platform', platformId: 'A' } as const;
  const b = { kind: 'platform', platformId: 'B' } as const;
  it('differs by caller, so that the keys of two platforms never meet', () => expect(commandIdOf(a, 'k')).not.toBe(commandIdOf(b, 'k')));
  it('is the same for the same caller and key', () => expect(commandIdOf(a, 'k')).toBe(commandIdOf(a, 'k')));
  it('cannot be forged by a platform named like an operator', () =>
    expect(nameOf({ kind: 'platform', platformId: 'x' })).not.toBe(nameOf({ kind: 'operator', name: 'x', roles: [] })));
});

it.each([[undefined], [''], ['with space'], ['x'.repeat(256)], ['ключ']])('the idempotency key %p is refused', (key) =>
  expect(() => requiredKey(key)).toThrow(Problem),
);

it('an operator is known by the whole token alone', () => {
  const directory = new OperatorDirectory([{ name: 'jo', roles: ['ops'], token: 'tbo_jo_secret' }]);
  expect(directory.byToken('tbo_jo_secret')?.name).toBe('jo');
  expect(directory.byToken('tbo_jo_secre')).toBeUndefined();
});

describe('a page', () => {
  it('leads to the next by its cursor', () => {
    const rows = [1, 2, 3];
    const first = toPage(
      rows,
      2,
      (row) => [row],
      (row) => row,
    );
    expect(first.items).toEqual([1, 2]);
    expect(pageOf({ limit: '2', cursor: first.next }).after).toEqual(['2']);
    expect(
      toPage(
        [3],
        2,
        (row) => [row],
        (row) => row,
      ),
    ).toEqual({ items: [3] });
  });
  it.each([{ limit: '0' }, { limit: '501' }, { limit: 'x' }, { cursor: '!!' }, { cursor: Buffer.from('{"a":1}').toString('base64url') }])(
    '%p is refused',
    (query) => expect(() => pageOf(query)).toThrow(Problem),
  );
});

it('a problem document says what, where and why', () =>
  expect(problemDocument(new Problem('invalid', 'too long', 'items[0].contentId'))).toEqual({
    type: 'urn:tongbao:problem:invalid',
    title: 'A field is invalid',
    status: 422,
    code: 'invalid',
    detail: 'too long',
    field: 'items[0].contentId',
  }));
