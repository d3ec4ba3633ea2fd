import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore } from '@tongbao/event-store';
import { isFeeFact, type FeeEvent } from './facts.js';
import { feeStream, type FeeLines } from './fee-lines.js';
import type { PaymentIds } from './payment-ids.js';

/** Facts in one append. Each is an entry in the books: with many more, a payment that comes just after them would wait for all of theirs. */
const factsAtOnce = 100;

export interface FeePosting {
  provider: string;
  /** Of the fees in the books. */
  billId: string;
  billedAt: string;
  runId: string;
  /** Facts of this bill may have been written after this place of the log; undefined where this is the first that is known of it. */
  postedAfter: bigint | undefined;
  /** Rest between two appends, so that the books and the read models have time for the payments of today. */
  pauseMs: number;
}

/**
 * Tells the books of a bill's fees what they do not know yet. Whoever else writes to the provider's stream meanwhile makes this fail, so that what is posted is
 * always what was found lacking.
 * @throws WrongRevision where another process does the same
 */
export async function postFees(
  store: EventStore,
  fees: FeeLines,
  ids: PaymentIds,
  posting: FeePosting,
  signal: AbortSignal,
): Promise<void> {
  const stream = feeStream(posting.provider);
  // Before it is looked at what is there: what is written after that is found out by the revision.
  let revision = (await store.readLast(stream))?.revision;
  if (posting.postedAfter !== undefined)
    for await (const fact of postedFacts(store, posting, posting.postedAfter, signal)) await fees.addPosted(fact);
  const append = async (facts: readonly FeeEvent[]) => {
    signal.throwIfAborted();
    const commandId = `${posting.runId} fees after ${revision ?? 'nothing'}`;
    ({ revision } = await store.append(stream, revision ?? 'no_stream', facts, { commandId }));
  };
  let waiting: FeeEvent[] = [];
  for await (const facts of fees.toPost(posting, ids)) {
    waiting.push(...facts);
    for (; waiting.length >= factsAtOnce; waiting = waiting.slice(factsAtOnce)) {
      await append(waiting.slice(0, factsAtOnce));
      await delay(posting.pauseMs, undefined, { signal });
    }
  }
  if (waiting.length > 0) await append(waiting);
}

async function* postedFacts(
  store: EventStore,
  { provider, billId }: FeePosting,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<FeeEvent> {
  const done = new AbortController();
  try {
    for await (const { events, caughtUp } of store.follow(['reconciliation'], after, AbortSignal.any([signal, done.signal]))) {
      for (const stored of events)
        if (isFeeFact(stored) && stored.event.provider === provider && stored.event.billId === billId) yield stored.event;
      if (caughtUp) return;
    }
    signal.throwIfAborted();
  } finally {
    done.abort();
  }
}
