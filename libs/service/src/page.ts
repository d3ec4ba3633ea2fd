import { Problem } from './problem.js';

/** One page of a list, and the cursor of the next one where there is one. */
export interface Page<T> {
  items: T[];
  next?: string;
}

export interface PageQuery {
  limit?: string;
  cursor?: string;
}

/**
 * Reads `limit` (1 to 500, default 50) and `cursor` (opaque, from the page before).
 * @throws Problem invalid
 */
export function pageOf(query: PageQuery): { limit: number; after: string[] | undefined } {
  const limit = query.limit === undefined ? 50 : Number(query.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw new Problem('invalid', 'limit must be an integer from 1 to 500.', 'limit');
  return { limit, after: query.cursor === undefined ? undefined : decodeCursor(query.cursor) };
}

/** Makes a page of what was read with `limit + 1`: one more than asked for tells that there is a next page. */
export function toPage<Row, T>(
  rows: Row[],
  limit: number,
  keyOf: (row: Row) => (string | number | bigint)[],
  toItem: (row: Row) => T,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(toItem), ...(rows.length > limit && last && { next: encodeCursor(keyOf(last)) }) };
}

/** The cursor of the page after the one that ends with this key; for a page that `toPage` does not make. */
export const encodeCursor = (key: (string | number | bigint)[]): string =>
  Buffer.from(JSON.stringify(key.map(String))).toString('base64url');

function decodeCursor(cursor: string): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.every((part) => typeof part === 'string')) return key;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}
