import type { EventStore } from '@tongbao/event-store';
import { newsStream, type NewsItem, type NewsReceived, type NewsReference } from './news.js';

const keptEvents = 64;

/** Finds items again in the log. Retries come in the order of the log, so the newest few events read are kept at hand. */
export class NewsReader {
  readonly #recent = new Map<number, Promise<NewsReceived>>();

  constructor(private readonly store: EventStore) {}

  /** @throws Outage when the store cannot be reached */
  async read({ revision, index }: NewsReference): Promise<NewsItem> {
    const item = (await this.#event(revision)).items[index];
    if (!item) throw new Error(`${newsStream}@${revision} has no item ${index}`);
    return item;
  }

  #event(revision: number): Promise<NewsReceived> {
    const kept = this.#recent.get(revision);
    if (kept) return kept;
    const reading = this.#load(revision);
    this.#recent.set(revision, reading);
    reading.catch(() => this.#recent.delete(revision));
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > keptEvents && oldest !== undefined) this.#recent.delete(oldest);
    return reading;
  }

  async #load(revision: number): Promise<NewsReceived> {
    const [stored] = await this.store.read<NewsReceived>(newsStream, { from: revision, limit: 1 });
    if (!stored) throw new Error(`${newsStream} has no revision ${revision}`);
    return stored.event;
  }
}
