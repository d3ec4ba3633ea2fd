import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubConfig, Operator } from '@tongbao/service';

/** What the embedded default makes for itself at its first start and keeps in the data folder, readable by its owner only. */
export interface GeneratedSecrets {
  apiKeyPepper: string;
  webhookSecretKey: string;
  /** Key of the sandbox providers' notifications. */
  sandboxSecret: string;
}

const secret = (): string => randomBytes(32).toString('hex');

/** The secrets of a data folder; what the configuration gives takes precedence. */
export function secretsOf(config: HubConfig): GeneratedSecrets {
  const generated = keptIn(join(config.dataDir, 'secrets.json'), (): GeneratedSecrets => ({
    apiKeyPepper: secret(),
    webhookSecretKey: secret(),
    sandboxSecret: secret(),
  }));
  return {
    ...generated,
    ...(config.apiKeyPepper && { apiKeyPepper: config.apiKeyPepper }),
    ...(config.webhookSecretKey && { webhookSecretKey: config.webhookSecretKey }),
  };
}

/** People of the hub for development: one for each role, so that four eyes can be tried out. */
export function operatorsOf(config: HubConfig): Operator[] {
  const make = (name: string, roles: Operator['roles']): Operator => ({ name, roles, token: `tbo_${name}_${secret()}` });
  return keptIn(join(config.dataDir, 'operators.json'), () => [
    make('ops', ['ops']),
    make('finance', ['finance']),
    make('approver', ['approver']),
    make('auditor', ['auditor']),
    make('admin', ['admin']),
  ]);
}

/** Reads a JSON file, or makes it: written whole or not at all. */
function keptIn<T>(path: string, make: () => T): T {
  // The file is our own: what it holds is what `make` once gave.
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  const made = make();
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(made, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return made;
}
