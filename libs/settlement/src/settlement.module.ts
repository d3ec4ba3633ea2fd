import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  CLOCK,
  CommandRefusals,
  Edge,
  EVENT_STORE,
  HostedProjection,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  PROJECTIONS,
  SQL,
  type Clock,
  type Follower,
  type Leadership,
} from '@tongbao/service';
import type { Logger } from 'pino';
import { BankFileController } from './bank-file.http.js';
import type { Bank } from './bank.js';
import { bankProviders, type BankOptions } from './bank.providers.js';
import { ACCOUNTS_IN_FORCE, BANK } from './bank.tokens.js';
import { FxController } from './fx.http.js';
import { fxProviders } from './fx.providers.js';
import { FxQueries } from './fx.queries.js';
import { HoldAnswersConsumer } from './hold-answers.consumer.js';
import { ModelCommands } from './model.commands.js';
import { ModelController } from './model.http.js';
import { modelProviders } from './model.providers.js';
import { ModelRegistry } from './model.registry.js';
import type { SettlementModel } from './models.js';
import { ObligationController } from './obligation.http.js';
import { obligationProviders } from './obligation.providers.js';
import { PaymentMarking } from './payment-marking.process.js';
import { PayoutController } from './payout.http.js';
import type { AccountsInForce } from './payout.orders.js';
import { SettlementCommands } from './settlement.commands.js';
import { SettlementController } from './settlement.http.js';
import { SettlementMetrics } from './settlement.metrics.js';
import { SettlementProcess } from './settlement.process.js';
import { settlementProjection } from './settlement.projection.js';
import { SettlementQueries } from './settlement.queries.js';
import { SettlementSchedule } from './schedule.process.js';
import { SettlementService } from './settlement.service.js';
import { SettlementViews } from './settlement.view.js';
import { WindowKeeper } from './window-keeper.js';
import { WithdrawalController } from './withdrawal.http.js';

export interface SettlementModuleOptions extends BankOptions {
  /** What a hub begins with: each is written where the hub has no model of that name and currency yet, and read no more after that. */
  firstModels: readonly SettlementModel[];
  /** How often is looked whether a window is due: an immediate model closes one each time at most; every second when left out. */
  scheduleEveryMs?: number;
}

/** Windows, settlements and payouts. Needs the parts of HubModule, and the projection 'settlement' among its projections. */
@Module({})
export class SettlementModule {
  static register(options: SettlementModuleOptions): DynamicModule {
    return {
      module: SettlementModule,
      controllers: [
        ModelController,
        SettlementController,
        ObligationController,
        FxController,
        PayoutController,
        WithdrawalController,
        BankFileController,
        HoldAnswersConsumer,
      ],
      providers: [...reading, ...modelProviders, ...obligationProviders, ...fxProviders, ...bankProviders(options), ...working(options)],
    };
  }
}

const reading: Provider[] = [
  SettlementMetrics,
  { provide: SettlementQueries, inject: [SQL], useFactory: (sql: SqlClient) => new SettlementQueries(sql) },
  { provide: SettlementViews, inject: [SQL], useFactory: (sql: SqlClient) => new SettlementViews(sql) },
  {
    provide: HostedProjection,
    inject: [PROJECTIONS],
    useFactory: (projections: ReadonlyMap<string, Follower>) => new HostedProjection(projections, settlementProjection.name),
  },
  {
    provide: Edge,
    inject: [HostedProjection, CommandRefusals],
    useFactory: (projection: HostedProjection, refusals: CommandRefusals) => new Edge(projection, refusals),
  },
];

function working({ firstModels, scheduleEveryMs = 1_000 }: SettlementModuleOptions): Provider[] {
  const stopping = new AbortController();
  return [
    {
      provide: SettlementProcess,
      inject: [
        EVENT_STORE,
        LOG_FEED,
        SettlementQueries,
        FxQueries,
        WindowKeeper,
        ModelRegistry,
        HostedProjection,
        BANK,
        ACCOUNTS_IN_FORCE,
        CLOCK,
      ],
      useFactory: (
        store: EventStore,
        feed: LogFeed,
        queries: SettlementQueries,
        fx: FxQueries,
        windows: WindowKeeper,
        models: ModelRegistry,
        projection: HostedProjection,
        bank: Bank,
        accounts: AccountsInForce,
        clock: Clock,
      ) => new SettlementProcess({ store, feed, queries, fx, windows, models, projection, bank: bank.name, accounts, clock }),
    },
    {
      provide: SettlementCommands,
      inject: [EVENT_STORE, WindowKeeper, SettlementProcess, CLOCK],
      useFactory: (store: EventStore, windows: WindowKeeper, settlement: SettlementProcess, clock: Clock) =>
        new SettlementCommands(store, windows, settlement, clock),
    },
    {
      provide: SettlementService,
      inject: [
        EVENT_STORE,
        LOG_FEED,
        HostedProjection,
        SettlementQueries,
        WindowKeeper,
        ModelCommands,
        SettlementSchedule,
        SettlementProcess,
        LOGGER,
        LEADERSHIP,
      ],
      useFactory: (
        store: EventStore,
        feed: LogFeed,
        projection: HostedProjection,
        queries: SettlementQueries,
        windows: WindowKeeper,
        models: ModelCommands,
        schedule: SettlementSchedule,
        settlement: SettlementProcess,
        logger: Logger,
        all: ReadonlyMap<string, Leadership>,
      ) => {
        const marking = new PaymentMarking(store, queries, { signal: stopping.signal });
        const parts = {
          feed,
          projection,
          queries,
          windows,
          models,
          firstModels,
          schedule,
          scheduleEveryMs,
          settlement,
          marking,
          stopping,
        };
        const leadership = leadershipOf(all, 'settlement');
        return new SettlementService({ ...parts, logger, leadership });
      },
    },
  ];
}
