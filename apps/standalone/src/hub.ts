import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { Bus, busCategories, EmbeddedTransport, type Publisher } from '@tongbao/bus';
import { topics } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreWorker, type EventStoreWorker } from '@tongbao/event-store-server';
import { LedgerModule, ledgerCategories, ledgerProjection, ledgerPublisher } from '@tongbao/ledger';
import { NotificationModule, notificationCategories, notificationProjection } from '@tongbao/notification';
import { PaymentModule, paymentCategories, paymentProjection, paymentPublisher } from '@tongbao/payment';
import { openPglite, ProjectionRunner, type Projection, type SqlClient } from '@tongbao/read-model';
import { SandboxBank, SandboxProvider, sandboxSignatureHeader } from '@tongbao/sandbox';
import {
  CommandRefusals,
  createHttpApplication,
  HubModule,
  OperatorDirectory,
  openApiOf,
  PlatformKeys,
  systemClock,
  type HealthCheck,
  type HubConfig,
} from '@tongbao/service';
import { SettlementModule, settlementCategories, settlementProjection, settlementPublisher } from '@tongbao/settlement';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { operatorsOf, secretsOf } from './generated-secrets.js';
import { SANDBOX, SandboxController, type Sandbox } from './sandbox.http.js';

const publishers: readonly Publisher[] = [paymentPublisher, ledgerPublisher, settlementPublisher];
const projections: readonly Projection[] = [paymentProjection, ledgerProjection, settlementProjection, notificationProjection];
const groups = ['payment', 'ledger', 'settlement', 'notification'] as const;

const categories = [
  ...new Set([
    ...paymentCategories,
    ...ledgerCategories,
    ...settlementCategories,
    ...notificationCategories,
    ...busCategories(publishers, [topics.ledgerCommands]),
  ]),
];

/** The whole hub in one process: four services, the embedded event store in a thread, PGlite in a thread. */
export class Hub {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly eventStoreUrl: string,
    private readonly parts: {
      store: EventStore;
      feed: LogFeed;
      sql: SqlClient;
      runners: Map<string, ProjectionRunner>;
      bus: Bus;
      worker: EventStoreWorker | undefined;
      sandbox: Sandbox;
    },
  ) {}

  /** @param onFatal something the hub cannot go on without has died: the process must end */
  static async start(config: HubConfig, logger: Logger, onFatal: (error: unknown) => void): Promise<Hub> {
    mkdirSync(config.dataDir, { recursive: true });
    const secrets = secretsOf(config);
    config.apiKeyPepper = secrets.apiKeyPepper;
    config.webhookSecretKey = secrets.webhookSecretKey;

    const worker = config.eventStoreUrl
      ? undefined
      : await startEventStoreWorker({ dataDir: join(config.dataDir, 'events'), host: '127.0.0.1', port: config.eventStorePort, onFatal });
    const eventStoreUrl = config.eventStoreUrl || worker?.connectionString || '';
    const store = EventStore.connect(eventStoreUrl);
    const onOutage = (what: string, error: unknown) => logger.warn({ err: error, what }, 'waits for something that is down');
    const onFailure = (what: string, error: unknown) =>
      logger.fatal({ err: error, what }, 'stands still: something is wrong that no repetition mends');
    const feed = new LogFeed(store, { categories, onOutage, onFailure });
    await feed.start();

    const sql = await openPglite(join(config.dataDir, 'read-models'), {
      onFatal,
      onDamaged: (movedAside) => logger.warn({ movedAside }, 'the read models could not be opened and are built again from the log'),
    });
    const runners = new Map<string, ProjectionRunner>();
    for (const projection of projections)
      runners.set(projection.name, await ProjectionRunner.start(sql, feed, projection, { onFailure, onOutage }));

    const transport = new EmbeddedTransport({ store, feed, publishers });
    const bus = new Bus({
      transport,
      store,
      onIncident: (incident) => logger.error({ incident }, 'the bus met something that it could not handle'),
    });
    const platformKeys = new PlatformKeys(store, config.apiKeyPepper);
    platformKeys.start(feed);
    const refusals = new CommandRefusals(store);
    refusals.start(feed);

    const listening: { url?: string } = {};
    const sandbox = openSandbox(config, secrets.sandboxSecret, () => listening.url, logger);
    const module = HubAppModule.of(
      HubModule.register({
        config,
        store,
        feed,
        sql,
        bus,
        clock: systemClock,
        logger,
        operators: new OperatorDirectory(operatorsOf(config)),
        platformKeys,
        refusals,
        projections: runners,
        healthChecks: [eventStoreCheck(store), databaseCheck(sql)],
      }),
      config,
      sandbox,
    );
    const app = await createHttpApplication(module, { logger, bodyLimitBytes: config.bodyLimitBytes });
    const description = openApiOf(app, 'Tongbao');
    app
      .getHttpAdapter()
      .getInstance()
      .get('/openapi.json', () => description);
    for (const group of groups) app.connectMicroservice({ strategy: bus.server(group) });
    await app.startAllMicroservices();
    await app.listen(config.port, config.host);
    listening.url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    return new Hub(app, listening.url, eventStoreUrl, { store, feed, sql, runners, bus, worker, sandbox });
  }

  /** Takes nothing new, finishes what is in hand, and closes in the order of dependence. */
  async stop(): Promise<void> {
    const { store, feed, sql, bus, runners, worker, sandbox } = this.parts;
    await this.app.close();
    await bus.stop();
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
    await feed.stop();
    await sql.close();
    await store.close();
    await worker?.close();
    for (const provider of sandbox.providers.values()) provider.dispose();
    sandbox.bank.close();
  }
}

function openSandbox(config: HubConfig, secret: string, hubUrl: () => string | undefined, logger: Logger): Sandbox {
  const names = config.providers.map((pair) => pair.slice(0, pair.indexOf('=')));
  const open = (name: string): [string, SandboxProvider] => [
    name,
    new SandboxProvider({
      file: join(config.dataDir, 'sandbox-providers.db'),
      name,
      secret,
      notify: ({ body, signature }) => notify(hubUrl(), name, body, signature, logger),
    }),
  ];
  return { providers: new Map(names.map(open)), bank: new SandboxBank({ file: join(config.dataDir, 'sandbox-bank.db'), name: 'sandbox' }) };
}

/** A notification that does not arrive is no loss: the hub asks the provider by itself. */
async function notify(hubUrl: string | undefined, provider: string, body: string, signature: string, logger: Logger): Promise<void> {
  if (hubUrl === undefined) return;
  const headers = { 'content-type': 'application/json', [sandboxSignatureHeader]: signature };
  try {
    const response = await fetch(`${hubUrl}/v1/providers/${provider}/notifications`, { method: 'POST', headers, body });
    if (!response.ok) logger.warn({ provider, status: response.status }, 'a notification of the sandbox provider was not taken');
  } catch (error) {
    logger.warn({ err: error, provider }, 'a notification of the sandbox provider could not be delivered');
  }
}

const eventStoreCheck = (store: EventStore): HealthCheck => ({
  name: 'event-store',
  problem: () =>
    store.head().then(
      () => undefined,
      (error: unknown) => String(error),
    ),
});

const databaseCheck = (sql: SqlClient): HealthCheck => ({
  name: 'read-models',
  problem: () =>
    sql.query('SELECT 1').then(
      () => undefined,
      (error: unknown) => String(error),
    ),
});

@Module({})
class HubAppModule {
  static of(hub: DynamicModule, config: HubConfig, sandbox: Sandbox): DynamicModule {
    return {
      module: HubAppModule,
      imports: [
        hub,
        PaymentModule.register({ connectors: [...sandbox.providers.values()] }),
        LedgerModule.register(),
        SettlementModule.register({
          bank: sandbox.bank,
          models: config.currencies.map((currency) => ({
            name: 'dnm',
            currency,
            minimumPayoutMinor: config.minimumPayoutMinor,
            collection: config.collection,
            automaticApprovalUpToMinor: config.automaticApprovalUpToMinor,
          })),
        }),
        NotificationModule.register(),
      ],
      controllers: [SandboxController],
      providers: [{ provide: SANDBOX, useValue: sandbox }],
    };
  }
}
