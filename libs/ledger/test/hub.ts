import type { EntriesPosted } from '@tongbao/contracts';
import { EventStore, LogFeed, StoreUnavailable } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import type { Books } from '../src/books.js';
import { journalStream } from '../src/journal.fold.js';
import { JournalWriter, type WriterOptions } from '../src/journal.writer.js';
import { ledgerCategories } from '../src/ledger.module.js';
import { ledgerFactCategories, type AnyFact } from '../src/posting-rules.js';

type WriterStore = WriterOptions['store'];

/** A log of its own, empty, in memory. */
export async function openHub() {
  const server = await startEventStoreServer({ dataDir: ':memory:' });
  const store = EventStore.connect(server.connectionString);
  const feed = new LogFeed(store, { categories: ledgerCategories });
  await feed.start();
  const writers: JournalWriter[] = [];
  let facts = 0;

  return {
    store,
    feed,

    /** Appends facts, each to a stream of its own. @returns position of the last */
    async record(...recorded: AnyFact[]): Promise<bigint> {
      let position = 0n;
      for (const fact of recorded) {
        facts += 1;
        ({ position } = await store.append(`${categoryFor(fact)}-${facts}`, 'no_stream', [fact], { commandId: `fact ${facts}` }));
      }
      return position;
    },

    async startWriter(options: Partial<WriterOptions> = {}): Promise<JournalWriter> {
      const writer = await JournalWriter.start({ store, now: () => new Date(), ...options });
      writers.push(writer);
      return writer;
    },

    /** Lets a writer follow the log. */
    follow(writer: JournalWriter, maxBatch = 500) {
      return feed.consume({ name: 'ledger', categories: ledgerFactCategories, after: writer.sourcePosition, maxBatch }, (batch) =>
        writer.post(batch),
      );
    },

    async journal(): Promise<EntriesPosted[]> {
      return (await store.read<EntriesPosted>(journalStream())).map(({ event }) => event);
    },

    async close(): Promise<void> {
      await Promise.all(writers.map((writer) => writer.stop()));
      await feed.stop();
      await store.close();
      await server.close();
    },
  };
}

export type Hub = Awaited<ReturnType<typeof openHub>>;

const categoryFor = ({ type }: AnyFact): string =>
  type === 'ParticipantRegistered' ? 'participant' : type.startsWith('TopUp') ? 'topup' : type.startsWith('Window') ? 'window' : 'payment';

export const posted = (books: Books, account: string): number => Number(books.balance(account, 'CNY').posted);

/** A store whose n-th append (from 1) goes wrong: before it is done, or after. */
export function failing(
  store: EventStore,
  nth: number,
  when: 'before' | 'after',
  error: () => Error = () => new StoreUnavailable('gone'),
): WriterStore {
  let appends = 0;
  return {
    read: store.read.bind(store),
    append: async (...parameters) => {
      appends += 1;
      if (appends !== nth) return store.append(...parameters);
      if (when === 'after') await store.append(...parameters);
      throw error();
    },
  };
}

/** A store whose appends wait until they are let go, and that counts them. */
export function gated(store: EventStore): WriterStore & { release: () => void; readonly waiting: Promise<void> } {
  let open: () => void = () => undefined;
  let begun: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const waiting = new Promise<void>((resolve) => (begun = resolve));
  return {
    waiting,
    release: () => open(),
    read: store.read.bind(store),
    append: async (...parameters) => {
      begun();
      await gate;
      return store.append(...parameters);
    },
  };
}
