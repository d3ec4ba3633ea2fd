import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Module, type DynamicModule, type INestMicroservice } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { busCategories, type Bus, type Publisher } from '@tongbao/bus';
import { openCache, type Cache } from '@tongbao/cache';
import { topics } from '@tongbao/contracts';
import { EventStore, LogFeed, Outage } from '@tongbao/event-store';
import { ProjectionReplica, queriesOver, type Projection, type SqlClient } from '@tongbao/read-model';
import { LoopWatch } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import { systemClock } from './clock.js';
import { CommandRefusals } from './command-refusals.js';
import type { HubConfig } from './config.js';
import { operatorsOf } from './generated-secrets.js';
import type { HealthCheck } from './health.http.js';
import { createHttpApplication, openApiOf } from './http-application.js';
import { HubModule } from './hub.module.js';
import { leadershipOf, soleLeader, type Leadership } from './leadership.js';
import { LeaseLeadership } from './lease-leadership.js';
import { OperatorDirectory } from './operators.js';
import { PlatformKeys } from './platform-keys.js';
import { busOf, type ProcessBus } from './process-bus.js';
import { openReadModels } from './process-read-models.js';

/** One of the hub's services, as a process hosts it. */
export interface ServiceDefinition {
  /** Also the name of its consumer group, its projection and its lease. */
  name: string;
  /** Event categories that it reads. */
  categories: readonly string[];
  publisher: Publisher;
  projection: Projection;
  /** Projections that it keeps besides, each under a name of its own. */
  furtherProjections?: readonly Projection[];
  module: DynamicModule;
  /** Its messages are the leading process's alone; those of other services are shared by all their processes. */
  consumesAlone?: boolean;
}

/** What a service hosts besides its own domain: read models and endpoints over the same events. */
export interface ServicePart {
  /** Event categories that it reads. */
  categories: readonly string[];
  projections: readonly Projection[];
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
  /** Whether other processes may host the same services: then one of them leads, by a lease. */
  shared: boolean;
  /** Something the process cannot go on without has died: it must end. */
  onFatal: (error: unknown) => void;
}

interface Parts {
  store: EventStore;
  feed: LogFeed;
  sql: SqlClient;
  cache: Cache;
  projections: ReadonlyMap<string, ProjectionReplica>;
  bus: ProcessBus;
  leases: readonly LeaseLeadership[];
  /** The connection that only the leases use. */
  leaseStore: EventStore | undefined;
}

/** A process that hosts one, several or all services. */
export class ServiceProcess {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    private readonly parts: Parts,
  ) {}

  static async start(options: ServiceProcessOptions): Promise<ServiceProcess> {
    const { config, logger, services, eventStoreUrl } = options;
    mkdirSync(config.dataDir, { recursive: true });
    const onOutage = (what: string, error: unknown) => logger.warn({ err: error, what }, 'waits for something that is down');
    const onFailure = (what: string, error: unknown) =>
      logger.fatal({ err: error, what }, 'stands still: something is wrong that no repetition mends');
    const store = EventStore.connect(eventStoreUrl);
    const leaseStore = options.shared ? leaseStoreOf(options) : undefined;
    const leases = leaseStore ? services.map(({ name }) => leaseOf(name, leaseStore, options)) : [];
    const leaderships = new Map<string, LeaseLeadership | typeof soleLeader>(
      services.map(({ name }, index) => [name, leases[index] ?? soleLeader]),
    );
    const loops = new LoopWatch();
    const feed = new LogFeed(store, { categories: categoriesOf(services), onOutage, onFailure, loops });
    await untilUp('event store', () => feed.start(), onOutage);
    const sql = await openReadModels(options);
    const cache = openCache({ url: config.redisUrl, onOutage: (error: unknown) => onOutage('Redis', error) });
    const projections = new Map(
      services
        .flatMap(projectionsOf)
        .map((projection) => [projection.name, new ProjectionReplica(sql, feed, projection, { onFailure, onOutage })]),
    );
    // In the order in which the leader must begin: rows first, for what follows waits for them; then what tells others.
    for (const service of services)
      for (const { name } of projectionsOf(service))
        await leadershipOf(leaderships, service.name).undertake(`the projection ${name}`, async (epoch) =>
          projections.get(name)?.lead(epoch),
        );
    const bus = await busOf({ options, store, feed, loops, leaderships });
    const platformKeys = new PlatformKeys(store);
    platformKeys.start(feed);
    const refusals = new CommandRefusals(store);
    refusals.start(feed);
    const hub = HubModule.register({
      config,
      store,
      feed,
      sql: queriesOver(sql, projections.values()),
      bus: bus.bus,
      relays: bus.relays,
      cache,
      clock: systemClock,
      logger,
      operators: new OperatorDirectory(operatorsOf(config)),
      platformKeys,
      refusals,
      projections,
      leaderships,
      healthChecks: [eventStoreCheck(store), databaseCheck(sql), tablesCheck(projections)],
      loops,
    });
    const app = await applicationOf(options, hub);
    const url = await serve(app, options, bus.bus, leaderships);
    for (const lease of leases) lease.stand(`${options.title} ${randomUUID()}`, config.advertisedUrl || url);
    return new ServiceProcess(app, url, { store, feed, sql, cache, projections, bus, leases, leaseStore });
  }

  /** Takes nothing new, finishes what is in hand, and closes in the order of dependence. */
  async stop(): Promise<void> {
    const { store, feed, sql, cache, bus, projections, leases, leaseStore } = this.parts;
    await this.app.close();
    await bus.stop();
    await Promise.all([...projections.values()].map((projection) => projection.stop()));
    await feed.stop();
    await Promise.all(leases.map((lease) => lease.release()));
    await cache.close();
    await sql.close();
    await Promise.all([store.close(), leaseStore?.close()]);
  }
}

@Module({})
class ProcessModule {}

async function applicationOf(
  { title, config, logger, services, modules = [] }: ServiceProcessOptions,
  hub: DynamicModule,
): Promise<NestFastifyApplication> {
  const imports = [hub, ...services.map(({ module }) => module), ...modules];
  const app = await createHttpApplication({ module: ProcessModule, imports }, { logger, bodyLimitBytes: config.bodyLimitBytes });
  const description = openApiOf(app, title);
  app
    .getHttpAdapter()
    .getInstance()
    .get('/openapi.json', () => description);
  return app;
}

/** Consumes and listens; a group that only the leader may consume begins with its lead. @returns the address */
async function serve(
  app: NestFastifyApplication,
  { config, services }: ServiceProcessOptions,
  bus: Bus,
  leaderships: ReadonlyMap<string, Leadership>,
): Promise<string> {
  const groups = services.map(({ name, consumesAlone = false }): [string, boolean, INestMicroservice] => [
    name,
    consumesAlone,
    app.connectMicroservice({ strategy: bus.server(name) }),
  ]);
  await app.init();
  for (const [name, alone, group] of groups) {
    const consume = async () => {
      await group.listen();
    };
    if (alone) await leadershipOf(leaderships, name).undertake(`the group ${name}`, consume);
    else await consume();
  }
  await app.listen(config.port, config.host);
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

/** A connection of its own, so that no renewal waits behind thousands of appends; whose tries end in time for another one before the lease is over. */
function leaseStoreOf({ config, eventStoreUrl }: ServiceProcessOptions): EventStore {
  const tryMs = (config.leaseSeconds * 1_000) / 4;
  return EventStore.connect(eventStoreUrl, { appendsAlone: true, retryForMs: tryMs, silentForMs: tryMs });
}

function leaseOf(service: string, store: EventStore, { config, logger, onFatal }: ServiceProcessOptions): LeaseLeadership {
  return new LeaseLeadership({
    store,
    service,
    ttlMs: config.leaseSeconds * 1_000,
    onLeading: (name, epoch) => logger.info({ leads: name, epoch }, 'leads'),
    onLost: onFatal,
    onOutage: (error) => logger.warn({ err: error, what: `lease ${service}` }, 'waits for something that is down'),
  });
}

const projectionsOf = ({ projection, furtherProjections = [] }: ServiceDefinition): Projection[] => [projection, ...furtherProjections];

/** What the services read, and what platforms' keys and refusals are folded from. */
const categoriesOf = (services: readonly ServiceDefinition[]): string[] => [
  ...new Set([
    ...services.flatMap(({ categories }) => [...categories]),
    ...busCategories(
      services.map(({ publisher }) => publisher),
      Object.values(topics),
    ),
    'participant',
    'command',
  ]),
];

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

const tablesCheck = (projections: ReadonlyMap<string, ProjectionReplica>): HealthCheck => ({
  name: 'tables',
  problem: () => {
    const missing = [...projections.values()].filter(({ isReady }) => !isReady).map(({ name }) => name);
    return Promise.resolve(missing.length === 0 ? undefined : `not made yet: ${missing.join(', ')}`);
  },
});

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** A process may be started before what it depends on. */
async function untilUp<T>(what: string, work: () => Promise<T>, onOutage: (what: string, error: unknown) => void): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      onOutage(what, error);
      await delay(pauseMs);
    }
  }
}
