import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyTopics, replicationFactorFor, topicPlan } from '@tongbao/bus';
import { ensureTools, startKafka, startPostgres, startRedis, type LocalService } from '@tongbao/local-services';
import { NodeProcess, type NodeProgram } from './node-process.js';
import { Part } from './part.js';
import { portsOf, processNames, secretsOf, serviceOf, type Ports } from './settings.js';
import { Supervised } from './supervised.js';

export interface LocalClusterOptions {
  /** Everything lies here: data, logs, ports and generated secrets. */
  dataDir: string;
  /** Processes of each service; 1 when not given. */
  replicas?: number;
  /** Of the gateway; one of the folder's own when not given. */
  port?: number;
  /** Addresses of servers that run already, instead of own ones. */
  external?: Partial<Addresses>;
  /** For tests: a process is killed where its file under `faults` says so; see fault-point.ts of libs/event-store. */
  faults?: boolean;
  /** Further settings of the hub's processes. */
  env?: Readonly<Record<string, string>>;
  /** Options of Node for a process of the hub or the event store, by its name; such as `--cpu-prof`. */
  execArgv?: (processName: string) => readonly string[];
  onProgress?: (line: string) => void;
}

export interface Addresses {
  /** `host:port`, by comma. */
  kafkaBrokers: string;
  databaseUrl: string;
  redisUrl: string;
  eventStoreUrl: string;
}

export type PartName = 'kafka' | 'postgres' | 'redis' | 'event-store';

/** Its port for metrics has a name of its own among the ports. */
const gatewayMetrics = 'gateway-metrics';

const mainOf = (folder: string): string => fileURLToPath(new URL(`../../../${folder}/dist/main.js`, import.meta.url));

/** The distributed hub on one machine: Kafka, PostgreSQL, Redis, the event store's server, every service in its own processes, and the gateway. */
export class LocalCluster {
  readonly parts: ReadonlyMap<PartName, Part>;
  readonly #processes = new Map<string, Supervised>();
  readonly #found: Partial<Addresses>;
  #url = '';

  private constructor(
    private readonly options: LocalClusterOptions,
    private readonly ports: Ports,
  ) {
    this.#found = { ...options.external };
    const { kafkaBrokers, databaseUrl, redisUrl, eventStoreUrl } = this.#found;
    const own: [PartName, Part][] = [];
    if (!kafkaBrokers) own.push(['kafka', this.#part('kafka', startKafka, (kafka) => (this.#found.kafkaBrokers = kafka.brokers))]);
    if (!databaseUrl) own.push(['postgres', this.#part('postgres', startPostgres, (database) => (this.#found.databaseUrl = database.url))]);
    if (!redisUrl) own.push(['redis', this.#part('redis', startRedis, (redis) => (this.#found.redisUrl = redis.url))]);
    if (!eventStoreUrl) own.push(['event-store', new Part('event-store', () => this.#startEventStore())]);
    this.parts = new Map(own);
  }

  /** Starts everything and waits until the hub is ready. What has been started is stopped again when something does not start. */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const { dataDir, replicas = 1, onProgress } = options;
    for (const folder of ['', 'logs', 'events', 'faults']) mkdirSync(join(dataDir, folder), { recursive: true });
    const ports = await portsOf(dataDir, ['gateway', gatewayMetrics, 'event-store', ...processNames(replicas)]);
    const cluster = new LocalCluster(options, ports);
    try {
      await ensureTools(
        ['kafka', 'postgres', 'redis'].filter((name) => cluster.parts.has(name as PartName)) as ('kafka' | 'postgres' | 'redis')[],
        onProgress,
      );
      await cluster.#startAll();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Of the gateway. */
  get url(): string {
    return this.#url;
  }

  get addresses(): Addresses {
    const { kafkaBrokers = '', databaseUrl = '', redisUrl = '', eventStoreUrl = '' } = this.#found;
    return { kafkaBrokers, databaseUrl, redisUrl, eventStoreUrl };
  }

  /** The hub's processes by name: `payment-1`, …, `gateway`. */
  get processes(): ReadonlyMap<string, Supervised> {
    return this.#processes;
  }

  /** Of one process, past the gateway. */
  urlOf(processName: string): string {
    return `http://127.0.0.1:${this.#portOf(processName)}`;
  }

  /** Where a process looks for the point at which it is to be killed. */
  faultFileOf(processName: string): string {
    return join(this.options.dataDir, 'faults', processName);
  }

  /** @throws Error when the cluster does not run such a server */
  part(name: PartName): Part {
    const part = this.parts.get(name);
    if (!part) throw new Error(`this cluster does not run ${name} itself`);
    return part;
  }

  /** The gateway first, then the services, then what they depend on. */
  async stop(): Promise<void> {
    await this.#processes.get('gateway')?.stop();
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    await Promise.all([...this.parts.values()].map((part) => part.stop()));
  }

  /** Pulls the plug of everything at once. */
  async kill(): Promise<void> {
    await Promise.all([
      ...[...this.#processes.values()].map((process) => process.kill()),
      ...[...this.parts.values()].map((part) => part.kill()),
    ]);
  }

  async #startAll(): Promise<void> {
    const { onProgress } = this.options;
    onProgress?.(`starting ${[...this.parts.keys()].join(', ')}`);
    await allOf([...this.parts.values()].map((part) => part.start()));
    onProgress?.('making the topics');
    const connection = { brokers: this.addresses.kafkaBrokers.split(','), clientId: 'cluster' };
    await applyTopics(connection, topicPlan({ replicationFactor: await replicationFactorFor(connection) }));
    onProgress?.('starting the services');
    const names = processNames(this.options.replicas ?? 1);
    await allOf(names.map((name) => this.#startProcess(name, mainOf(`apps/${serviceOf(name)}`), this.#serviceEnv(name))));
    const routes = names.map((name) => `${serviceOf(name)}=${this.urlOf(name)}`).join(',');
    const ofGateway = { GATEWAY_ROUTES: routes, METRICS_PORT: String(this.#portOf(gatewayMetrics)) };
    await this.#startProcess('gateway', mainOf('apps/gateway'), { ...this.#commonEnv('gateway'), ...ofGateway });
    this.#url = this.urlOf('gateway');
    await this.#untilReady();
  }

  async #untilReady(): Promise<void> {
    const giveUpAt = performance.now() + 60_000;
    for (;;) {
      const response = await fetch(`${this.#url}/health/ready`);
      const body = await response.text();
      if (response.ok) return;
      if (performance.now() > giveUpAt) throw new Error(`the cluster is not ready: ${body}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #startProcess(name: string, main: string, env: Record<string, string>): Promise<void> {
    const program = this.#program(name, main, env);
    const started = await Supervised.start(program, (_, why) => this.options.onProgress?.(`${name} is started again: ${String(why)}`));
    this.#processes.set(name, started);
  }

  async #startEventStore(): Promise<Pick<NodeProcess, 'pid' | 'signal' | 'stop' | 'kill'>> {
    const { dataDir } = this.options;
    const env = { EVENT_STORE_DATA: join(dataDir, 'events'), EVENT_STORE_PORT: String(this.#portOf('event-store')) };
    const main = mainOf('libs/event-store-server');
    const server = await NodeProcess.start(this.#program('event-store', main, env));
    this.#found.eventStoreUrl = String(server.said['eventStoreUrl']);
    return server;
  }

  #program(name: string, main: string, env: Record<string, string>): NodeProgram {
    const { dataDir, execArgv } = this.options;
    return { name, main, env, ...(execArgv && { execArgv: execArgv(name) }), logPath: join(dataDir, 'logs', `${name}.log`) };
  }

  #part<S extends LocalService>(name: PartName, start: (options: { dataDir: string }) => Promise<S>, found: (service: S) => void): Part {
    return new Part(name, async () => {
      const service = await start({ dataDir: join(this.options.dataDir, name) });
      found(service);
      return service;
    });
  }

  #commonEnv(name: string): Record<string, string> {
    return {
      TONGBAO_HOST: '127.0.0.1',
      TONGBAO_PORT: String(this.#portOf(name)),
      TONGBAO_PUBLIC_URL: this.urlOf('gateway'),
      ADVERTISED_URL: this.urlOf(name),
      LOG_LEVEL: 'warn',
      ...(this.options.faults && { TONGBAO_FAULT_FILE: this.faultFileOf(name) }),
      ...this.options.env,
    };
  }

  #serviceEnv(name: string): Record<string, string> {
    const { kafkaBrokers, databaseUrl, redisUrl, eventStoreUrl } = this.addresses;
    return {
      ...secretsOf(serviceOf(name), this.options.dataDir, this.options.env),
      ...this.#commonEnv(name),
      KAFKA_BROKERS: kafkaBrokers,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      EVENT_STORE_URL: eventStoreUrl,
    };
  }

  #portOf(name: string): number {
    const port = name === 'gateway' ? this.options.port || this.ports[name] : this.ports[name];
    if (port === undefined) throw new Error(`no process is called ${name}`);
    return port;
  }
}

/** Fails only when all have ended: whoever cleans up after a failure must find everything that has come into being. */
async function allOf(starts: readonly Promise<void>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts)) if (start.status === 'rejected') throw start.reason;
}
