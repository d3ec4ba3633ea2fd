import { categoryOf, StoreUnavailable, type EventStore, type StoredEvent } from '@tongbao/event-store';
import { UsageError } from './exit-codes.js';

/** A part of the log, as a command line names it; everything up to now when nothing is named. */
export interface GivenRange {
  /** The first log position. */
  from?: bigint;
  /** The last log position. */
  to?: bigint;
  /** The events of this stream alone. */
  stream?: string;
}

export interface LogRange {
  /** The range begins after this position. */
  after: bigint;
  /** It ends with this one. */
  to: bigint;
  stream?: string;
  categories: readonly string[];
  /** Something may come before it that belongs to it. */
  isPart: boolean;
}

/**
 * @param categories those that are of interest
 * @throws UsageError when the range is empty, or of another category
 */
export async function rangeOf(store: EventStore, { from, to, stream }: GivenRange, categories: readonly string[]): Promise<LogRange> {
  if (stream !== undefined && !categories.includes(categoryOf(stream)))
    throw new UsageError(`${stream} is not among what is read here: streams of ${categories.join(', ')}.`);
  const head = await store.head();
  const end = to !== undefined && to < head ? to : head;
  if (from !== undefined && from > end) throw new UsageError(`There is nothing from ${from} on: the range ends at ${end}.`);
  const after = from === undefined ? 0n : await store.positionBefore(from);
  return { after, to: end, categories, isPart: after > 0n || stream !== undefined, ...(stream !== undefined && { stream }) };
}

/**
 * The events of a range in log order, in batches.
 * @throws StoreUnavailable at the first sign of an outage
 */
export async function* eventsOf(store: EventStore, range: LogRange): AsyncGenerator<StoredEvent[]> {
  const { after, to, stream } = range;
  if (stream === undefined) {
    yield* followed(store, range);
    return;
  }
  const events = (await store.read(stream)).filter(({ position }) => position > after && position <= to);
  if (events.length > 0) yield events;
}

async function* followed(store: EventStore, { after, to, categories }: LogRange): AsyncGenerator<StoredEvent[]> {
  const reading = new AbortController();
  const onOutage = (error: unknown) => {
    throw new StoreUnavailable('the event store cannot be reached', { cause: error });
  };
  try {
    for await (const { events, caughtUp } of store.follow(categories, after, reading.signal, onOutage)) {
      const wanted = events.filter(({ position }) => position <= to);
      if (wanted.length > 0) yield wanted;
      if (caughtUp || wanted.length < events.length) return;
    }
  } finally {
    reading.abort();
  }
}
