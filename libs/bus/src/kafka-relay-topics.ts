import { partitionsPerTopic } from '@tongbao/contracts';
import type { Kafka } from 'kafkajs';
import { isPlatformTopic } from './topic.js';

/** How the topics of single platforms are made. */
export interface PlatformTopicSettings {
  partitions?: number;
  /** Copies of each partition; -1, as when not given: what the brokers have as their default. */
  replicationFactor?: number;
  /** How long messages can be read; a week when not given. */
  retentionMs?: number;
}

const week = 7 * 24 * 3_600_000;
/** One platform needs no more than a few consumers, and there may be thousands of platforms. */
const enoughForOne = Math.min(3, partitionsPerTopic);

/** Makes the topics of platforms, as many as there are platforms, each when it is first needed. */
export class PlatformTopics {
  readonly #known = new Set<string>();

  constructor(
    private readonly kafka: Kafka,
    private readonly settings: PlatformTopicSettings = {},
  ) {}

  async ensure(topics: Iterable<string>): Promise<void> {
    const needed = [...topics].filter((topic) => isPlatformTopic(topic) && !this.#known.has(topic));
    if (needed.length === 0) return;
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      // Whoever may not make topics can still be given them: so first a look.
      const existing = new Set(await admin.listTopics());
      const missing = needed.filter((topic) => !existing.has(topic));
      if (missing.length > 0) await admin.createTopics({ topics: missing.map((topic) => this.#configOf(topic)) });
    } finally {
      await admin.disconnect();
    }
    for (const topic of needed) this.#known.add(topic);
  }

  /** Something went wrong with them: they may have been removed. */
  forget(topics: Iterable<string>): void {
    for (const topic of topics) this.#known.delete(topic);
  }

  #configOf(topic: string) {
    const { partitions = enoughForOne, replicationFactor = -1, retentionMs = week } = this.settings;
    const configEntries = [{ name: 'retention.ms', value: String(retentionMs) }];
    // As for the hub's own topics: none is acknowledged that is kept only once, where there are more.
    if (replicationFactor > 0) configEntries.push({ name: 'min.insync.replicas', value: String(Math.max(1, replicationFactor - 1)) });
    return { topic, numPartitions: partitions, replicationFactor, configEntries };
  }
}
