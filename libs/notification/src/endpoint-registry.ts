import { idOf, type EventStore, type StoredEvent } from '@tongbao/event-store';
import { endpointFold, subscribes, type Endpoint, type EndpointEvent } from './endpoint.js';
import type { NewsItem } from './news.js';

/** All endpoints in memory, folded from the log. An event that is given twice changes nothing. */
export class EndpointRegistry {
  readonly #endpoints = new Map<string, { endpoint: Endpoint; revision: number }>();
  readonly #byPlatform = new Map<string, Set<string>>();

  /** Reads all there is. */
  async load(store: EventStore, signal: AbortSignal): Promise<void> {
    const caughtUp = new AbortController();
    for await (const batch of store.follow(['endpoint'], 0n, AbortSignal.any([signal, caughtUp.signal]))) {
      for (const stored of batch.events) this.apply(stored as StoredEvent<EndpointEvent>);
      if (batch.caughtUp) caughtUp.abort();
    }
  }

  apply({ event, stream, revision }: StoredEvent<EndpointEvent>): void {
    const endpointId = idOf(stream);
    const known = this.#endpoints.get(endpointId);
    if (known && known.revision >= revision) return;
    const endpoint = endpointFold.evolve(known?.endpoint, event);
    if (!endpoint) throw new Error(`${event.type} of ${endpointId}, which was never registered`);
    this.#endpoints.set(endpointId, { endpoint, revision });
    const ids = this.#byPlatform.get(endpoint.platformId) ?? new Set();
    this.#byPlatform.set(endpoint.platformId, ids.add(endpointId));
  }

  /** An endpoint that may be sent to. */
  enabled(endpointId: string): Endpoint | undefined {
    const endpoint = this.#endpoints.get(endpointId)?.endpoint;
    return endpoint?.status === 'enabled' ? endpoint : undefined;
  }

  allEnabled(): string[] {
    return [...this.#endpoints.keys()].filter((endpointId) => this.enabled(endpointId));
  }

  /** Who is to get an item. */
  receivers(item: NewsItem): Endpoint[] {
    const receivers: Endpoint[] = [];
    for (const endpointId of this.#byPlatform.get(item.platformId) ?? []) {
      const endpoint = this.enabled(endpointId);
      if (endpoint && subscribes(endpoint.eventTypes, item.type)) receivers.push(endpoint);
    }
    return receivers;
  }
}
