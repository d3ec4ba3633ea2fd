import { timingSafeEqual } from 'node:crypto';
import type { ParticipantEvent } from '@tongbao/contracts';
import type { EventStore, FeedConsumer, LogFeed, StoredEvent } from '@tongbao/event-store';
import { apiKeyId, hashApiKey } from './api-key.js';

/** API keys of all platforms, folded from the participants' facts. */
export class PlatformKeys {
  readonly #keys = new Map<string, { platformId: string; keyHash: Buffer }>();
  #consumer: FeedConsumer | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly pepper: string,
  ) {}

  start(feed: LogFeed): void {
    this.#consumer = feed.consume({ name: 'platform-keys', categories: ['participant'], after: 0n }, ({ events }) => {
      for (const { event } of events) this.#apply(event as StoredEvent<ParticipantEvent>['event']);
      return Promise.resolve();
    });
  }

  /** The platform whose key this is. A key that is unknown here may have been issued a moment ago: the log is read to its end before it is refused. */
  async platformOf(key: string): Promise<string | undefined> {
    const keyId = apiKeyId(key);
    if (!keyId) return undefined;
    if (!this.#keys.has(keyId)) await this.#consumer?.reached(await this.store.head(), 2_000);
    const known = this.#keys.get(keyId);
    if (!known) return undefined;
    const presented = Buffer.from(hashApiKey(this.pepper, key));
    return presented.length === known.keyHash.length && timingSafeEqual(presented, known.keyHash) ? known.platformId : undefined;
  }

  #apply(event: ParticipantEvent): void {
    if (event.type === 'ApiKeyIssued') {
      this.#keys.set(event.keyId, { platformId: event.party.slice('platform:'.length), keyHash: Buffer.from(event.keyHash) });
    } else if (event.type === 'ApiKeyRevoked') this.#keys.delete(event.keyId);
  }
}
