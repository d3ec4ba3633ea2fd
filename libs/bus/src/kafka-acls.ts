import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterTopic, platformEventsTopic, platformGroupPrefix, topics } from '@tongbao/contracts';
import kafkajs from 'kafkajs';
import type { AclEntry, AclFilter, Admin } from 'kafkajs';
import { createKafka, type KafkaConnection } from './kafka-client.js';
import { hubSubscriptions } from './topic.js';

export type AclOperation = 'read' | 'write' | 'describe' | 'describe-configs' | 'create';

/** Something that a user of the brokers may do. Whatever is not named is denied: brokers run with a StandardAuthorizer and no default. */
export interface KafkaAcl {
  /** Name of the SASL user. */
  user: string;
  resource: 'topic' | 'group';
  name: string;
  /** `name` is how the names begin. */
  isPrefix: boolean;
  operations: readonly AclOperation[];
}

/** What each service brings to topics by its relay. */
const published: Readonly<Record<string, readonly string[]>> = {
  payment: [topics.paymentEvents, topics.ledgerCommands],
  ledger: [topics.ledgerEvents],
  settlement: [topics.settlementEvents, topics.ledgerCommands],
  notification: [],
};

const platformTopics = 'tongbao.platform.';

/**
 * A platform: it commands, and reads what it alone is told, in groups of its own. It may not read commands, its own included, and neither see nor touch
 * anything else.
 */
export const platformAcls = (platformId: string, user: string): KafkaAcl[] => [
  topic(user, topics.paymentCommands, 'write', 'describe'),
  topic(user, platformEventsTopic(platformId), 'read', 'describe'),
  { user, resource: 'group', name: platformGroupPrefix(platformId), isPrefix: true, operations: ['read'] },
];

/**
 * A service: it reads the topics of its group, and how those are set, writes and reads their dead letters, and brings its own messages to their topics.
 * Payment also makes the topics of platforms and writes there. Nobody but platforms writes commands of payment.
 * @throws Error for a service that there is not
 */
export function serviceAcls(service: string, user: string = service): KafkaAcl[] {
  const consumed = hubSubscriptions[service];
  if (!consumed) throw new Error(`there is no service ${service}`);
  return [
    ...consumed.map((name) => topic(user, name, 'read', 'describe', 'describe-configs')),
    ...consumed.map((name) => topic(user, deadLetterTopic(name, service), 'read', 'write', 'describe', 'describe-configs')),
    { user, resource: 'group', name: service, isPrefix: false, operations: ['read'] },
    ...(published[service] ?? []).map((name) => topic(user, name, 'write', 'describe')),
    ...(service === 'payment' ? [{ ...topic(user, platformTopics, 'write', 'describe', 'create'), isPrefix: true }] : []),
  ];
}

/** Whoever looks into everything and changes nothing: every topic of the hub, in groups that begin with the user's name. */
export const auditorAcls = (user: string): KafkaAcl[] => [
  { ...topic(user, 'tongbao.', 'read', 'describe'), isPrefix: true },
  { user, resource: 'group', name: `${user}.`, isPrefix: true, operations: ['read'] },
];

const topic = (user: string, name: string, ...operations: AclOperation[]): KafkaAcl => ({
  user,
  resource: 'topic',
  name,
  isPrefix: false,
  operations,
});

/**
 * Allows it, and returns when the broker that was asked goes by it: brokers learn of it from their controller, a moment later. What is allowed already stays so.
 * The connection's user must be a super user, or may alter the cluster.
 * @throws Error when the broker does not go by it in time
 */
export async function applyAcls(connection: KafkaConnection, acls: readonly KafkaAcl[]): Promise<void> {
  const entries = acls.flatMap(entriesOf);
  const wanted = entries.map(textOf);
  await administer(connection, async (admin) => {
    await admin.createAcls({ acl: entries });
    await untilListed(admin, (listed) => wanted.every((each) => listed.has(each)));
  });
}

/**
 * Takes everything from a user, for connections that are open too, and returns when the broker that was asked goes by it.
 * @throws Error when it does not in time
 */
export async function revokeAcls(connection: KafkaConnection, user: string): Promise<void> {
  const principal = `User:${user}`;
  await administer(connection, async (admin) => {
    await admin.deleteAcls({ filters: [{ ...anything(), principal }] });
    await untilListed(admin, (listed) => ![...listed].some((each) => each.startsWith(`${principal} `)));
  });
}

const pollEveryMs = 50;
const withinMs = 10_000;

async function untilListed(admin: Admin, holds: (listed: ReadonlySet<string>) => boolean): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const { resources } = await admin.describeAcls(anything());
    const listed = resources.flatMap(({ acls, ...resource }) => acls.map((acl) => textOf({ ...acl, ...resource })));
    if (holds(new Set(listed))) return;
    if (performance.now() > giveUpAt) throw new Error(`the broker does not go by the changed rights after ${withinMs} ms`);
    await delay(pollEveryMs);
  }
}

const textOf = ({ principal, host, operation, permissionType, resourceType, resourceName, resourcePatternType }: AclEntry): string =>
  [principal, host, operation, permissionType, resourceType, resourcePatternType, resourceName].join(' ');

function anything(): AclFilter {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  return {
    ...{ operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY },
    ...{ resourceType: AclResourceTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY },
  };
}

function entriesOf({ user, resource, name, isPrefix, operations }: KafkaAcl): AclEntry[] {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const types = {
    read: AclOperationTypes.READ,
    write: AclOperationTypes.WRITE,
    describe: AclOperationTypes.DESCRIBE,
    'describe-configs': AclOperationTypes.DESCRIBE_CONFIGS,
    create: AclOperationTypes.CREATE,
  };
  return operations.map((operation) => ({
    principal: `User:${user}`,
    host: '*',
    operation: types[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: resource === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
    resourceName: name,
    resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
  }));
}

async function administer(connection: KafkaConnection, work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = createKafka(connection).admin();
  try {
    await admin.connect();
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
