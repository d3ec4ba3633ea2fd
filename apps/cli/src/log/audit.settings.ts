import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitmentKey, formatVerifierKey, parseSignerKey } from '@tongbao/transparency-log';
import { UsageError } from '../exit-codes.js';
import { logIdentity, orUsage, secretSetting, witnessesOf, type GivenKeys, type TrustedKeys } from './log-keys.js';
import { servedKeys } from './served-keys.js';

/** Where an audit looks for secrets: the settings of services, then what an embedded hub has made for itself. */
export interface SecretSources {
  readonly environment: NodeJS.ProcessEnv;
  readonly dataDir: string;
}

/** @throws UsageError when there is none: nobody can make leaves without it */
export function commitmentKeyOf(sources: SecretSources): KeyObject {
  const text = secretOf('LOG_COMMITMENT_KEY', 'logCommitmentKey', sources);
  if (text === undefined)
    throw new UsageError(
      `Leaves are made with the commitment key of the log: give it as LOG_COMMITMENT_KEY or LOG_COMMITMENT_KEY_FILE, or name the data folder of an embedded hub with --data.`,
    );
  if (!/^[0-9a-f]{64}$/.test(text)) throw new UsageError('LOG_COMMITMENT_KEY must be 64 hex digits.');
  return commitmentKey(Buffer.from(text, 'hex'));
}

/**
 * The keys that are believed: those of the command line, or else what the hub says are its own.
 * @param url undefined where no hub is to be asked: then the key of a hub whose signing key is at hand
 * @throws UsageError; HubUnreachable
 */
export async function auditKeysOf(given: GivenKeys, url: string | undefined, sources: SecretSources): Promise<TrustedKeys> {
  if (given.log) return { logs: given.log.map(logIdentity), ...witnessesOf(given) };
  if (url !== undefined) return servedKeys(url, given);
  const signing = secretOf('LOG_SIGNING_KEY', 'logSigningKey', sources);
  if (signing === undefined) throw new UsageError('Name the verifier key of the log with --log.');
  const { verifier } = orUsage(() => parseSignerKey(signing), 'a signer key (LOG_SIGNING_KEY)');
  return { logs: [logIdentity(formatVerifierKey(verifier))], ...witnessesOf(given) };
}

function secretOf(setting: string, generated: string, { environment, dataDir }: SecretSources): string | undefined {
  const given = secretSetting(setting, environment);
  if (given !== undefined && given !== '') return given;
  const path = join(dataDir, 'secrets.json');
  if (!existsSync(path)) return undefined;
  const secrets: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const value: unknown = typeof secrets === 'object' && secrets !== null ? Reflect.get(secrets, generated) : undefined;
  return typeof value === 'string' ? value : undefined;
}
