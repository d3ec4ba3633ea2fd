import type { EntriesPosted } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { Books, type Memory } from './books.js';

const eventsAtOnce = 50;

export interface JournalSource {
  store: Pick<EventStore, 'read'>;
  /** The books are the stream `journal-<name>`. */
  name?: string;
  memory?: Memory;
}

/** The stream of the books. */
export const journalStream = (name = 'main'): string => `journal-${name}`;

/** The books, and where the journal that they come from ends. */
export interface FoldedJournal {
  books: Books;
  /** Log position of the journal's last event. */
  position: bigint;
}

/** The books as the journal has them. */
export async function foldJournal({ store, name, memory }: JournalSource): Promise<FoldedJournal> {
  const books = new Books(memory);
  let position = 0n;
  for (let from = 0; ; from += eventsAtOnce) {
    const page = await store.read<EntriesPosted>(journalStream(name), { from, limit: eventsAtOnce });
    for (const { event, revision, position: reached } of page) {
      books.apply(event, revision);
      position = reached;
    }
    if (page.length < eventsAtOnce) return { books, position };
  }
}
