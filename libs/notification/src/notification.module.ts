import { Module, type DynamicModule } from '@nestjs/common';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import { EVENT_STORE, HUB_CONFIG, LOG_FEED, LOGGER, type HubConfig } from '@tongbao/service';
import type { Logger } from 'pino';
import { DeliveriesController } from './deliveries.http.js';
import type { DispatcherOptions } from './delivery.dispatcher.js';
import { EndpointsController } from './endpoints.http.js';
import { EventsController } from './events.http.js';
import { NewsConsumer } from './news.consumer.js';
import { NewsFeed } from './news.feed.js';
import { NewsWriter } from './news.writer.js';
import { DISPATCHER_OPTIONS, TARGET_POLICY } from './notification.tokens.js';
import { SecretBox } from './secret-box.js';
import type { TargetPolicy } from './target-guard.js';
import { Webhooks } from './webhooks.service.js';

/** Webhooks and server-sent events. Needs the parts of HubModule, and the projection 'notification' among its projections. */
@Module({})
export class NotificationModule {
  static register(options: DispatcherOptions = {}): DynamicModule {
    return {
      module: NotificationModule,
      controllers: [EndpointsController, DeliveriesController, EventsController, NewsConsumer],
      providers: [
        Webhooks,
        { provide: DISPATCHER_OPTIONS, useValue: options },
        {
          provide: TARGET_POLICY,
          inject: [HUB_CONFIG],
          useFactory: (config: HubConfig): TargetPolicy => ({ allowLocal: config.webhookAllowLoopback }),
        },
        { provide: SecretBox, inject: [HUB_CONFIG], useFactory: (config: HubConfig) => new SecretBox(config.webhookSecretKey) },
        {
          provide: NewsWriter,
          inject: [EVENT_STORE, LOGGER],
          useFactory: (store: EventStore, logger: Logger) =>
            new NewsWriter(store, { onOutage: (error) => logger.warn({ err: error }, 'news wait for the event store') }),
        },
        { provide: NewsFeed, inject: [EVENT_STORE, LOG_FEED], useFactory: (store: EventStore, feed: LogFeed) => new NewsFeed(store, feed) },
      ],
    };
  }
}
