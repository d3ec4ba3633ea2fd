import { Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import type { Cache } from '@tongbao/cache';
import type { Provider as Connector } from '@tongbao/contracts';
import { EventStore, load, LogFeed } from '@tongbao/event-store';
import type { ProjectionReplica, SqlClient } from '@tongbao/read-model';
import {
  CACHE,
  type Clock,
  CLOCK,
  EVENT_STORE,
  HUB_CONFIG,
  type HubConfig,
  type Leadership,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  LOOPS,
  METRICS,
  PLATFORM_KEYS,
  type PlatformKeys,
  PROJECTIONS,
  SQL,
} from '@tongbao/service';
import type { Loops, Metrics } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import { Admission } from './admission.js';
import { AgreementController } from './agreement.http.js';
import { BankAccountController } from './bank-account.http.js';
import { CommandEnvelopes } from './command-envelope.js';
import { Directory } from './directory.js';
import { DisputeController } from './dispute.http.js';
import { HubKeysController } from './hub-keys.http.js';
import { HubKeys } from './hub-keys.js';
import { ParticipantController } from './participant.http.js';
import { PaymentActions } from './payment.actions.js';
import { PaymentCommandsConsumer } from './payment-commands.consumer.js';
import { PaymentConsumer } from './payment.consumer.js';
import { PaymentController } from './payment.http.js';
import { PaymentIntake } from './payment.intake.js';
import { paymentFold } from './payment.js';
import { PaymentMetrics } from './payment.metrics.js';
import { PaymentReactor, paymentStream } from './payment.reactor.js';
import { PaymentTimers } from './payment.timers.js';
import { PaymentWaiters } from './payment.waiters.js';
import { PaymentQueries } from './payments.view.js';
import { PlatformKeyController } from './platform-key.http.js';
import { ProjectionPosition } from './projection-position.js';
import { ProviderNotificationController } from './provider-notification.http.js';
import { Providers } from './providers.js';
import { TopUpController } from './top-up.http.js';
import { TopUpReactor } from './top-up.reactor.js';
import { VelocityCounters } from './velocity.js';
import { Workload } from './workload.js';

export interface PaymentModuleOptions {
  connectors: readonly Connector[];
}

/** The payment service's loops, in the order in which they may start and must stop. */
class PaymentLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly store: EventStore,
    private readonly feed: LogFeed,
    private readonly directory: Directory,
    private readonly admission: Admission,
    private readonly timers: PaymentTimers,
    private readonly reactor: PaymentReactor,
    private readonly waiters: PaymentWaiters,
    private readonly leadership: Leadership,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.directory.start(this.feed);
    this.admission.start(this.feed, await this.store.head());
    this.waiters.follow(
      this.feed,
      async (paymentId) => (await load(this.store, paymentStream(paymentId), paymentFold)).state,
      (paymentId) => this.reactor.isRunning(paymentId),
    );
    await this.leadership.undertake("payments' timers", () => {
      this.timers.start();
      return Promise.resolve();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.timers.stop();
    await this.reactor.idle();
  }
}

/** The payment service: participants, agreements, payments, wallets' top-ups, and the connectors to providers. */
@Module({})
export class PaymentModule {
  static register({ connectors }: PaymentModuleOptions): DynamicModule {
    return {
      module: PaymentModule,
      controllers: [
        PaymentController,
        DisputeController,
        ParticipantController,
        BankAccountController,
        PlatformKeyController,
        HubKeysController,
        AgreementController,
        TopUpController,
        ProviderNotificationController,
        PaymentConsumer,
        PaymentCommandsConsumer,
      ],
      providers: [
        { provide: Workload, useFactory: () => new Workload() },
        { provide: VelocityCounters, inject: [CACHE], useFactory: (cache: Cache) => new VelocityCounters(cache) },
        {
          provide: Providers,
          inject: [HUB_CONFIG],
          useFactory: (config: HubConfig) => new Providers(connectors, config.providerTimeoutMs),
        },
        {
          provide: Directory,
          inject: [HUB_CONFIG, Providers],
          useFactory: (config: HubConfig, providers: Providers) =>
            new Directory({ currencies: config.currencies, providers: providers.offer() }),
        },
        {
          provide: PaymentReactor,
          inject: [EVENT_STORE, Providers, CLOCK],
          useFactory: (store: EventStore, providers: Providers, clock: Clock) => new PaymentReactor(store, providers, clock),
        },
        {
          provide: TopUpReactor,
          inject: [EVENT_STORE, Providers],
          useFactory: (store: EventStore, providers: Providers) => new TopUpReactor(store, providers),
        },
        {
          provide: PaymentWaiters,
          inject: [LOGGER],
          useFactory: (logger: Logger) =>
            new PaymentWaiters((paymentId, error) =>
              logger.warn({ err: error, paymentId }, 'a call to a provider could not be recorded; the timers repeat it'),
            ),
        },
        { provide: HubKeys, inject: [HUB_CONFIG], useFactory: (config: HubConfig) => new HubKeys(config.commandDecryptionKey) },
        {
          provide: CommandEnvelopes,
          inject: [PLATFORM_KEYS, HubKeys],
          useFactory: (platformKeys: PlatformKeys, hubKeys: HubKeys) => new CommandEnvelopes(platformKeys, hubKeys),
        },
        {
          provide: PaymentActions,
          inject: [EVENT_STORE, PaymentReactor, PaymentWaiters],
          useFactory: (store: EventStore, reactor: PaymentReactor, waiters: PaymentWaiters) => new PaymentActions(store, reactor, waiters),
        },
        { provide: PaymentQueries, inject: [SQL], useFactory: (sql: SqlClient) => new PaymentQueries(sql) },
        {
          provide: PaymentMetrics,
          inject: [METRICS, PaymentQueries, CLOCK, Workload],
          useFactory: (metrics: Metrics, queries: PaymentQueries, clock: Clock, workload: Workload) =>
            new PaymentMetrics(metrics, queries, clock, workload),
        },
        {
          provide: ProjectionPosition,
          inject: [LOG_FEED, PROJECTIONS],
          useFactory: (feed: LogFeed, projections: ReadonlyMap<string, ProjectionReplica>) =>
            new ProjectionPosition(feed, () => projections.get('payment')),
        },
        {
          provide: Admission,
          inject: [EVENT_STORE, CLOCK, CACHE, Workload, HUB_CONFIG],
          useFactory: (store: EventStore, clock: Clock, cache: Cache, workload: Workload, config: HubConfig) =>
            new Admission(store, clock, cache, workload, config.admissionLagMs, config.rateLimitPerSecond),
        },
        {
          provide: PaymentIntake,
          inject: [EVENT_STORE, CACHE, Directory, VelocityCounters, PaymentReactor, PaymentWaiters, CLOCK, Workload, HUB_CONFIG],
          useFactory: (
            store: EventStore,
            cache: Cache,
            directory: Directory,
            velocity: VelocityCounters,
            reactor: PaymentReactor,
            waiters: PaymentWaiters,
            clock: Clock,
            workload: Workload,
            config: HubConfig,
          ) => new PaymentIntake(store, cache, directory, velocity, reactor, waiters, clock, workload, config.paymentExpiryMinutes),
        },
        {
          provide: PaymentTimers,
          inject: [PaymentQueries, PaymentReactor, TopUpReactor, PaymentWaiters, CLOCK, LOGGER, LOOPS],
          useFactory: (
            queries: PaymentQueries,
            reactor: PaymentReactor,
            topUps: TopUpReactor,
            waiters: PaymentWaiters,
            clock: Clock,
            logger: Logger,
            loops: Loops,
          ) => new PaymentTimers(queries, reactor, topUps, waiters, clock, logger, loops.register('payment timers')),
        },
        {
          provide: PaymentLoops,
          inject: [EVENT_STORE, LOG_FEED, Directory, Admission, PaymentTimers, PaymentReactor, PaymentWaiters, LEADERSHIP],
          useFactory: (
            store: EventStore,
            feed: LogFeed,
            directory: Directory,
            admission: Admission,
            timers: PaymentTimers,
            reactor: PaymentReactor,
            waiters: PaymentWaiters,
            all: ReadonlyMap<string, Leadership>,
          ) => new PaymentLoops(store, feed, directory, admission, timers, reactor, waiters, leadershipOf(all, 'payment')),
        },
      ],
    };
  }
}

/** Event categories that a process must follow to host the payment service. */
export const paymentCategories = ['payment', 'topup', 'participant', 'agreement', 'command', 'journal'] as const;
