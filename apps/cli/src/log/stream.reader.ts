import { Outage, type EventStore, type StoredEvent } from '@tongbao/event-store';
import type { Findings } from './findings.js';

/** The books, and what was signed of them. */
export const journalStream = 'journal-main';
export const logStream = 'log-main';

type Store = Pick<EventStore, 'read'>;

export interface StreamRange {
  stream: string;
  /** First revision; the start when not given. */
  from?: number;
  /** Log position of the last event that is wanted; all when not given. */
  upTo?: bigint | undefined;
  /** Events that are read at once. */
  pageSize: number;
}

/** What gRPC calls it when a server finds that what it has stored is damaged. */
const grpcDataLoss = 15;

const isDamage = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof Outage) && 'code' in error && error.code === grpcDataLoss;

/**
 * The events of a stream, page by page, with what is damaged or missing left out: each such event is a finding, and reading goes on behind it.
 * @throws Outage
 */
export async function* readStream(
  store: Store,
  { stream, from = 0, upTo, pageSize }: StreamRange,
  findings: Findings,
): AsyncGenerator<StoredEvent[]> {
  let next = from;
  for (;;) {
    const { events, end, unreadable } = await readPage(store, stream, next, pageSize);
    for (const [revision, error] of unreadable)
      findings.add({ finding: 'event_damaged', at: `${stream}@${revision}`, detail: error.message });
    const known = new Set(unreadable.keys());
    const wanted = upTo === undefined ? events : events.filter(({ position }) => position <= upTo);
    for (const { revision } of wanted) {
      tellGap(stream, next, revision, known, findings);
      next = revision + 1;
    }
    if (wanted.length > 0) yield wanted;
    if (end === undefined || wanted.length < events.length) return;
    next = end;
  }
}

function tellGap(stream: string, from: number, to: number, known: ReadonlySet<number>, findings: Findings): void {
  for (let revision = from; revision < to; revision++) {
    if (!known.has(revision)) findings.add({ finding: 'event_missing', at: `${stream}@${revision}` });
  }
}

interface ReadPage {
  events: StoredEvent[];
  /** Where the next page begins; undefined when there is none. */
  end?: number;
  unreadable: ReadonlyMap<number, Error>;
}

async function readPage(store: Store, stream: string, from: number, limit: number): Promise<ReadPage> {
  try {
    const events = await store.read(stream, { from, limit });
    const last = events.at(-1);
    return { events, unreadable: new Map(), ...(last && events.length === limit && { end: last.revision + 1 }) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return readOneByOne(store, stream, from, limit);
  }
}

/** The server gives nothing of a page with a damaged event in it. */
async function readOneByOne(store: Store, stream: string, from: number, limit: number): Promise<ReadPage> {
  const events: StoredEvent[] = [];
  const unreadable = new Map<number, Error>();
  let next = from;
  for (let read = 0; read < limit; read++) {
    try {
      const [event] = await store.read(stream, { from: next, limit: 1 });
      if (!event) return { events, unreadable };
      events.push(event);
      next = event.revision + 1;
    } catch (error) {
      if (!isDamage(error)) throw error;
      unreadable.set(next, error);
      next += 1;
    }
  }
  return { events, unreadable, end: next };
}

/** The newest event of a stream; undefined when there is none, or it is damaged: whoever reads the stream finds that. */
export async function newestOf(store: Pick<EventStore, 'readLast'>, stream: string): Promise<StoredEvent | undefined> {
  try {
    return await store.readLast(stream);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** The newest events of a stream, newest first; none where one of them is damaged. */
export async function newestIn(store: Store, stream: string, limit: number): Promise<StoredEvent[]> {
  try {
    return await store.read(stream, { backwards: true, from: 'end', limit });
  } catch (error) {
    if (isDamage(error)) return [];
    throw error;
  }
}
