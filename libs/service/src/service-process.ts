import { Module, type DynamicModule } from '@nestjs/common';
import { Bus, busCategories, EmbeddedTransport, type Publisher } from '@tongbao/bus';
import { topics } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { openPglite, ProjectionRunner, type Projection, type SqlClient } from '@tongbao/read-model';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from './clock.js';
import { CommandRefusals } from './command-refusals.js';
import type { HubConfig } from './config.js';
import { operatorsOf } from './generated-secrets.js';
import type { HealthCheck } from './health.http.js';
import { createHttpApplication, openApiOf } from './http-application.js';
import { HubModule } from './hub.module.js';
import { soleLeader } from './leadership.js';
import { OperatorDirectory } from './operators.js';
import { PlatformKeys } from './platform-keys.js';

/** One of the hub's services, as a process hosts it. */
export interface ServiceDefinition {
  /** Also the name of its consumer group, its projection and its lease. */
  name: string;
  /** Event categories that it reads. */
  categories: readonly string[];
  publisher: Publisher;
  projection: Projection;
  module: DynamicModule;
}

export interface ServiceProcessOptions {
  /** What the process calls itself: in its logs, and as the title of its API. */
  title: string;
  config: HubConfig;
  logger: Logger;
  /** Connection string. */
  eventStoreUrl: string;
  services: readonly ServiceDefinition[];
  /** What the process serves besides. */
  modules?: readonly DynamicModule[];
  /** Something the process cannot go on without has died: it must end. */
  onFatal: (error: unknown) => void;
}

interface Parts {
  store: EventStore;
  feed: LogFeed;
  sql: SqlClient;
  runners: ReadonlyMap<string, ProjectionRunner>;
  bus: Bus;
}

/** A process that hosts one, several or all services. */
export class ServiceProcess {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    private readonly parts: Parts,
  ) {}

  static async start(options: ServiceProcessOptions): Promise<ServiceProcess> {
    const { title, config, logger, services } = options;
    mkdirSync(config.dataDir, { recursive: true });
    const onOutage = (what: string, error: unknown) => logger.warn({ err: error, what }, 'waits for something that is down');
    const onFailure = (what: string, error: unknown) =>
      logger.fatal({ err: error, what }, 'stands still: something is wrong that no repetition mends');
    const store = EventStore.connect(options.eventStoreUrl);
    const publishers = services.map(({ publisher }) => publisher);
    const feed = new LogFeed(store, { categories: categoriesOf(services, publishers), onOutage, onFailure });
    await feed.start();
    const sql = await openReadModels(options);
    const runners = new Map<string, ProjectionRunner>();
    for (const { projection } of services)
      runners.set(projection.name, await ProjectionRunner.start(sql, feed, projection, { onFailure, onOutage }));
    const bus = new Bus({
      transport: new EmbeddedTransport({ store, feed, publishers }),
      store,
      onIncident: (incident) => logger.error({ incident }, 'the bus met something that it could not handle'),
    });
    const platformKeys = new PlatformKeys(store, config.apiKeyPepper);
    platformKeys.start(feed);
    const refusals = new CommandRefusals(store);
    refusals.start(feed);
    const hub = HubModule.register({
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
      leaderships: new Map(services.map(({ name }) => [name, soleLeader])),
      healthChecks: [eventStoreCheck(store), databaseCheck(sql)],
    });
    const modules = [hub, ...services.map(({ module }) => module), ...(options.modules ?? [])];
    const app = await createHttpApplication({ module: ProcessModule, imports: modules }, { logger, bodyLimitBytes: config.bodyLimitBytes });
    const description = openApiOf(app, title);
    app
      .getHttpAdapter()
      .getInstance()
      .get('/openapi.json', () => description);
    for (const { name } of services) app.connectMicroservice({ strategy: bus.server(name) });
    await app.startAllMicroservices();
    await app.listen(config.port, config.host);
    const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    return new ServiceProcess(app, url, { store, feed, sql, runners, bus });
  }

  /** Takes nothing new, finishes what is in hand, and closes in the order of dependence. */
  async stop(): Promise<void> {
    const { store, feed, sql, bus, runners } = this.parts;
    await this.app.close();
    await bus.stop();
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
    await feed.stop();
    await sql.close();
    await store.close();
  }
}

@Module({})
class ProcessModule {}

function categoriesOf(services: readonly ServiceDefinition[], publishers: readonly Publisher[]): string[] {
  return [...new Set([...services.flatMap(({ categories }) => [...categories]), ...busCategories(publishers, Object.values(topics))])];
}

function openReadModels({ config, logger, onFatal }: ServiceProcessOptions): Promise<SqlClient> {
  return openPglite(join(config.dataDir, 'read-models'), {
    onFatal,
    onDamaged: (movedAside) => logger.warn({ movedAside }, 'the read models could not be opened and are built again from the log'),
  });
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
