import kafkajs from 'kafkajs';
import type { Cluster, ConsumerConfig, Kafka, Consumer } from 'kafkajs';

/**
 * A consumer and the connections it goes by. kafkajs hands those to whoever assigns partitions, and to nobody else; they can read a partition without
 * a consumer group, and tell how far it reaches.
 */
export function consumerWithCluster(kafka: Kafka, config: ConsumerConfig): { consumer: Consumer; cluster: Cluster } {
  let cluster: Cluster | undefined;
  const consumer = kafka.consumer({
    ...config,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (given) => {
        cluster = given.cluster;
        return kafkajs.PartitionAssigners.roundRobin(given);
      },
    ],
  });
  if (!cluster) throw new Error('kafkajs made a consumer without asking how partitions are assigned');
  return { consumer, cluster };
}
