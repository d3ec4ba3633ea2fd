import type { Provider } from '@nestjs/common';
import type { EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { CLOCK, EVENT_STORE, LOGGER, SQL, type Clock } from '@tongbao/service';
import type { Logger } from 'pino';
import { ModelCommands } from './model.commands.js';
import { ModelRegistry } from './model.registry.js';
import { ModelViews } from './model.view.js';
import { SettlementSchedule } from './schedule.process.js';
import { ScheduleQueries } from './schedule.queries.js';
import { SettlementCommands } from './settlement.commands.js';
import { SettlementQueries } from './settlement.queries.js';
import { WindowKeeper } from './window-keeper.js';

/** Models, who is on which, windows, and what closes and settles them by itself. */
export const modelProviders: Provider[] = [
  {
    provide: WindowKeeper,
    inject: [EVENT_STORE, CLOCK],
    useFactory: (store: EventStore, clock: Clock) => new WindowKeeper(store, clock),
  },
  {
    provide: ModelRegistry,
    inject: [EVENT_STORE, SettlementQueries],
    useFactory: (store: EventStore, queries: SettlementQueries) => new ModelRegistry(store, queries),
  },
  {
    provide: ModelCommands,
    inject: [EVENT_STORE, CLOCK],
    useFactory: (store: EventStore, clock: Clock) => new ModelCommands(store, clock),
  },
  {
    provide: ModelViews,
    inject: [SQL, SettlementQueries],
    useFactory: (sql: SqlClient, queries: SettlementQueries) => new ModelViews(sql, queries),
  },
  {
    provide: SettlementSchedule,
    inject: [SQL, SettlementQueries, SettlementCommands, CLOCK, LOGGER],
    useFactory: (sql: SqlClient, models: SettlementQueries, commands: SettlementCommands, clock: Clock, logger: Logger) =>
      new SettlementSchedule({ models, queries: new ScheduleQueries(sql), commands, clock, logger }),
  },
];
