import type { Cluster, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { isErrorLike } from './error-text.js';
import { consumerWithCluster } from './kafka-cluster.js';
import type { PartitionStanding } from './kafka-partition.js';
import type { TopicPartition } from './transport.js';
import { within } from './within.js';

/** How a member of a group is watched by the brokers, and what it fetches at once. Milliseconds and bytes. */
export interface MemberTiming {
  /** A member that is silent for so long loses its partitions. */
  sessionTimeoutMs: number;
  heartbeatEveryMs: number;
  /** How long a rebalance waits for members that are busy. */
  rebalanceTimeoutMs: number;
  /** How long a fetch waits at the broker when there is nothing. */
  fetchWaitMs: number;
}

export const defaultTiming: MemberTiming = {
  sessionTimeoutMs: 6_000,
  heartbeatEveryMs: 1_500,
  rebalanceTimeoutMs: 15_000,
  fetchWaitMs: 250,
};

export interface MemberHooks {
  /** The member has these partitions from now on. They stand still until they are resumed. */
  onAssigned: (partitions: TopicPartition[]) => void;
  /** The group is about to be joined (again): whoever has the partitions after that is not known. The member joins when this has resolved. */
  onRevoked: () => Promise<void>;
  onBatch: (payload: EachBatchPayload) => void;
  /** The brokers were heard. */
  onHeard: () => void;
}

/** Where a partition stands, and which it is. */
export type Standing = TopicPartition & PartitionStanding;

const maxBytesPerPartition = 1_024 * 1_024;
/** Of a client that is told to go while the brokers are away. */
const goodbyeMs = 5_000;

/** One consumer of a group, from its first connection until it fails or leaves. */
export class KafkaMember {
  readonly #consumer: Consumer;
  readonly #cluster: Cluster;
  readonly #findCoordinator: Cluster['findGroupCoordinator'];
  readonly #failed = Promise.withResolvers<never>();
  #assigned: readonly TopicPartition[] = [];
  #heardAt = performance.now();
  #joining: Promise<void> | undefined;

  constructor(
    kafka: Kafka,
    private readonly groupId: string,
    private readonly topics: readonly string[],
    private readonly timing: MemberTiming,
    private readonly hooks: MemberHooks,
  ) {
    const { sessionTimeoutMs, heartbeatEveryMs, rebalanceTimeoutMs, fetchWaitMs } = timing;
    const { consumer, cluster } = consumerWithCluster(kafka, {
      groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatEveryMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      maxWaitTimeInMs: fetchWaitMs,
      maxBytesPerPartition,
      // Whoever runs the member begins anew: of two who restart, one would be forgotten.
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
    this.#consumer = consumer;
    this.#cluster = cluster;
    this.#findCoordinator = cluster.findGroupCoordinator.bind(cluster);
    // Every join begins with this question, and with nothing else that can be waited for: kafkajs has no hook before a rebalance.
    cluster.findGroupCoordinator = async (group) => {
      await hooks.onRevoked();
      return this.#findCoordinator(group);
    };
    this.#failed.promise.catch(() => undefined);
    this.#listen();
  }

  /** Since the brokers were heard, in milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** Joins, and consumes until something fails that kafkajs cannot mend: rejects with that. */
  async consume(): Promise<never> {
    this.#joining = this.#join();
    await this.#joining;
    return this.#failed.promise;
  }

  pause({ topic, partition }: TopicPartition): void {
    steer(() => this.#consumer.pause([{ topic, partitions: [partition] }]));
  }

  resume({ topic, partition }: TopicPartition): void {
    steer(() => this.#consumer.resume([{ topic, partitions: [partition] }]));
  }

  /** Fetches nothing more; stays a member. */
  pauseAll(): void {
    for (const at of this.#assigned) this.pause(at);
  }

  /** Asks the brokers where the group stands in its partitions. */
  async standings(): Promise<Standing[]> {
    const asked = [...Map.groupBy(this.#assigned, ({ topic }) => topic)].map(([topic, each]) => ({
      topic,
      partitions: each.map(({ partition }) => ({ partition, offset: '0' })),
    }));
    if (asked.length === 0) return [];
    const coordinator = await this.#findCoordinator({ groupId: this.groupId });
    const bounds = (fromBeginning: boolean) => this.#cluster.fetchTopicsOffset(asked.map((each) => ({ ...each, fromBeginning })));
    const [{ responses: saved }, low, high] = await Promise.all([
      coordinator.offsetFetch({ groupId: this.groupId, topics: asked }),
      bounds(true),
      bounds(false),
    ]);
    const [savedOf, lowOf, highOf] = [offsetsIn(saved), offsetsIn(low), offsetsIn(high)];
    return this.#assigned.map(({ topic, partition }) => {
      const offset = savedOf(topic, partition) ?? -1;
      return {
        topic,
        partition,
        saved: offset < 0 ? undefined : offset,
        low: lowOf(topic, partition) ?? 0,
        high: highOf(topic, partition) ?? 0,
      };
    });
  }

  /** Leaves the group, so that others need not wait for it to be missed. */
  async leave(): Promise<void> {
    // Without brokers the client may be at it for long; it ends by itself.
    await within(goodbyeMs, this.#disconnect());
  }

  async #join(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#take(payload),
    });
  }

  async #disconnect(): Promise<void> {
    // kafkajs cannot stop in the middle of that: it would join after it has left.
    await this.#joining?.catch(() => undefined);
    await this.#consumer.disconnect();
  }

  #listen(): void {
    const consumer = this.#consumer;
    const { GROUP_JOIN, HEARTBEAT, CRASH } = consumer.events;
    consumer.on(HEARTBEAT, () => this.#heard());
    consumer.on(GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      this.#heard();
      this.#assigned = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      this.pauseAll();
      this.hooks.onAssigned([...this.#assigned]);
    });
    consumer.on(CRASH, ({ payload: { error } }) => this.#failed.reject(error));
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.hooks.onHeard();
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    // The process may have stood still for so long that others have its partitions: it asks before it goes on.
    if (this.silentMs > this.timing.sessionTimeoutMs) await payload.heartbeat();
    this.hooks.onBatch(payload);
  }
}

/** A client that has failed, or not joined yet, fetches nothing in any case, and says so. */
function steer(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isErrorLike(error) || error.name !== 'KafkaJSNonRetriableError') throw error;
  }
}

type OffsetOf = (topic: string, partition: number) => number | undefined;

function offsetsIn(found: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]): OffsetOf {
  const offsets = new Map(
    found.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }): [string, number] => [`${topic} ${partition}`, Number(offset)]),
    ),
  );
  return (topic, partition) => offsets.get(`${topic} ${partition}`);
}
