import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** An event as it was once written, in a version that must be understood for ever. */
export interface GoldenEvent<E> {
  stream: string;
  revision: number;
  event: E;
}

const folder = new URL('../../contracts/golden/', import.meta.url);

/** All golden events of a category. */
export function goldenEvents<E = { type: string }>(category: string): GoldenEvent<E>[] {
  const files = readdirSync(fileURLToPath(new URL(`${category}/`, folder))).sort();
  // The files are the events of this type: that is what the specs that read them check.
  return files.map((file) => JSON.parse(readFileSync(new URL(`${category}/${file}`, folder), 'utf8')) as GoldenEvent<E>);
}
