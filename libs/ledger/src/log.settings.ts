import type { KeyObject } from 'node:crypto';
import { ConfigError, type HubConfig } from '@tongbao/service';
import {
  commitmentKey,
  LogRefused,
  parseSignerKey,
  parseVerifierKey,
  witnessPolicy,
  type KnownWitness,
  type LogIdentity,
  type SignerKey,
  type WitnessPolicy,
} from '@tongbao/transparency-log';

/** What the transparency log is told by the configuration. */
export interface LogSettings {
  /** As the outside knows it. */
  readonly log: LogIdentity;
  readonly signer: SignerKey;
  /** From which the salts of what leaves hide come. */
  readonly commitments: KeyObject;
  readonly witnesses: readonly KnownWitness[];
  readonly policy: WitnessPolicy;
}

type Settings = Pick<HubConfig, 'logOrigin' | 'logSigningKey' | 'logCommitmentKey' | 'logWitnesses' | 'logWitnessQuorum'>;

/** @throws ConfigError for keys and policies that are none, and a key that is another log's */
export function logSettings(config: Settings): LogSettings {
  const origin = config.logOrigin;
  const signer = checked('LOG_SIGNING_KEY', () => parseSignerKey(config.logSigningKey));
  const { name, type } = signer.verifier;
  if (name !== origin) throw wrong('LOG_ORIGIN', `it is ${origin}, and LOG_SIGNING_KEY is the key of ${name}`);
  if (type !== 'ed25519') throw wrong('LOG_SIGNING_KEY', 'it is the key of a witness, not of a log');
  const witnesses = config.logWitnesses.map((pair) => checked('LOG_WITNESSES', () => witnessOf(pair)));
  const keys = witnesses.map(({ key }) => key);
  return {
    log: { origin, key: signer.verifier },
    signer,
    commitments: checked('LOG_COMMITMENT_KEY', () => commitmentKey(Buffer.from(config.logCommitmentKey, 'hex'))),
    witnesses,
    policy: checked('LOG_WITNESS_QUORUM', () => witnessPolicy(keys, config.logWitnessQuorum)),
  };
}

/** `<verifier key>=<address>`; a verifier key has no `=`. */
function witnessOf(pair: string): KnownWitness {
  const end = pair.indexOf('=');
  return { key: parseVerifierKey(pair.slice(0, end)), url: pair.slice(end + 1) };
}

function checked<T>(env: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof LogRefused) throw wrong(env, error.message);
    throw error;
  }
}

const wrong = (env: string, reason: string): ConfigError => new ConfigError(`The configuration is wrong.\n${env}: ${reason}`);
