/** What a settlement writes at once, each on a stream of its own: the store makes many of them durable together. */
const atOnce = 32;

/** Some at a time, in their order. @throws what the first one that fails throws; those that it began with may have been done */
export async function together<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < all.length; start += atOnce) await Promise.all(all.slice(start, start + atOnce).map(work));
}
