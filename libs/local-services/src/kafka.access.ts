import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AclEntry, Admin } from 'kafkajs';
import { fetchJars } from './kafka.jars.js';
import { propertiesFile } from './kafka.properties.js';
import { checkName, type KafkaAccount, type KafkaPermission } from './kafka.sasl.js';
import { kafkaTool, type KafkaAddress } from './kafka.tool.js';

/** A broker with accounts, as its administration reaches it. */
export type KafkaAdministration = Required<KafkaAddress> & { readonly adminAccount: KafkaAccount };

/** Allows it. Read and write include describe. In force at once. */
export const allow = (kafka: KafkaAdministration, permissions: readonly KafkaPermission[]): Promise<void> =>
  administer(kafka, async (admin, { entry }) => {
    await admin.createAcls({ acl: permissions.map(entry) });
  });

/** Takes it back. In force at once, for connections that are open too. */
export const revoke = (kafka: KafkaAdministration, permissions: readonly KafkaPermission[]): Promise<void> =>
  administer(kafka, async (admin, { entry }) => {
    await admin.deleteAcls({ filters: permissions.map(entry) });
  });

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

interface Acls {
  readonly entry: (permission: KafkaPermission) => AclEntry;
}

async function administer(kafka: KafkaAdministration, work: (admin: Admin, acls: Acls) => Promise<void>): Promise<void> {
  // Not loaded by those who only start services.
  const { default: kafkajs } = await import('kafkajs');
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs;
  const operations = {
    read: AclOperationTypes.READ,
    write: AclOperationTypes.WRITE,
    describe: AclOperationTypes.DESCRIBE,
    create: AclOperationTypes.CREATE,
  };
  const resources = { topic: AclResourceTypes.TOPIC, group: AclResourceTypes.GROUP };
  const entry = ({ user, operation, resource, name, prefix = false }: KafkaPermission): AclEntry => ({
    principal: `User:${user}`,
    host: '*',
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: resources[resource],
    resourceName: name,
    resourcePatternType: prefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
  });
  const { username, password } = kafka.adminAccount;
  const admin = new Kafka({
    clientId: 'local-services',
    brokers: [kafka.brokers],
    sasl: { mechanism: 'scram-sha-512', username, password },
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    await work(admin, { entry });
  } finally {
    await admin.disconnect();
  }
}
