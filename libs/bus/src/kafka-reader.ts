import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Kafka, KafkaMessage } from 'kafkajs';
import { consumerWithCluster } from './kafka-cluster.js';
import { asOutage, isBrokerOutage } from './kafka-outage.js';

/** What a broker answers to a fetch, as far as it is used (kafkajs' types leave it open). Milliseconds. */
interface Fetched {
  throttleTime: number;
  /** From version 8 on, instead of the other one. */
  clientSideThrottleTime?: number;
  responses: { partitions: { messages: KafkaMessage[] }[] }[];
}

const maxBytes = 4 * 1_024 * 1_024;
const attempts = 5;
const retryAfterMs = 200;

/** Reads single partitions from any offset, as no member of any group. */
export class KafkaReader {
  readonly #cluster: Cluster;
  #used = false;

  constructor(kafka: Kafka) {
    // It is never run: no group of this name ever comes into being.
    this.#cluster = consumerWithCluster(kafka, { groupId: 'tongbao-reader' }).cluster;
  }

  /**
   * Up to `limit` messages from an offset on, or from the first one that is still there.
   * @throws Outage
   */
  async read(topic: string, partition: number, from: bigint, limit: number): Promise<KafkaMessage[]> {
    return this.#tried(topic, async () => {
      const { low, high } = await this.#bounds(topic, partition);
      const messages: KafkaMessage[] = [];
      for (let next = from < low ? low : from; next < high && messages.length < limit;) {
        const { fetched, isThrottled } = await this.#fetch(topic, partition, next);
        messages.push(...fetched);
        const last = fetched.at(-1);
        // Over its quota a client is given nothing, which says nothing of what there is; kafkajs waits for so long as it is told.
        if (last || !isThrottled) next = (last ? BigInt(last.offset) : next) + 1n;
      }
      return messages.slice(0, limit);
    });
  }

  async close(): Promise<void> {
    if (this.#used) await this.#cluster.disconnect();
    this.#used = false;
  }

  async #bounds(topic: string, partition: number): Promise<{ low: bigint; high: bigint }> {
    const [low, high] = await Promise.all(
      [true, false].map(async (fromBeginning) => {
        const [found] = await this.#cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
        return BigInt(found?.partitions[0]?.offset ?? 0);
      }),
    );
    return { low: low ?? 0n, high: high ?? 0n };
  }

  async #fetch(topic: string, partition: number, from: bigint): Promise<{ fetched: KafkaMessage[]; isThrottled: boolean }> {
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw new Error(`${topic} has no partition ${partition}`);
    const broker = await this.#cluster.findBroker({ nodeId });
    const partitions = [{ partition, fetchOffset: String(from), maxBytes }];
    // The shape is that of the protocol, whose version does not change it.
    const {
      responses,
      throttleTime,
      clientSideThrottleTime = 0,
    } = (await broker.fetch({
      maxWaitTime: 10,
      minBytes: 1,
      maxBytes,
      isolationLevel: 1,
      topics: [{ topic, partitions }],
    })) as Fetched;
    const messages = responses[0]?.partitions[0]?.messages ?? [];
    // A batch of records is given whole, from its first on.
    const fetched = messages.filter(({ offset }) => BigInt(offset) >= from);
    return { fetched, isThrottled: throttleTime + clientSideThrottleTime > 0 };
  }

  async #tried<T>(topic: string, work: () => Promise<T>): Promise<T> {
    this.#used = true;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#cluster.connect();
        await this.#cluster.addTargetTopic(topic);
        if (attempt > 1) await this.#cluster.refreshMetadata();
        return await work();
      } catch (error) {
        if (attempt === attempts || !isBrokerOutage(error)) throw asOutage(error);
        await delay(retryAfterMs);
      }
    }
  }
}
