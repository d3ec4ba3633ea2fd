import type { Admin, PartitionMetadata } from 'kafkajs';

/** A topic as the brokers have it. */
export interface TopicState {
  name: string;
  partitions: number;
  /** Least of its partitions. */
  replicationFactor: number;
  /** That can be read. */
  messages: number;
  /** Partitions that nobody leads: they can be neither read nor written. */
  offline: number;
  /** Partitions of which a copy is behind or away. */
  underReplicated: number;
}

export interface BrokersState {
  brokers: { nodeId: number; host: string; port: number }[];
  /** Of the hub: those whose names begin with `tongbao.`. */
  topics: TopicState[];
}

export const topicPrefix = 'tongbao.';

export async function describeBrokers(admin: Admin): Promise<BrokersState> {
  const { brokers } = await admin.describeCluster();
  const names = (await admin.listTopics()).filter((name) => name.startsWith(topicPrefix));
  // Without names it would be all topics.
  const { topics } = names.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics: names });
  const described: TopicState[] = [];
  for (const { name, partitions } of topics)
    described.push({ name, ...shapeOf(partitions), messages: await messagesIn(admin, name, partitions) });
  return { brokers, topics: described.toSorted((left, right) => (left.name < right.name ? -1 : 1)) };
}

const nobody = -1;

function shapeOf(partitions: readonly PartitionMetadata[]): Omit<TopicState, 'name' | 'messages'> {
  return {
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    offline: partitions.filter(({ leader }) => leader === nobody).length,
    underReplicated: partitions.filter(({ leader, isr, replicas }) => leader !== nobody && isr.length < replicas.length).length,
  };
}

/** A partition that nobody leads cannot be asked, and with it none of its topic. */
async function messagesIn(admin: Admin, name: string, partitions: readonly PartitionMetadata[]): Promise<number> {
  if (partitions.some(({ leader }) => leader === nobody)) return 0;
  const offsets = await admin.fetchTopicOffsets(name);
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}
