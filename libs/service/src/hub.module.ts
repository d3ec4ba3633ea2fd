import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '@tongbao/bus';
import { memoryCache, type Cache } from '@tongbao/cache';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { LoopWatch, metrics } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import { AccessGuard } from './caller.js';
import type { Clock } from './clock.js';
import { CommandRefusals } from './command-refusals.js';
import type { HubConfig } from './config.js';
import { DeadLettersController } from './dead-letters.http.js';
import type { Leadership } from './leadership.js';
import { HealthController, type HealthCheck } from './health.http.js';
import { HubMetrics } from './hub.metrics.js';
import { MetricsController } from './metrics.http.js';
import type { OperatorDirectory } from './operators.js';
import { PlatformKeys } from './platform-keys.js';
import { RelaysController, type RelayStatuses } from './relays.http.js';
import { ProjectionsController, type RunningProjection } from './projections.http.js';
import {
  BUS,
  CACHE,
  CLOCK,
  EVENT_STORE,
  HEALTH_CHECKS,
  HUB_CONFIG,
  LEADERSHIP,
  LOG_FEED,
  LOGGER,
  LOOPS,
  METRICS,
  OPERATORS,
  PLATFORM_KEYS,
  PROJECTIONS,
  RELAYS,
  SQL,
} from './tokens.js';

/** What a process has opened and gives to the services that it hosts. */
export interface HubParts {
  config: HubConfig;
  store: EventStore;
  feed: LogFeed;
  sql: SqlClient;
  bus: Bus;
  clock: Clock;
  logger: Logger;
  operators: OperatorDirectory;
  platformKeys: PlatformKeys;
  refusals: CommandRefusals;
  projections: ReadonlyMap<string, RunningProjection>;
  leaderships: ReadonlyMap<string, Leadership>;
  healthChecks: HealthCheck[];
  /** What publishes to the bus; left out: nothing. */
  relays?: RelayStatuses;
  /** Left out: in the memory of this process. */
  cache?: Cache;
  /** The same that watches the feed's and the bus's loops. */
  loops?: LoopWatch;
}

/** Makes a process's parts injectable everywhere, and serves what every process serves: health, projections, dead letters and metrics. */
@Global()
@Module({})
export class HubModule {
  static register(parts: HubParts): DynamicModule {
    const values: [symbol, unknown][] = [
      [HUB_CONFIG, parts.config],
      [EVENT_STORE, parts.store],
      [LOG_FEED, parts.feed],
      [SQL, parts.sql],
      [BUS, parts.bus],
      [CLOCK, parts.clock],
      [LOGGER, parts.logger],
      [OPERATORS, parts.operators],
      [PLATFORM_KEYS, parts.platformKeys],
      [PROJECTIONS, parts.projections],
      [LEADERSHIP, parts.leaderships],
      [HEALTH_CHECKS, parts.healthChecks],
      [CACHE, parts.cache ?? memoryCache()],
      [RELAYS, parts.relays ?? (() => [])],
      [METRICS, metrics],
      [LOOPS, parts.loops ?? new LoopWatch()],
    ];
    const providers = [
      ...values.map(([provide, useValue]) => ({ provide, useValue })),
      { provide: CommandRefusals, useValue: parts.refusals },
      AccessGuard,
      HubMetrics,
    ];
    return {
      module: HubModule,
      controllers: [HealthController, ProjectionsController, DeadLettersController, RelaysController, MetricsController],
      providers,
      exports: providers,
    };
  }
}
