import { Problem } from '@tongbao/service';

/**
 * An integer of a cursor, which may be anything that somebody made up.
 * @throws Problem invalid
 */
export function integerIn(cursor: readonly string[], index: number): number {
  const text = cursor[index] ?? '';
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
  return number;
}
