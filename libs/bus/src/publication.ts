import { categoryOf, type StoredEvent } from '@tongbao/event-store';
import type { OutgoingMessage, Publisher } from './message.js';
import { isCommandTopic, isPlatformTopic, topicsOf } from './topic.js';

const none: readonly OutgoingMessage[] = [];

/** A publisher, asked once for each event however many groups read it, and held to the topics that exist. */
export class Publication {
  readonly topics: ReadonlySet<string>;
  readonly #categories: ReadonlySet<string>;
  readonly #published = new WeakMap<StoredEvent, readonly OutgoingMessage[]>();

  constructor(
    readonly publisher: Publisher,
    private readonly commandTopics: ReadonlyMap<string, unknown>,
  ) {
    this.topics = new Set(topicsOf(publisher));
    this.#categories = new Set(publisher.categories);
  }

  /** @throws Error for a message to a topic that nobody serves: it would be lost without a trace */
  of(stored: StoredEvent): readonly OutgoingMessage[] {
    let published = this.#published.get(stored);
    if (!published) {
      published = this.#categories.has(categoryOf(stored.stream)) ? this.publisher.publish(stored) : none;
      for (const { topic } of published)
        if (!this.#serves(topic)) throw new Error(`${this.publisher.service} publishes to ${topic}, which does not exist`);
      this.#published.set(stored, published);
    }
    return published;
  }

  #serves(topic: string): boolean {
    return this.topics.has(topic) || (isCommandTopic(topic) && this.commandTopics.has(topic)) || isPlatformTopic(topic);
  }
}
