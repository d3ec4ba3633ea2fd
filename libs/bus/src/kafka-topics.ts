import { deadLetterTopic, partitionsPerTopic, topics } from '@tongbao/contracts';
import { Outage } from '@tongbao/event-store';
import kafkajs from 'kafkajs';
import type { Admin, ConfigEntries, ITopicConfig } from 'kafkajs';
import { createKafka, type KafkaConnection } from './kafka-client.js';
import { isBrokerOutage } from './kafka-outage.js';
import { retry } from './retry.js';
import { hubSubscriptions } from './topic.js';

/** A topic as it must be. */
export interface PlannedTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Kafka's names of topic settings. */
  config: Readonly<Record<string, string>>;
}

export interface TopicPlanOptions {
  /** Copies of each partition, at most as many as there are brokers: see `replicationFactorFor`. */
  replicationFactor?: number;
  /** Topics by consumer group. */
  subscriptions?: Readonly<Record<string, readonly string[]>>;
  /** How long commands and events can be read. */
  retentionMs?: number;
}

export interface TopicsApplied {
  created: string[];
  /** Settings that were not as planned, with what they are now, and what they were. */
  changed: { name: string; settings: Record<string, string>; before: Record<string, string> }[];
  unchanged: string[];
  /** What only a person can mend. Nothing about them was changed. */
  wrong: { name: string; problem: string }[];
}

export const deadLetterPartitions = 1;
const usualReplicas = 3;
const lookAgain = { firstMs: 20, maxMs: 1_000 };
const maxLooks = 20;
const week = 7 * 24 * 3_600_000;
/** What brokers take as they come (`message.max.bytes`). */
const maxMessageBytes = 1_048_588;
/** A dead letter is its original with an error and a stack. */
const maxLetterBytes = maxMessageBytes + 128 * 1_024;

/** Settings that no topic of the hub can do without, however it is made. */
export const vitalSettings = {
  'cleanup.policy': 'delete',
  // The time of the brokers: by another one a message could be deleted at once, or never, and be as late as its sender says.
  'message.timestamp.type': 'LogAppendTime',
  // Whoever may write may compress, and kafkajs reads gzip alone: one batch of another kind would stop every reader of its topic. The brokers
  // unpack what comes in, and refuse what is too large then.
  'compression.type': 'uncompressed',
};
/** Dead letters stay until ops have dealt with them, however long that takes. */
export const vitalOfDeadLetters = { ...vitalSettings, 'retention.ms': '-1' };

/** Every topic of the hub, with the dead letters of each group; those of single platforms come into being with the platforms. */
export function topicPlan(options: TopicPlanOptions = {}): PlannedTopic[] {
  const { replicationFactor = usualReplicas, subscriptions = hubSubscriptions, retentionMs = week } = options;
  // One copy may be away without anything standing still, and none is acknowledged that is kept only once.
  const copies = { 'min.insync.replicas': String(Math.max(1, replicationFactor - 1)) };
  const consumed = Object.entries(subscriptions).flatMap(([group, names]) => names.map((name) => deadLetterTopic(name, group)));
  return [
    ...Object.values(topics).map((name) => ({
      name,
      partitions: partitionsPerTopic,
      replicationFactor,
      config: { ...vitalSettings, ...copies, 'retention.ms': String(retentionMs), 'max.message.bytes': String(maxMessageBytes) },
    })),
    ...consumed.map((name) => ({
      name,
      partitions: deadLetterPartitions,
      replicationFactor,
      config: { ...vitalOfDeadLetters, ...copies, 'max.message.bytes': String(maxLetterBytes) },
    })),
  ];
}

/** As many copies as there are brokers, three at most. */
export async function replicationFactorFor(connection: KafkaConnection): Promise<number> {
  return administer(connection, async (admin) => Math.min(usualReplicas, (await admin.describeCluster()).brokers.length));
}

/**
 * Creates the topics that are missing, and sets the settings that differ; other settings stay. Never deletes a topic and never changes a number of
 * partitions: keys would come to other partitions, and lose their order.
 */
export async function applyTopics(
  connection: KafkaConnection,
  plan: readonly PlannedTopic[],
  { dryRun = false }: { /** Only tells what would be done. */ dryRun?: boolean } = {},
): Promise<TopicsApplied> {
  return administer(connection, async (admin) => {
    const existing = await describeTopics(
      admin,
      plan.map(({ name }) => name),
    );
    const missing = plan.filter(({ name }) => !existing.has(name));
    if (missing.length > 0 && !dryRun) await create(admin, missing);
    const settings = await describeSettings(admin, [...existing.keys()]);
    const applied: TopicsApplied = { created: missing.map(({ name }) => name), changed: [], unchanged: [], wrong: [] };
    for (const planned of plan) {
      const topic = existing.get(planned.name);
      if (!topic) continue;
      const problem = problemOf(planned, topic);
      if (problem) applied.wrong.push({ name: planned.name, problem });
      else await applySettings(admin, planned, settings.get(planned.name) ?? new Map(), applied, dryRun);
    }
    return applied;
  });
}

export interface TopicShape {
  partitions: number;
  replicationFactor: number;
}

/** Those of the topics that there are, and that may be seen. */
export async function describeTopics(admin: Admin, names: readonly string[]): Promise<Map<string, TopicShape>> {
  const visible = new Set(await admin.listTopics());
  const there = names.filter((name) => visible.has(name));
  // Without names it would be all.
  if (there.length === 0) return new Map();
  const { topics: found } = await admin.fetchTopicMetadata({ topics: there });
  return new Map(
    found.map(({ name, partitions }) => [
      name,
      { partitions: partitions.length, replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)) },
    ]),
  );
}

/** Settings of a topic by Kafka's names of them. */
export type TopicSettings = ReadonlyMap<string, ConfigEntries>;

/** @throws KafkaJSProtocolError TOPIC_AUTHORIZATION_FAILED when this user may not see the settings of one of them */
export async function describeSettings(admin: Admin, names: readonly string[]): Promise<Map<string, TopicSettings>> {
  if (names.length === 0) return new Map();
  const resources = names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
  const { resources: found } = await admin.describeConfigs({ includeSynonyms: false, resources });
  return new Map(
    found.map(({ resourceName, configEntries }) => [resourceName, new Map(configEntries.map((entry) => [entry.configName, entry]))]),
  );
}

async function create(admin: Admin, missing: readonly PlannedTopic[]): Promise<void> {
  // kafkajs 2.2.4 takes it for an error when the topics are not known everywhere at once.
  await admin.createTopics({ topics: missing.map(configOf), waitForLeaders: false });
  const names = missing.map(({ name }) => name);
  const look = async () => {
    const found = await describeTopics(admin, names);
    const absent = names.filter((name) => !found.has(name));
    if (absent.length > 0) throw new Outage(`the brokers do not have ${absent.join(', ')} yet`);
  };
  const again = (error: unknown, attempt: number) => isBrokerOutage(error) && attempt < maxLooks;
  await retry(look, { backoff: lookAgain, stopping: new AbortController().signal, again, onPause: () => undefined });
}

function problemOf(planned: PlannedTopic, { partitions, replicationFactor }: TopicShape): string | undefined {
  if (partitions !== planned.partitions) return `has ${partitions} partitions and must have ${planned.partitions}`;
  if (replicationFactor < planned.replicationFactor)
    return `has ${replicationFactor} copies of each partition and must have ${planned.replicationFactor}`;
  return undefined;
}

async function applySettings(
  admin: Admin,
  { name, config }: PlannedTopic,
  now: TopicSettings,
  applied: TopicsApplied,
  dryRun: boolean,
): Promise<void> {
  const different = Object.entries(config).filter(([setting, value]) => now.get(setting)?.configValue !== value);
  if (different.length === 0) {
    applied.unchanged.push(name);
    return;
  }
  // What is not named falls back to the brokers' default.
  const own = [...now.values()].filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG);
  const all = { ...Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])), ...config };
  const configEntries = Object.entries(all).map(([setting, value]) => ({ name: setting, value }));
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries };
  if (!dryRun) await admin.alterConfigs({ validateOnly: false, resources: [resource] });
  const before = different.flatMap(([setting]) => now.get(setting) ?? []);
  applied.changed.push({
    name,
    settings: Object.fromEntries(different),
    before: Object.fromEntries(before.map(({ configName, configValue }) => [configName, configValue])),
  });
}

const configOf = ({ name, partitions, replicationFactor, config }: PlannedTopic): ITopicConfig => ({
  topic: name,
  numPartitions: partitions,
  replicationFactor,
  configEntries: Object.entries(config).map(([setting, value]) => ({ name: setting, value })),
});

async function administer<T>(connection: KafkaConnection, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka({ retries: 5, ...connection }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
