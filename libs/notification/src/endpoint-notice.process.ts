import { Checkpoint, type EventStore, type LogFeed, type StoredEvent } from '@tongbao/event-store';
import type { EndpointDisabled, EndpointEvent } from './endpoint.js';
import type { NewsItem } from './news.js';
import type { NewsWriter } from './news.writer.js';

/**
 * Tells a platform that the hub has disabled one of its endpoints: over its other endpoints and over server-sent events. What it disabled
 * itself it knows.
 */
export class EndpointNotices {
  constructor(
    private readonly store: EventStore,
    private readonly feed: LogFeed,
    private readonly news: NewsWriter,
  ) {}

  async start(): Promise<void> {
    const checkpoint = await Checkpoint.load(this.store, 'notification_notices');
    this.feed.consume({ name: 'endpoint-notices', categories: ['endpoint'], after: checkpoint.position }, async ({ events }) => {
      const items = (events as StoredEvent<EndpointEvent>[]).flatMap(noticeOf);
      if (items.length === 0) return;
      await this.news.accept(items);
      await checkpoint.move(events.at(-1)?.position ?? checkpoint.position);
    });
  }
}

export function noticeOf({ event, id }: StoredEvent<EndpointEvent>): NewsItem[] {
  if (event.type !== 'EndpointDisabled' || !isByHub(event)) return [];
  const { endpointId, platformId, reason, disabledAt } = event;
  const data = { endpointId, platformId, reason, disabledAt };
  return [{ messageId: id, platformId, type: 'endpoint.disabled', subject: endpointId, occurredAt: disabledAt, data }];
}

const isByHub = ({ reason }: EndpointDisabled): boolean => reason !== 'asked';
