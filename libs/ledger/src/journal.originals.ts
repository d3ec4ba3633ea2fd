import type { CommandOutcome, EntriesPosted, JournalEntry } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { Books } from './books.js';
import type { Outcome } from './commands.js';
import { journalStream } from './journal.fold.js';

interface Journal {
  store: Pick<EventStore, 'read'>;
  name?: string;
}

/** Entries by their numbers, from the journal; none for numbers that no entry has. */
export async function readEntries(
  { store, name }: Journal,
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

/** What a repeated command is answered with: the outcome that is remembered, with the balances that its entries made, from the journal. */
export async function withBalances({ store, name }: Journal, books: Books, { members, ...whole }: Outcome): Promise<Outcome> {
  const made = new Map<string, CommandOutcome['balances']>();
  const entries = [whole, ...(members ?? [])].flatMap(({ entry }) => entry ?? []);
  for (const revision of new Set(entries.map((entry) => books.revisionOf(entry)))) {
    if (revision === undefined) continue;
    const [stored] = await store.read<EntriesPosted>(journalStream(name), { from: revision, limit: 1 });
    for (const { commandId, balances } of stored?.event.outcomes ?? []) made.set(commandId, balances);
  }
  const complete = (outcome: CommandOutcome): CommandOutcome => {
    const balances = made.get(outcome.commandId);
    return balances ? { ...outcome, balances } : outcome;
  };
  return { ...complete(whole), ...(members && { members: members.map(complete) }) };
}
