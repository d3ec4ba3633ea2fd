import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  CLOCK,
  EVENT_STORE,
  HEALTH_CHECKS,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  LOOPS,
  PROJECTIONS,
  SQL,
  type Clock,
  type HealthCheck,
  type Leadership,
} from '@tongbao/service';
import type { LoopWatch } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import { LogController } from './log.http.js';
import { LogMetrics } from './log.metrics.js';
import { Receipts } from './log.receipts.js';
import { TransparencyLog } from './log.service.js';
import type { LogSettings } from './log.settings.js';
import { LOG_SETTINGS } from './log.tokens.js';
import { ReceiptsController } from './receipts.http.js';

interface Follower {
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

/** The transparency log of the books. Needs the parts of HubModule, and the projections 'ledger' and 'log' among its projections. */
@Module({})
export class LogModule {
  static register(settings: LogSettings): DynamicModule {
    return {
      module: LogModule,
      controllers: [LogController, ReceiptsController],
      providers: [{ provide: LOG_SETTINGS, useValue: settings }, LogMetrics, transparencyLog(settings), receipts(settings)],
    };
  }
}

const transparencyLog = (settings: LogSettings): Provider => ({
  provide: TransparencyLog,
  inject: [EVENT_STORE, LOG_FEED, SQL, PROJECTIONS, CLOCK, LOGGER, HEALTH_CHECKS, LEADERSHIP, LOOPS],
  useFactory: (
    store: EventStore,
    feed: LogFeed,
    sql: SqlClient,
    projections: ReadonlyMap<string, Follower>,
    clock: Clock,
    logger: Logger,
    healthChecks: HealthCheck[],
    all: ReadonlyMap<string, Leadership>,
    loops: LoopWatch,
  ) => {
    const projection = projections.get('log');
    if (!projection) throw new Error('the projection of the transparency log does not run in this process');
    const leadership = leadershipOf(all, 'ledger');
    return new TransparencyLog({ store, feed, sql, projection, settings, clock, logger, healthChecks, leadership, loops });
  },
});

const receipts = (settings: LogSettings): Provider => ({
  provide: Receipts,
  inject: [SQL, EVENT_STORE, TransparencyLog],
  useFactory: (sql: SqlClient, store: EventStore, log: TransparencyLog) => new Receipts({ sql, store, settings, log }),
});
