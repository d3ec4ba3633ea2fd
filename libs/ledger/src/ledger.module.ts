import { Module, type DynamicModule } from '@nestjs/common';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import {
  CLOCK,
  EVENT_STORE,
  HEALTH_CHECKS,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  type Clock,
  type HealthCheck,
  type Leadership,
} from '@tongbao/service';
import type { Logger } from 'pino';
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
      controllers: [LedgerController, LedgerBulkController, LedgerCommandsController, LedgerConsumer],
      providers: [
        LedgerMetrics,
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

/** Event categories that a process must follow to host the ledger: the facts, and the journal for its projection and its answers. */
export const ledgerCategories = [...ledgerFactCategories, 'journal'] as const;
