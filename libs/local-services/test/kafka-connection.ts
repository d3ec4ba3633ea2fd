import kafkajs, { type Kafka } from 'kafkajs';
import type { KafkaAccount } from '../src/index.js';

/** kafkajs with settings that fail soon: what a test expects to be refused must not be tried for long. */
export const connectionTo = ({ brokers }: { readonly brokers: string }, account?: KafkaAccount): Kafka =>
  new kafkajs.Kafka({
    clientId: 'specification',
    brokers: [brokers],
    sasl: account && { mechanism: 'scram-sha-512', ...account },
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 8 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
