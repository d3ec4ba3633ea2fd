import { Outage } from '@tongbao/event-store';
import { ProjectionBehind } from '@tongbao/service';

/** What a settlement writes at once, each on a stream of its own: the store makes many of them durable together. */
const atOnce = 32;

/**
 * Some at a time, in their order. One that fails holds up no other one, unless it fails because of what is down for all of them.
 * @throws once nothing is under way any more, what one of them has thrown: an outage, where there was one, since the others are done when it is tried again
 */
export async function together<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (let start = 0; start < all.length && !failures.some(isForAll); start += atOnce) {
    const done = await Promise.allSettled(all.slice(start, start + atOnce).map(work));
    failures.push(...done.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])));
  }
  if (failures.length > 0) throw failures.find(isForAll) ?? failures.find((failure) => failure instanceof Outage) ?? failures[0];
}

/** What one reads of a projection may be there for the others. */
const isForAll = (failure: unknown): boolean => failure instanceof Outage && !(failure instanceof ProjectionBehind);
