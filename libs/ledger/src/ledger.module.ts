import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import {
  CLOCK,
  EVENT_STORE,
  HEALTH_CHECKS,
  HUB_CONFIG,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  PROJECTIONS,
  SQL,
  type Clock,
  type Follower,
  type HealthCheck,
  type HubConfig,
  type Leadership,
} from '@tongbao/service';
import type { SqlClient } from '@tongbao/read-model';
import type { Logger } from 'pino';
import { CapController } from './cap.http.js';
import { CapMetrics } from './cap.metrics.js';
import { CapQueries } from './cap.queries.js';
import { CapWatch } from './cap.watch.js';
import { LedgerBulkController } from './ledger-bulk.http.js';
import { LedgerCommandsController } from './ledger-commands.http.js';
import { LedgerConsumer } from './ledger.consumer.js';
import { LedgerController } from './ledger.http.js';
import { Ledger } from './ledger.js';
import { LedgerMetrics } from './ledger.metrics.js';
import { ledgerFactCategories } from './posting-rules.js';

/** The books: their one writer and what is asked of them. Needs the parts of HubModule, and the projection 'ledger' among its projections. */
@Module({})
export class LedgerModule {
  static register(): DynamicModule {
    return {
      module: LedgerModule,
      controllers: [LedgerController, CapController, LedgerBulkController, LedgerCommandsController, LedgerConsumer],
      providers: [
        LedgerMetrics,
        CapMetrics,
        { provide: CapQueries, inject: [SQL], useFactory: (sql: SqlClient) => new CapQueries(sql) },
        capWatch,
        {
          provide: Ledger,
          inject: [EVENT_STORE, LOG_FEED, CLOCK, LOGGER, HEALTH_CHECKS, LEADERSHIP],
          useFactory: (
            store: EventStore,
            feed: LogFeed,
            clock: Clock,
            logger: Logger,
            healthChecks: HealthCheck[],
            all: ReadonlyMap<string, Leadership>,
          ) => new Ledger({ store, feed, clock, logger, healthChecks, leadership: leadershipOf(all, 'ledger') }),
        },
      ],
      exports: [Ledger],
    };
  }
}

const capWatch: Provider = {
  provide: CapWatch,
  inject: [EVENT_STORE, LOG_FEED, CapQueries, PROJECTIONS, HUB_CONFIG, CLOCK, LOGGER, LEADERSHIP],
  useFactory: (
    store: EventStore,
    feed: LogFeed,
    queries: CapQueries,
    projections: ReadonlyMap<string, Follower>,
    { capAlarmPercents: percents, capAlarmFallPercent: fallPercent }: HubConfig,
    clock: Clock,
    logger: Logger,
    all: ReadonlyMap<string, Leadership>,
  ) => {
    const parts = { store, feed, queries, projections, alarms: { percents: percents.map(Number), fallPercent } };
    return new CapWatch({ ...parts, clock, logger, leadership: leadershipOf(all, 'ledger') });
  },
};

/** Event categories that a process must follow to host the ledger: the facts, and the journal for its projection, its answers and its caps. */
export const ledgerCategories = [...ledgerFactCategories, 'journal', 'cap'] as const;
