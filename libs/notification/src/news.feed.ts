import type { EventStore, LogFeed, StoredEvent } from '@tongbao/event-store';
import { newsStream, type NewsItem, type NewsReceived, type NewsReference } from './news.js';

/** An item and where it is. */
export interface PlacedNews {
  place: NewsReference;
  item: NewsItem;
}

const eventsPerPage = 100;

/**
 * News in order, for any number of readers at their own pace: the newest are in memory, what is older is read from the log. Nothing is kept
 * for a reader, so a slow one costs nothing, and it neither misses an item nor gets one twice.
 */
export class NewsFeed {
  #newest: StoredEvent<NewsReceived>[] = [];
  #last = -1;
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly store: EventStore,
    private readonly feed: LogFeed,
    private readonly capacity = 500,
  ) {}

  async start(): Promise<void> {
    const last = await this.store.readLast<NewsReceived>(newsStream);
    this.#last = last?.revision ?? -1;
    this.feed.consume({ name: 'news-feed', categories: ['news'], after: last?.position ?? 0n }, ({ events }) => {
      for (const stored of events as StoredEvent<NewsReceived>[]) this.#add(stored);
      for (const wake of this.#waiting) wake();
      return Promise.resolve();
    });
  }

  /** Revision of the newest news; -1 when there are none. */
  get last(): number {
    return this.#last;
  }

  /** The same, as the store has it. */
  async newest(): Promise<number> {
    return (await this.store.readLast<NewsReceived>(newsStream))?.revision ?? -1;
  }

  /** The end, as it is now: what comes from here on is new. */
  end(): NewsReference {
    return { revision: this.#last, index: Number.MAX_SAFE_INTEGER };
  }

  /** Everything after a place, then what comes, until the signal is aborted. */
  async *after(place: NewsReference, signal: AbortSignal): AsyncGenerator<PlacedNews[]> {
    // The event at the place itself may hold more, unless the place is its end.
    let next = place.index === Number.MAX_SAFE_INTEGER ? place.revision + 1 : Math.max(0, place.revision);
    while (!signal.aborted) {
      const page = await this.#from(next);
      if (page.length === 0) {
        await this.#beyond(next, signal);
        continue;
      }
      for (const stored of page) {
        const seen = stored.revision === place.revision ? place.index : -1;
        const placed = stored.event.items.map((item, index) => ({ place: { revision: stored.revision, index }, item }));
        yield placed.slice(seen + 1);
        next = stored.revision + 1;
      }
    }
  }

  #add(stored: StoredEvent<NewsReceived>): void {
    this.#newest.push(stored);
    this.#last = stored.revision;
    if (this.#newest.length > this.capacity * 1.25) this.#newest = this.#newest.slice(-this.capacity);
  }

  async #from(revision: number): Promise<StoredEvent<NewsReceived>[]> {
    if (revision > this.#last) return [];
    const [oldest] = this.#newest;
    if (oldest && revision >= oldest.revision)
      return this.#newest.slice(revision - oldest.revision, revision - oldest.revision + eventsPerPage);
    return this.store.read<NewsReceived>(newsStream, { from: revision, limit: eventsPerPage });
  }

  /** Resolves when there is news at this revision. */
  async #beyond(revision: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#last >= revision) return;
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await woken;
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}
