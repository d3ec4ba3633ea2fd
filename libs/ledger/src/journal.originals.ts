import type { EntriesPosted, JournalEntry } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { Books } from './books.js';
import { journalStream } from './journal.fold.js';

/** Entries by their numbers, from the journal; none for numbers that no entry has. */
export async function readEntries(
  { store, name }: { store: Pick<EventStore, 'read'>; name?: string },
  books: Books,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, JournalEntry>> {
  const entries = new Map<number, JournalEntry>();
  const byRevision = Map.groupBy(new Set(numbers), (number) => books.revisionOf(number));
  for (const [revision, wanted] of byRevision) {
    if (revision === undefined) continue;
    const [stored] = await store.read<EntriesPosted>(journalStream(name), { from: revision, limit: 1 });
    for (const number of wanted) {
      const entry = stored?.event.entries[number - stored.event.firstEntry];
      if (!entry) throw new Error(`journal event ${revision} does not hold entry ${number}`);
      entries.set(number, entry);
    }
  }
  return entries;
}
