import type { KafkaConnection } from '@tongbao/bus';
import { ConfigError, loadConfig, type HubConfig } from '@tongbao/service';
import type { Command } from 'commander';
import { UsageError } from './exit-codes.js';

/** Addresses that a command line may give; each has the environment variable of the services in its place. */
export interface GivenAddresses {
  /** `host:port`, by comma. */
  kafka?: string;
  database?: string;
  redis?: string;
}

export const withKafkaOption = (command: Command): Command =>
  command.option(
    '--kafka <brokers>',
    'host:port by comma; default: $KAFKA_BROKERS, with $KAFKA_USERNAME, $KAFKA_PASSWORD(_FILE) and $KAFKA_TLS as the services have them',
  );

/** Only what concerns servers: the rest of the services' settings is none of this command's business. */
const names = /^(KAFKA|DATABASE|REDIS)_/;

/**
 * The services' settings, as far as they say where servers are.
 * @throws UsageError naming what is wrong with one
 */
export function settingsOf({ kafka, database, redis }: GivenAddresses, environment: NodeJS.ProcessEnv = process.env): HubConfig {
  const given = { KAFKA_BROKERS: kafka, DATABASE_URL: database, REDIS_URL: redis };
  const env: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(environment).filter(([name]) => names.test(name)));
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    env[name] = value;
    // A file would count more.
    env[`${name}_FILE`] = undefined;
  }
  try {
    return loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** How the brokers are reached; undefined where none are named. */
export function brokersOf({ kafkaBrokers, kafkaUsername, kafkaPassword, kafkaTls }: HubConfig): KafkaConnection | undefined {
  if (kafkaBrokers.length === 0) return undefined;
  return { brokers: kafkaBrokers, clientId: 'tongbao-cli', username: kafkaUsername, password: kafkaPassword, tls: kafkaTls };
}

/** @throws UsageError where no brokers are named */
export function neededBrokers(given: GivenAddresses): KafkaConnection {
  const connection = brokersOf(settingsOf(given));
  if (!connection) throw new UsageError('Name the brokers with --kafka, or with KAFKA_BROKERS.');
  return connection;
}
