import { randomUUID } from 'node:crypto';
import type { EventStore, LogFeed, StoredEvent } from '@tongbao/event-store';
import { tracing } from '@tongbao/telemetry';
import { BatchWriter } from './batch-writer.js';
import { newsStream, type NewsItem, type NewsReceived } from './news.js';

export interface NewsWriterOptions {
  onOutage?: (error: unknown) => void;
  /** Items remembered, to pass over what the bus delivers again. */
  remembered?: number;
}

/**
 * Takes news over from the bus: once `accept` has returned they are in notification's own log. What the bus delivers again, as it does after a
 * crash, is passed over as far back as `remembered`; beyond that it is told again, under the same id.
 */
export class NewsWriter {
  readonly #writer: BatchWriter<NewsItem>;
  readonly #remembered: number;
  /** Durable, or on the way to it; oldest first. */
  readonly #seen = new Map<string, Promise<bigint>>();
  #loading: Promise<void> | undefined;

  constructor(
    private readonly store: EventStore,
    options: NewsWriterOptions = {},
  ) {
    this.#remembered = options.remembered ?? 20_000;
    const instance = randomUUID();
    this.#writer = new BatchWriter({
      maxItems: 200,
      lingerMs: 2,
      sizeOf: (item) => JSON.stringify(item).length,
      onOutage: options.onOutage,
      write: async (items, sequence) => {
        const event: NewsReceived = { type: 'NewsReceived', items: [...items] };
        const causes = { facts: items.flatMap(({ traceparent }) => traceparent ?? []) };
        const { position } = await store.append(newsStream, 'any', [event], { commandId: `news ${instance} ${sequence}`, causes });
        return position;
      },
    });
  }

  /** Remembers also what other processes of the service take over: a partition that moves here begins with what was not yet committed there. */
  follow(feed: LogFeed): void {
    feed.consume({ name: 'news-writer', categories: ['news'], after: feed.head }, ({ events }) => {
      for (const { event, position } of events as StoredEvent<NewsReceived>[])
        for (const item of event.items) if (!this.#seen.has(keyOf(item))) this.#remember(keyOf(item), Promise.resolve(position));
      return Promise.resolve();
    });
  }

  /** Returns when all are durable. */
  async accept(items: readonly NewsItem[]): Promise<void> {
    await (this.#loading ??= tracing
      .outside(() => this.#load())
      .catch((error: unknown) => {
        this.#loading = undefined;
        throw error;
      }));
    await Promise.all(items.map((item) => this.#once(item)));
  }

  async stop(): Promise<void> {
    await this.#writer.stop();
  }

  #once(item: NewsItem): Promise<bigint> {
    const key = keyOf(item);
    const known = this.#seen.get(key);
    if (known) return known;
    const { traceparent } = tracing;
    const durable = this.#writer.add(traceparent === undefined ? item : { ...item, traceparent });
    this.#remember(key, durable);
    durable.catch(() => this.#seen.delete(key));
    return durable;
  }

  #remember(key: string, durable: Promise<bigint>): void {
    this.#seen.set(key, durable);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > this.#remembered && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** What was taken over before this start, from the end of the log backwards. */
  async #load(): Promise<void> {
    const recent: { key: string; position: bigint }[] = [];
    let from: number | 'end' = 'end';
    while (recent.length < this.#remembered) {
      const page: Awaited<ReturnType<typeof this.store.read<NewsReceived>>> = await this.store.read<NewsReceived>(newsStream, {
        backwards: true,
        from,
        limit: 200,
      });
      for (const { event, position } of page) recent.push(...event.items.map((item) => ({ key: keyOf(item), position })).reverse());
      const oldest = page.at(-1)?.revision ?? 0;
      if (oldest === 0) break;
      from = oldest - 1;
    }
    for (const { key, position } of recent.slice(0, this.#remembered).reverse()) this.#remember(key, Promise.resolve(position));
  }
}

/** One message may be told to several platforms. */
const keyOf = ({ messageId, platformId }: NewsItem): string => `${messageId}\n${platformId}`;
