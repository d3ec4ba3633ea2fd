import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCluster, type LocalClusterOptions } from '@tongbao/cluster';
import type { StartedHub } from './hub-process.js';
import { CommandFailed } from './exit-codes.js';

export interface ClusterHubOptions extends LocalClusterOptions {
  /** Stops it. */
  signal: AbortSignal;
}

const logLines = 10;

/** The distributed hub, started on this machine for a command. */
export class ClusterHub implements StartedHub {
  readonly ended: Promise<void>;
  #stopping: Promise<void> | undefined;
  #finish: () => void = () => undefined;

  private constructor(
    readonly cluster: LocalCluster,
    readonly dataDir: string,
  ) {
    this.ended = new Promise((resolve) => (this.#finish = resolve));
  }

  static async start({ signal, ...options }: ClusterHubOptions): Promise<ClusterHub> {
    const cluster = await LocalCluster.start(options);
    const hub = new ClusterHub(cluster, options.dataDir);
    if (signal.aborted) {
      await hub.stop();
      throw new CommandFailed('interrupted');
    }
    signal.addEventListener('abort', () => void hub.stop(), { once: true });
    return hub;
  }

  get url(): string {
    return this.cluster.url;
  }

  get eventStoreUrl(): string {
    return this.cluster.addresses.eventStoreUrl;
  }

  get isRunning(): boolean {
    return this.#stopping === undefined;
  }

  /** Of every process. */
  endOfLog(): string {
    const folder = join(this.dataDir, 'logs');
    const ends = readdirSync(folder).map(
      (name) => `${name}:\n${readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').slice(-logLines).join('\n')}`,
    );
    return ends.join('\n');
  }

  stop(): Promise<void> {
    this.#stopping ??= this.cluster.stop().finally(this.#finish);
    return this.#stopping;
  }
}
