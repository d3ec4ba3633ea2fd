import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaConnection } from '@tongbao/bus';
import type { LocalCluster } from '@tongbao/cluster';
import { EventStore } from '@tongbao/event-store';
import { serviceNames } from '@tongbao/service';
import { ClusterHub } from '../cluster-hub.js';
import { HubClient } from '../hub-client.js';
import { tokenOf, type Role } from '../operators-file.js';
import { registerSeller, type Seller } from './bench-orders.js';
import { sumOf, usagesBetween, usagesOf, type Usages } from './cluster-usage.js';
import type { ProcessUsage } from './process-usage.js';
import { holdsWithin } from './until.js';

export interface ClusterUnderTestOptions {
  /** Processes of each service. */
  replicas: number;
  /** CPU profiles of the hub's Node processes go into folders of their names below it, as each ends. */
  profiles: string | undefined;
  /** Stops it, also while it starts. */
  signal: AbortSignal;
  progress: (line: string) => void;
}

export const benchCurrency = 'USD';
/** What the table of usages calls this process. */
export const loadGenerator = 'load generator';

const patienceMs = 300_000;
const lookMs = 1_000;
/** Of one core, for each program. */
const restShare = 0.2;

/** The distributed hub as `npm run cluster` runs it, each program a process of its own, on data that is removed afterwards. */
export class ClusterUnderTest {
  readonly store: EventStore;
  readonly #clients = new Map<string, HubClient>();
  #seller: Promise<Seller> | undefined;

  private constructor(private readonly hub: ClusterHub) {
    this.store = EventStore.connect(hub.eventStoreUrl);
  }

  static async start({ replicas, profiles, signal, progress }: ClusterUnderTestOptions): Promise<ClusterUnderTest> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-bench-'));
    try {
      const hub = await ClusterHub.start({
        dataDir,
        replicas,
        env: { TONGBAO_CURRENCIES: benchCurrency, RATE_LIMIT_PER_SECOND: '1000000' },
        ...(profiles !== undefined && { execArgv: (name: string) => ['--cpu-prof', `--cpu-prof-dir=${join(profiles, name)}`] }),
        onProgress: (line) => progress(`cluster: ${line}`),
        signal,
      });
      return new ClusterUnderTest(hub);
    } catch (error) {
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  get cluster(): LocalCluster {
    return this.hub.cluster;
  }

  /** Of the gateway. */
  get url(): string {
    return this.hub.url;
  }

  /** What an operator with a role sees of it through the gateway, or of one process past it. */
  as(role: Role, processName?: string): HubClient {
    const key = `${role} ${processName ?? ''}`;
    const url = processName === undefined ? this.url : this.cluster.urlOf(processName);
    const client = this.#clients.get(key) ?? new HubClient(url, { token: tokenOf(role, this.hub.dataDir) });
    this.#clients.set(key, client);
    return client;
  }

  seller(): Promise<Seller> {
    return (this.#seller ??= registerSeller(this, [benchCurrency]));
  }

  /** Has a webhook sent for every captured payment of the seller. */
  async registerEndpoint(url: string): Promise<void> {
    const client = new HubClient(this.url, { signer: (await this.seller()).signer });
    await client.post('/v1/endpoints', { body: { url, eventTypes: ['payment.captured'] } });
    await client.close();
  }

  get brokers(): KafkaConnection {
    return { brokers: this.cluster.addresses.kafkaBrokers.split(','), clientId: 'tongbao-bench' };
  }

  /** What each program has used, this process and the rest of the machine among them. */
  usages(): Usages {
    const pids = new Map<string, number | undefined>();
    for (const [name, { process: running }] of this.cluster.processes) pids.set(name, running?.pid);
    for (const [name, { pid }] of this.cluster.parts) pids.set(name, pid);
    return usagesOf(pids.set(loadGenerator, process.pid));
  }

  /** Of the hub's processes and of the servers that they use, together. */
  usage(): ProcessUsage | undefined {
    const usages = this.usages();
    if (usages.size === 0) return undefined;
    const { cpuMs, residentBytes } = sumOf(usages, this.programs);
    return { cpuMs, threadMs: {}, residentBytes, peakResidentBytes: residentBytes };
  }

  /** The hub's processes, then the servers that they use. */
  get programs(): string[] {
    const running = [...this.cluster.processes.keys()].sort();
    const ofServices = serviceNames.flatMap((service) => running.filter((name) => name.startsWith(`${service}-`)));
    const processes = [...ofServices, ...running.filter((name) => !ofServices.includes(name))];
    return [...processes, ...this.cluster.parts.keys()];
  }

  /** Waits until it has done what it does by itself after it has been busy. Where the system does not tell, nothing is waited for. */
  async untilAtRest(): Promise<void> {
    let before = this.usages();
    await holdsWithin(patienceMs, async () => {
      await delay(lookMs);
      const now = this.usages();
      const used = usagesBetween(before, now);
      before = now;
      return this.programs.every((name) => (used.get(name)?.cpuMs ?? 0) < lookMs * restShare);
    });
  }

  /** Sends a signal to the process of that name, as it is now. */
  signal(processName: string, name: NodeJS.Signals): void {
    const running = this.cluster.processes.get(processName)?.process;
    if (!running) throw new Error(`${processName} does not run at the moment`);
    running.signal(name);
  }

  /** Everything that its processes have complained about, each line after the name of its log. */
  warnings(): string[] {
    const folder = join(this.hub.dataDir, 'logs');
    return readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{') && !line.includes('"level":"info"'))
        .map((line) => `${name}: ${line}`),
    );
  }

  /** Stops it gracefully and removes its data. */
  async stop(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
    await this.store.close();
    await this.hub.stop();
    rmSync(this.hub.dataDir, { recursive: true, force: true });
  }
}
