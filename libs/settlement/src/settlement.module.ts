import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  CLOCK,
  EVENT_STORE,
  HEALTH_CHECKS,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  PROJECTIONS,
  SQL,
  type Clock,
  type HealthCheck,
  type Leadership,
} from '@tongbao/service';
import type { Logger } from 'pino';
import { BankStatementProcess } from './bank-statement.process.js';
import type { Bank } from './bank.js';
import { FinanceController } from './finance.http.js';
import { FinanceViews } from './finance.view.js';
import { HoldAnswersConsumer } from './hold-answers.consumer.js';
import type { SettlementModel } from './models.js';
import { PaymentMarking } from './payment-marking.process.js';
import { PayoutProcess } from './payout.process.js';
import { proofCheck } from './proof.check.js';
import { HostedProjection, type Follower } from './projection-follower.js';
import { SettlementCommands } from './settlement.commands.js';
import { SettlementController } from './settlement.http.js';
import { SettlementMetrics } from './settlement.metrics.js';
import { SettlementProcess } from './settlement.process.js';
import { SettlementQueries } from './settlement.queries.js';
import { SettlementService } from './settlement.service.js';
import { SETTLEMENT_MODELS } from './settlement.tokens.js';
import { SettlementViews } from './settlement.view.js';
import { WindowKeeper } from './window-keeper.js';

export interface SettlementModuleOptions {
  /** The bank that the hub pays through. */
  bank: Bank;
  /** One for each currency that is settled. */
  models: readonly SettlementModel[];
  /** How often the bank is asked for its statement; every second when left out. */
  bankPollMs?: number;
  /** How long the bank may take to answer; ten seconds when left out. */
  bankTimeoutMs?: number;
  /** Whether a payout waits until a checkpoint of the transparency log covers what it comes from. */
  payoutsNeedProof?: boolean;
}

/** Windows, settlements, payouts and finance's queries. Needs the parts of HubModule, and the projection 'settlement' among its projections. */
@Module({})
export class SettlementModule {
  static register(options: SettlementModuleOptions): DynamicModule {
    return {
      module: SettlementModule,
      controllers: [SettlementController, FinanceController, HoldAnswersConsumer],
      providers: [{ provide: SETTLEMENT_MODELS, useValue: options.models }, ...reading, ...working(options)],
    };
  }
}

const reading: Provider[] = [
  SettlementMetrics,
  { provide: SettlementQueries, inject: [SQL], useFactory: (sql: SqlClient) => new SettlementQueries(sql) },
  { provide: SettlementViews, inject: [SQL], useFactory: (sql: SqlClient) => new SettlementViews(sql) },
  { provide: FinanceViews, inject: [SQL], useFactory: (sql: SqlClient) => new FinanceViews(sql) },
  {
    provide: HostedProjection,
    inject: [PROJECTIONS],
    useFactory: (projections: ReadonlyMap<string, Follower>) => new HostedProjection(projections),
  },
];

function working({
  bank,
  models,
  bankPollMs = 1_000,
  bankTimeoutMs = 10_000,
  payoutsNeedProof = false,
}: SettlementModuleOptions): Provider[] {
  const stopping = new AbortController();
  return [
    {
      provide: WindowKeeper,
      inject: [EVENT_STORE, CLOCK],
      useFactory: (store: EventStore, clock: Clock) => new WindowKeeper(store, models, clock),
    },
    {
      provide: SettlementProcess,
      inject: [EVENT_STORE, SettlementQueries, WindowKeeper, CLOCK],
      useFactory: (store: EventStore, queries: SettlementQueries, windows: WindowKeeper, clock: Clock) =>
        new SettlementProcess({ store, queries, windows, models, bank: bank.name, clock }),
    },
    {
      provide: PayoutProcess,
      inject: [EVENT_STORE, SettlementQueries, HostedProjection, CLOCK, HEALTH_CHECKS],
      useFactory: (
        store: EventStore,
        queries: SettlementQueries,
        projection: HostedProjection,
        clock: Clock,
        healthChecks: HealthCheck[],
      ) => {
        if (payoutsNeedProof) healthChecks.push(proofCheck(queries));
        return new PayoutProcess({ store, queries, projection, bank, clock, bankTimeoutMs, needProof: payoutsNeedProof });
      },
    },
    {
      provide: SettlementCommands,
      inject: [EVENT_STORE, WindowKeeper, SettlementProcess, PayoutProcess, CLOCK],
      useFactory: (store: EventStore, windows: WindowKeeper, settlement: SettlementProcess, payouts: PayoutProcess, clock: Clock) =>
        new SettlementCommands(store, windows, settlement, payouts, clock),
    },
    {
      provide: SettlementService,
      inject: [
        EVENT_STORE,
        LOG_FEED,
        HostedProjection,
        SettlementQueries,
        WindowKeeper,
        SettlementProcess,
        PayoutProcess,
        LOGGER,
        LEADERSHIP,
      ],
      useFactory: (
        store: EventStore,
        feed: LogFeed,
        projection: HostedProjection,
        queries: SettlementQueries,
        windows: WindowKeeper,
        settlement: SettlementProcess,
        payouts: PayoutProcess,
        logger: Logger,
        all: ReadonlyMap<string, Leadership>,
      ) => {
        const statement = new BankStatementProcess(store, bank);
        const marking = new PaymentMarking(store, queries, { signal: stopping.signal });
        const parts = { feed, projection, queries, windows, settlement, payouts, statement, marking, stopping };
        const leadership = leadershipOf(all, 'settlement');
        return new SettlementService({ ...parts, bank: bank.name, pollMs: bankPollMs, logger, leadership });
      },
    },
  ];
}
