import { categoryOf, LogFeed, type DomainEvent, type EventStore, type FollowedBatch, type StoredEvent } from '@tongbao/event-store';

/** A log in memory that can be followed like the real one, and whose clock is set by hand. Positions leave gaps, as the store's do. */
export class MemoryLog {
  readonly events: StoredEvent[] = [];
  readonly #revisions = new Map<string, number>();
  #waiting: (() => void)[] = [];

  append<E extends DomainEvent>(stream: string, event: E, at: Date): StoredEvent<E> {
    const revision = (this.#revisions.get(stream) ?? -1) + 1;
    this.#revisions.set(stream, revision);
    const position = BigInt(this.events.length + 1) * 10n;
    const stored = { event, stream, revision, position, id: `e${position}`, metadata: {}, createdAt: at };
    this.events.push(stored);
    for (const wake of this.#waiting.splice(0)) wake();
    return stored;
  }

  get last(): bigint {
    return this.events.at(-1)?.position ?? 0n;
  }

  head(): Promise<bigint> {
    return Promise.resolve(this.last);
  }

  async *follow(categories: readonly string[], after: bigint, signal: AbortSignal): AsyncGenerator<FollowedBatch> {
    let next = Number(after / 10n);
    for (let caughtUp = false; !signal.aborted;) {
      const events = this.events.slice(next, next + 500);
      next += events.length;
      if (events.length > 0) yield { events: events.filter(({ stream }) => categories.includes(categoryOf(stream))), caughtUp: false };
      else if (caughtUp) await this.#change(signal);
      else {
        caughtUp = true;
        yield { events: [], caughtUp };
      }
    }
  }

  async feed(categories: readonly string[]): Promise<LogFeed> {
    const feed = new LogFeed(this.asStore, { categories });
    await feed.start();
    return feed;
  }

  /** What reads it uses nothing of a store but head and follow. */
  get asStore(): EventStore {
    return this as unknown as EventStore;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
