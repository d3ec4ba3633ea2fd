import { join } from 'node:path';
import { versionsOf } from './cluster-conditions.js';
import { ClusterCopies } from './cluster-copies.js';
import { ClusterUnderTest, type ClusterUnderTestOptions } from './cluster-under-test.js';
import { CommitWatcher } from './commit-watcher.js';

/**
 * What a part needs: `load`, a fresh hub; `copies`, one that may be filled with payments; `replicas`, one with two processes of each service. Parts that
 * need the same one share it.
 */
export type ClusterKind = 'load' | 'copies' | 'replicas';

export interface PreparedCluster {
  hub: ClusterUnderTest;
  watcher: CommitWatcher;
  copies: ClusterCopies;
}

/** The clusters of a benchmark, one after the other: two at a time would measure each other. */
export class Clusters {
  #kind: ClusterKind | undefined;
  #present: Promise<PreparedCluster> | undefined;
  #stopping = Promise.resolve();
  #isFirst = true;

  /** @param onFirst told of the versions of the servers beneath the hub, once */
  constructor(
    private readonly options: Omit<ClusterUnderTestOptions, 'replicas'>,
    private readonly onFirst: (versions: Record<string, string>) => void,
  ) {}

  async of(kind: ClusterKind): Promise<PreparedCluster> {
    if (this.#kind !== kind) {
      await this.stop();
      this.#kind = kind;
      this.#present = this.#start(kind);
    }
    if (!this.#present) throw new Error(`no cluster was started for ${kind}`);
    return this.#present;
  }

  /** Stops the present one; whoever asks while it is being stopped waits, too. */
  stop(): Promise<void> {
    // Whoever asked before has been told what went wrong.
    this.#stopping = this.#stopping.catch(() => undefined).then(() => this.#stop());
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // One that could not be started has been stopped, and the part that asked for it says why.
    const present = await this.#present?.catch(() => undefined);
    this.#present = undefined;
    this.#kind = undefined;
    try {
      await present?.watcher.stop();
    } finally {
      await present?.hub.stop();
    }
  }

  async #start(kind: ClusterKind): Promise<PreparedCluster> {
    const { profiles, ...options } = this.options;
    const replicas = kind === 'replicas' ? 2 : 1;
    const hub = await ClusterUnderTest.start({ ...options, replicas, profiles: profiles && join(profiles, kind) });
    try {
      if (this.#isFirst) this.onFirst(await versionsOf(hub));
      this.#isFirst = false;
      const watcher = await CommitWatcher.start(hub.store);
      return { hub, watcher, copies: await ClusterCopies.of(hub, watcher) };
    } catch (error) {
      await hub.stop();
      throw error;
    }
  }
}
