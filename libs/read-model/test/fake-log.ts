import {
  categoryOf,
  LogFeed,
  type DomainEvent,
  type EventStore,
  type FeedOptions,
  type FollowedBatch,
  type StoredEvent,
} from '@tongbao/event-store';

/** A log in memory that can be followed like the real one; it may be told to fail. */
export class FakeLog {
  readonly events: StoredEvent[] = [];
  #waiting: (() => void)[] = [];

  append(stream: string, event: DomainEvent): bigint {
    const position = BigInt(this.events.length + 1);
    const revision = this.events.filter((stored) => stored.stream === stream).length;
    this.events.push({ event, stream, revision, position, id: `event ${position}`, metadata: {}, createdAt: new Date(Number(position)) });
    for (const wake of this.#waiting.splice(0)) wake();
    return position;
  }

  get last(): bigint {
    return BigInt(this.events.length);
  }

  head(): Promise<bigint> {
    return Promise.resolve(this.last);
  }

  async *follow(categories: readonly string[], after: bigint, signal: AbortSignal): AsyncGenerator<FollowedBatch> {
    let next = Number(after);
    for (let caughtUp = false; !signal.aborted;) {
      const events = this.events.slice(next, next + 2_000);
      next += events.length;
      if (events.length > 0) yield { events: events.filter(({ stream }) => categories.includes(categoryOf(stream))), caughtUp: false };
      else if (caughtUp) await this.#change(signal);
      else {
        caughtUp = true;
        yield { events: [], caughtUp };
      }
    }
  }

  async feed(options: Partial<FeedOptions> = {}): Promise<LogFeed> {
    // A LogFeed uses nothing of the store but head and follow.
    const feed = new LogFeed(this as unknown as EventStore, { categories: ['payment'], ...options });
    await feed.start();
    return feed;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
