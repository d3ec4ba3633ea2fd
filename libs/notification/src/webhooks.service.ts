import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  CLOCK,
  EVENT_STORE,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  LOOPS,
  PROJECTIONS,
  SQL,
  type Clock,
  type Leadership,
} from '@tongbao/service';
import type { Loops } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import { DeliveryDispatcher, type DispatcherOptions, type Follower } from './delivery.dispatcher.js';
import { EndpointNotices } from './endpoint-notice.process.js';
import { NewsFeed } from './news.feed.js';
import { NewsWriter } from './news.writer.js';
import { followerIn } from './notification.parts.js';
import { DISPATCHER_OPTIONS, TARGET_POLICY } from './notification.tokens.js';
import { SecretBox } from './secret-box.js';
import { Signer } from './signature.js';
import type { TargetPolicy } from './target-guard.js';
import { WebhookClient } from './webhook.client.js';

/** The work in the background: news are followed by every process, webhooks are sent by the leading one. */
@Injectable()
export class Webhooks implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #client: WebhookClient | undefined;
  #dispatcher: DeliveryDispatcher | undefined;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LOG_FEED) private readonly feed: LogFeed,
    @Inject(SQL) private readonly sql: SqlClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
    @Inject(TARGET_POLICY) private readonly policy: TargetPolicy,
    @Inject(LEADERSHIP) private readonly all: ReadonlyMap<string, Leadership>,
    @Inject(DISPATCHER_OPTIONS) private readonly options: DispatcherOptions,
    @Inject(LOOPS) private readonly loops: Loops,
    private readonly box: SecretBox,
    private readonly news: NewsWriter,
    private readonly newsFeed: NewsFeed,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.newsFeed.start();
    this.news.follow(this.feed);
    await leadershipOf(this.all, 'notification').undertake('webhooks', () => this.#lead());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#dispatcher?.stop();
    await this.news.stop();
    await this.#client?.close();
  }

  async #lead(): Promise<void> {
    const { store, feed, sql, clock, logger, options } = this;
    const projection = followerIn(this.projections);
    const client = (this.#client = new WebhookClient(this.policy));
    const parts = { store, feed, sql, projection, client, signer: new Signer(this.box), now: () => clock.now() };
    this.#dispatcher = new DeliveryDispatcher(parts, {
      ...options,
      loop: this.loops.register('webhooks'),
      onOutage: (what, error) => logger.warn({ err: error, what }, 'webhooks wait for an outage to end'),
      onFailure: (what, error) => logger.error({ err: error, what }, 'a webhook could not be handled'),
    });
    await this.#dispatcher.start();
    await new EndpointNotices(store, feed, this.news).start();
  }
}
