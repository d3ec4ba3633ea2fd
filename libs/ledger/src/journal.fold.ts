import type { EntriesPosted } from '@tongbao/contracts';
import { faultPoint, type EventStore } from '@tongbao/event-store';
import { Books, type Memory } from './books.js';
import type { Snapshots } from './journal.snapshots.js';

const eventsAtOnce = 50;

export interface JournalSource {
  store: Pick<EventStore, 'read'>;
  /** The books are the stream `journal-<name>`. */
  name?: string;
  memory?: Memory;
  /** Where to begin; without them, at the journal's first event. */
  snapshots?: Pick<Snapshots, 'newest'>;
}

/** The stream of the books. */
export const journalStream = (name = 'main'): string => `journal-${name}`;

/** Where tests of crashes end a process: when it leads and has not yet folded, and when it has folded and not yet written. */
const foldPoint = (name = 'main'): string => `fold-${name}`;

/** The books, and where the journal that they come from ends. */
export interface FoldedJournal {
  books: Books;
  /** Log position of the journal's last event. */
  position: bigint;
  /** How much of it a snapshot had. */
  resumed: { entries: number; events: number };
}

/** The books as the journal has them: those of the newest snapshot, and the events after it. */
export async function foldJournal({ store, name, memory, snapshots }: JournalSource): Promise<FoldedJournal> {
  faultPoint('before', foldPoint(name));
  const snapshot = await snapshots?.newest(memory);
  const books = snapshot?.books ?? new Books(memory);
  const resumed = { entries: books.nextEntry, events: books.revision === undefined ? 0 : books.revision + 1 };
  let position = snapshot?.position ?? 0n;
  const readFrom = (from: number) => store.read<EntriesPosted>(journalStream(name), { from, limit: eventsAtOnce });
  let next = readFrom(resumed.events);
  for (let from = resumed.events; ; from += eventsAtOnce) {
    const page = await next;
    const isLast = page.length < eventsAtOnce;
    // The store reads on while this page is folded.
    if (!isLast) next = readFrom(from + eventsAtOnce);
    // Who awaits it hears of a failure; nobody does when the fold fails first.
    next.catch(() => undefined);
    for (const { event, revision, position: reached } of page) {
      books.apply(event, revision);
      position = reached;
    }
    if (isLast) break;
  }
  faultPoint('after', foldPoint(name));
  return { books, position, resumed };
}
