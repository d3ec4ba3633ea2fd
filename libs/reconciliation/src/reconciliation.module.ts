import { Inject, Module, type DynamicModule, type OnModuleInit, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  CLOCK,
  CommandRefusals,
  Edge,
  EVENT_STORE,
  HEALTH_CHECKS,
  HostedProjection,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  PROJECTIONS,
  SQL,
  type Clock,
  type Follower,
  type HealthCheck,
  type Leadership,
} from '@tongbao/service';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { BankLinesController } from './bank-lines.http.js';
import { BankLineViews } from './bank-lines.view.js';
import { BillFiles } from './bill-files.js';
import { BillIntake } from './bill-intake.js';
import { takeFiles } from './bill-upload.js';
import { BillProcess } from './bill.process.js';
import { BillsController } from './bills.http.js';
import { BillViews } from './bills.view.js';
import { BreaksController } from './breaks.http.js';
import { BreakViews } from './breaks.view.js';
import { DayProcess } from './day.process.js';
import { lineWork } from './line-work.js';
import { PayoutsProcess } from './payouts.process.js';
import { ReconciliationCommands } from './reconciliation.commands.js';
import { ReconciliationMetrics } from './reconciliation.metrics.js';
import { reconciliationProjection } from './reconciliation.projection.js';
import { ReconciliationQueries } from './reconciliation.queries.js';
import { ReconciliationService } from './reconciliation.service.js';
import { RunProcess } from './run.process.js';
import { RunsController } from './runs.http.js';
import { TermsController } from './terms.http.js';
import { termsSource } from './terms.source.js';

export interface ReconciliationOptions {
  /** Where bills are kept; the same for all processes of the service. */
  folder: string;
  maxBillBytes: number;
  /** How often is looked whether payouts are overdue; an hour when not given. */
  payoutsEveryMs?: number;
}

const PAYOUTS_EVERY_MS = Symbol('PAYOUTS_EVERY_MS');
const hourMs = 3_600_000;

/** Bills of providers, their comparison with what we believe, and breaks. Needs the parts of HubModule, and the projection 'reconciliation' among its projections. */
@Module({})
export class ReconciliationModule implements OnModuleInit {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  static register({ folder, maxBillBytes, payoutsEveryMs = hourMs }: ReconciliationOptions): DynamicModule {
    const files = new BillFiles(folder, maxBillBytes);
    return {
      module: ReconciliationModule,
      controllers: [TermsController, BillsController, RunsController, BreaksController, BankLinesController],
      providers: [{ provide: BillFiles, useValue: files }, { provide: PAYOUTS_EVERY_MS, useValue: payoutsEveryMs }, ...reading, ...working],
    };
  }

  onModuleInit(): void {
    takeFiles(this.host.httpAdapter.getInstance<FastifyInstance>());
  }
}

const reading: Provider[] = [
  ReconciliationMetrics,
  ...[ReconciliationQueries, BillViews, BreakViews, BankLineViews].map((views) => ({
    provide: views,
    inject: [SQL],
    useFactory: (sql: SqlClient) => new views(sql),
  })),
  {
    provide: HostedProjection,
    inject: [PROJECTIONS],
    useFactory: (projections: ReadonlyMap<string, Follower>) => new HostedProjection(projections, reconciliationProjection.name),
  },
  {
    provide: Edge,
    inject: [HostedProjection, CommandRefusals],
    useFactory: (follower: HostedProjection, refusals: CommandRefusals) => new Edge(follower, refusals),
  },
];

const working: Provider[] = [
  {
    provide: DayProcess,
    inject: [EVENT_STORE, ReconciliationQueries, CLOCK],
    useFactory: (store: EventStore, queries: ReconciliationQueries, clock: Clock) =>
      new DayProcess({ store, queries, clock, termsOf: termsSource(store) }),
  },
  {
    provide: BillIntake,
    inject: [EVENT_STORE, BillFiles, CLOCK],
    useFactory: (store: EventStore, files: BillFiles, clock: Clock) => new BillIntake(store, files, clock, termsSource(store)),
  },
  {
    provide: ReconciliationCommands,
    inject: [EVENT_STORE, ReconciliationQueries, DayProcess, CLOCK],
    useFactory: (store: EventStore, queries: ReconciliationQueries, days: DayProcess, clock: Clock) =>
      new ReconciliationCommands(store, queries, days, clock),
  },
  {
    provide: ReconciliationService,
    inject: [
      EVENT_STORE,
      LOG_FEED,
      HostedProjection,
      ReconciliationQueries,
      DayProcess,
      BillFiles,
      CLOCK,
      LOGGER,
      LEADERSHIP,
      HEALTH_CHECKS,
      PAYOUTS_EVERY_MS,
    ],
    useFactory: (
      store: EventStore,
      feed: LogFeed,
      projection: HostedProjection,
      queries: ReconciliationQueries,
      days: DayProcess,
      files: BillFiles,
      clock: Clock,
      logger: Logger,
      all: ReadonlyMap<string, Leadership>,
      healthChecks: HealthCheck[],
      payoutsEveryMs: number,
    ) => {
      const stopping = new AbortController();
      const termsOf = termsSource(store);
      const common = { store, files, work: lineWork(), clock, signal: stopping.signal };
      const bills = new BillProcess({ ...common, termsOf });
      const runs = new RunProcess({ ...common, queries });
      const payouts = new PayoutsProcess(store, queries, clock);
      const leadership = leadershipOf(all, 'settlement');
      const processes = { bills, days, runs, payouts, payoutsEveryMs };
      return new ReconciliationService({
        feed,
        projection,
        queries,
        files,
        ...processes,
        termsOf,
        stopping,
        logger,
        leadership,
        healthChecks,
      });
    },
  },
];
