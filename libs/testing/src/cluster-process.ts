import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCluster } from '@tongbao/cluster';
import type { RunningHub } from './hub-process.js';

/** The distributed hub: real Kafka, PostgreSQL and Redis, each service a process of its own. */
export class ClusterProcess implements RunningHub {
  readonly #ended = Promise.withResolvers<undefined>();

  private constructor(
    readonly dataDir: string,
    readonly cluster: LocalCluster,
  ) {}

  static async start(dataDir: string, env: Record<string, string>, replicas = 1): Promise<ClusterProcess> {
    return new ClusterProcess(dataDir, await LocalCluster.start({ dataDir, env, replicas }));
  }

  get url(): string {
    return this.cluster.url;
  }

  get eventStoreUrl(): string {
    return this.cluster.addresses.eventStoreUrl;
  }

  log(): string {
    const folder = join(this.dataDir, 'logs');
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
  }

  async stop(): Promise<number> {
    await this.cluster.stop();
    this.#ended.resolve(undefined);
    return 0;
  }

  async kill(): Promise<void> {
    await this.cluster.kill();
    this.#ended.resolve(undefined);
  }

  /** Of one of its processes alone nothing is told: it is started again. */
  async untilEnded(): Promise<void> {
    await this.#ended.promise;
  }
}
