import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** As kafkajs takes it, too: `sasl: { mechanism: 'scram-sha-512', ...account }`. */
export interface KafkaAccount {
  readonly username: string;
  readonly password: string;
}

/** Accounts (SCRAM-SHA-512). Whatever ACLs do not allow is denied, but to super users. */
export interface KafkaSasl {
  /** Passwords by name. A user that is named for the first time on a later start is added then; a password that changed is not noticed. */
  readonly users: Readonly<Record<string, string>>;
  /** May do everything. */
  readonly superUsers: readonly string[];
}

/** The broker's own account, for its two halves to reach each other, and for the administration. */
export const brokerName = 'broker';

/** @throws Error for a name that would need quoting in Kafka's configuration files */
export function checkSasl({ users, superUsers }: KafkaSasl): void {
  for (const name of [...Object.keys(users), ...superUsers]) checkName(name);
  for (const name of superUsers) {
    if (!(name in users)) throw new Error(`the super user ${name} is not among the users`);
  }
}

export function checkName(name: string): void {
  if (!/^[\w.-]+$/.test(name)) throw new Error(`${name} cannot be the name of an account: letters, digits, '.', '_' and '-' can`);
  if (name === brokerName) throw new Error(`the name ${brokerName} is the broker's own`);
}

/**
 * A credential as Kafka's format tool takes it (`--add-scram`). Salted here (Hi of RFC 5802 is PBKDF2), so that no password is ever on a command line.
 */
export function scramCredential({ username, password }: KafkaAccount, iterations = 4_096): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
  return `SCRAM-SHA-512=[name=${username},iterations=${iterations},salt="${salt.toString('base64')}",saltedpassword="${salted.toString('base64')}"]`;
}

/** For `server.properties`: every listener asks who is there. */
export function saslProperties({ superUsers }: Pick<KafkaSasl, 'superUsers'>, broker: KafkaAccount): Record<string, string | boolean> {
  const account = `username="${broker.username}" password="${broker.password}"`;
  const modules = 'org.apache.kafka.common.security';
  return {
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.client.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required ${account};`,
    // SCRAM's credentials live in the very log that the controller has yet to serve: its own listener cannot use them.
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required ${account} user_${broker.username}="${broker.password}";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': [broker.username, ...superUsers].map((name) => `User:${name}`).join(';'),
    'allow.everyone.if.no.acl.found': false,
  };
}

/** What Kafka's own tools read (`--command-config`) to come as an account. */
export const clientProperties = ({ username, password }: KafkaAccount): Record<string, string> => ({
  'security.protocol': 'SASL_PLAINTEXT',
  'sasl.mechanism': 'SCRAM-SHA-512',
  'sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="${username}" password="${password}";`,
});
