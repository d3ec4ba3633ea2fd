import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatSignerKey, generateSignerKey } from '@tongbao/transparency-log';
import { ConfigError, type HubConfig } from './config.js';
import { newDecryptionKey } from './decryption-keys.js';
import { operatorRoles, type Operator } from './operators.js';

/** Secrets that the configuration may leave empty where a process may make them for itself. */
type GeneratedSecrets = Pick<
  HubConfig,
  'webhookSecretKey' | 'sandboxSecret' | 'commandDecryptionKey' | 'logSigningKey' | 'logCommitmentKey'
>;

const secret = (): string => randomBytes(32).toString('hex');

const newSecrets = ({ logOrigin }: HubConfig): GeneratedSecrets => ({
  webhookSecretKey: secret(),
  sandboxSecret: secret(),
  commandDecryptionKey: newDecryptionKey(),
  logSigningKey: formatSignerKey(generateSignerKey(logOrigin, 'ed25519')),
  logCommitmentKey: secret(),
});

/** Gives every secret that the configuration leaves empty the one of the data folder: made at the first start, readable by its owner only. */
export function fillSecrets(config: HubConfig): void {
  const path = join(config.dataDir, 'secrets.json');
  const kept = keptIn(path, () => newSecrets(config));
  const generated = { ...newSecrets(config), ...kept };
  // An earlier release did not make all of them.
  if (Object.keys(generated).length > Object.keys(kept).length) write(path, generated);
  config.webhookSecretKey ||= generated.webhookSecretKey;
  config.sandboxSecret ||= generated.sandboxSecret;
  config.commandDecryptionKey ||= generated.commandDecryptionKey;
  config.logSigningKey ||= generated.logSigningKey;
  config.logCommitmentKey ||= generated.logCommitmentKey;
}

/**
 * The operators that the configuration names; where it names none, people for development, one for each role, so that four eyes can be tried out.
 * @throws ConfigError when OPERATORS is no list of operators
 */
export function operatorsOf(config: HubConfig): Operator[] {
  if (config.operators) return parseOperators(config.operators);
  const make = (name: string, roles: Operator['roles']): Operator => ({ name, roles, token: `tbo_${name}_${secret()}` });
  return keptIn(join(config.dataDir, 'operators.json'), () => [
    make('ops', ['ops']),
    make('finance', ['finance']),
    make('approver', ['approver']),
    make('auditor', ['auditor']),
    make('admin', ['admin']),
  ]);
}

function parseOperators(text: string): Operator[] {
  const refused = new ConfigError(
    'OPERATORS: it must be a JSON array of {"name", "roles", "token"}, with tokens of at least 32 characters',
  );
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw refused;
  }
  if (!Array.isArray(list) || list.length === 0 || !list.every(isOperator)) throw refused;
  return list;
}

function isOperator(value: unknown): value is Operator {
  if (typeof value !== 'object' || value === null) return false;
  const { name, roles, token } = value as Partial<Record<keyof Operator, unknown>>;
  const known: readonly unknown[] = operatorRoles;
  return (
    typeof name === 'string' &&
    name !== '' &&
    Array.isArray(roles) &&
    roles.every((role) => known.includes(role)) &&
    typeof token === 'string' &&
    token.length >= 32
  );
}

/** Reads a JSON file, or makes it. */
function keptIn<T>(path: string, make: () => T): T {
  // The file is our own: what it holds is what `make` once gave.
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  const made = make();
  write(path, made);
  return made;
}

/** Written whole or not at all, readable by its owner only. */
function write(path: string, content: unknown): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
