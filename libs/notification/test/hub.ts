import { setTimeout as delay } from 'node:timers/promises';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { DeliveryDispatcher, type DispatcherOptions } from '../src/delivery.dispatcher.js';
import { deliveryIdOf } from '../src/delivery.js';
import { findDelivery } from '../src/deliveries.view.js';
import { EndpointNotices } from '../src/endpoint-notice.process.js';
import { endpointStream, type EndpointEvent, type EventTypes } from '../src/endpoint.js';
import type { NewsItem } from '../src/news.js';
import { NewsWriter } from '../src/news.writer.js';
import { notificationProjection } from '../src/notification.projection.js';
import { notificationCategories } from '../src/notification.publish.js';
import type { DeliveryRow } from '../src/notification.tables.js';
import { SecretBox } from '../src/secret-box.js';
import { Signer } from '../src/signature.js';
import { WebhookClient } from '../src/webhook.client.js';

const box = new SecretBox('ab'.repeat(32));

/** Asks until it is so: for what another part of the process will bring about. */
export async function eventually<T>(ask: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > giveUpAt) throw new Error('it never came to be');
    await delay(5);
  }
}

/** What outlives a process: the log, the read models, and the time, which stands still until a test moves it. */
export class Ground {
  /** A little ahead of the log's own clock, so that what has just been written is due. */
  nowMs = Date.now() + 60_000;

  private constructor(
    readonly server: EventStoreServer,
    readonly sql: SqlClient,
  ) {}

  /** @param sql may have served another ground before: what that left is dropped */
  static async open(sql: SqlClient): Promise<Ground> {
    const schemas = await sql.query<{ name: string }>(
      `select schema_name as name from information_schema.schemata where schema_name !~ '^(pg_.*|information_schema|public)$'`,
    );
    for (const { name } of schemas) await sql.query(`drop schema "${name}" cascade`);
    return new Ground(await startEventStoreServer({ dataDir: ':memory:' }), sql);
  }

  async close(): Promise<void> {
    await this.server.close();
  }
}

/** One run of notification over the same ground. */
export class Hub {
  private constructor(
    /** What should never happen. */
    readonly failures: unknown[],
    readonly ground: Ground,
    readonly store: EventStore,
    readonly feed: LogFeed,
    readonly projection: ProjectionRunner,
    readonly news: NewsWriter,
    private readonly client: WebhookClient,
    private readonly dispatcher: DeliveryDispatcher,
  ) {}

  static async start(ground: Ground, options: DispatcherOptions = {}): Promise<Hub> {
    const store = EventStore.connect(ground.server.connectionString);
    const failures: unknown[] = [];
    const feed = new LogFeed(store, { categories: notificationCategories, onFailure: (_, error) => failures.push(error) });
    await feed.start();
    const projection = await ProjectionRunner.start(ground.sql, feed, notificationProjection, {
      onFailure: (_, error) => failures.push(error),
    });
    const news = new NewsWriter(store);
    const client = new WebhookClient({ allowLocal: true, timeoutMs: 2_000 });
    const parts = { store, feed, sql: ground.sql, projection, client, signer: new Signer(box), now: () => new Date(ground.nowMs) };
    const dispatcher = new DeliveryDispatcher(parts, {
      scanEveryMs: 10,
      random: () => 0.5,
      onFailure: (_, error) => failures.push(error),
      ...options,
    });
    await new EndpointNotices(store, feed, news).start();
    await dispatcher.start();
    return new Hub(failures, ground, store, feed, projection, news, client, dispatcher);
  }

  async stop(): Promise<void> {
    await this.dispatcher.stop();
    await this.news.stop();
    await this.projection.stop();
    await this.feed.stop();
    await this.client.close();
    // The client waits without end for subscriptions that had ended before; the server ends what is left.
    void this.store.close();
  }

  /** Registers an endpoint for all news of a platform; returns its secret. */
  async endpoint(endpointId: string, platformId: string, url: string, eventTypes: EventTypes = ['*']): Promise<string> {
    const { secret, sealed } = box.generate(endpointId, 's1');
    const registeredAt = new Date(this.ground.nowMs).toISOString();
    await this.happened({
      type: 'EndpointRegistered',
      endpointId,
      platformId,
      url,
      eventTypes,
      description: '',
      secret: sealed,
      registeredAt,
    });
    return secret;
  }

  async happened(event: EndpointEvent): Promise<void> {
    await this.store.append(endpointStream(event.endpointId), 'any', [event], { commandId: `test ${JSON.stringify(event)}` });
  }

  delivery(messageId: string, endpointId: string): Promise<DeliveryRow | undefined> {
    return findDelivery(this.ground.sql, deliveryIdOf(messageId, endpointId));
  }

  /** Resolves with the delivery when the projection shows it in that state. */
  settled(messageId: string, endpointId: string, state: DeliveryRow['state'], attempts = 1): Promise<DeliveryRow> {
    return eventually(async () => {
      const row = await this.delivery(messageId, endpointId);
      return row?.state === state && row.attempts >= attempts && row;
    });
  }
}

export const captured = (messageId: string, platformId: string): NewsItem => ({
  messageId,
  platformId,
  type: 'payment.captured',
  subject: `pay_${messageId}`,
  occurredAt: '2026-01-02T03:04:05.678Z',
  data: { paymentId: `pay_${messageId}`, platformId, amountMinor: 1000 },
});
