import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fetchJars } from './kafka.jars.js';
import { propertiesFile } from './kafka.properties.js';
import { checkName, type KafkaAccount } from './kafka.sasl.js';
import { kafkaTool, type KafkaAddress } from './kafka.tool.js';

/** A broker with accounts, as its administration reaches it. */
export type KafkaAdministration = Required<KafkaAddress>;

/**
 * Adds an account to a running broker, or gives it another password. kafkajs speaks no AlterUserScramCredentials: Kafka's own tool does it, and gets the
 * password in a file.
 */
export async function setKafkaUser(kafka: KafkaAdministration, { username, password }: KafkaAccount): Promise<void> {
  checkName(username);
  await fetchJars('kafka-tools');
  const file = join(dirname(kafka.adminConfig), `${username}.properties`);
  writeFileSync(file, propertiesFile({ 'SCRAM-SHA-512': `iterations=4096,password=${password}` }), { mode: 0o600 });
  try {
    await kafkaTool('configs', ['--alter', '--entity-type', 'users', '--entity-name', username, '--add-config-file', file], { on: kafka });
  } finally {
    rmSync(file, { force: true });
  }
}
