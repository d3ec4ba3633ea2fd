import { readFileSync } from 'node:fs';
import {
  LogRefused,
  parseVerifierKey,
  witnessPolicy,
  type KnownWitness,
  type LogIdentity,
  type VerifierKey,
  type WitnessPolicy,
} from '@tongbao/transparency-log';
import { UsageError } from '../exit-codes.js';

/** What a command line says of the keys that are believed. */
export interface GivenKeys {
  /** Verifier keys of the log; several where its key was changed. */
  log?: readonly string[];
  /** Verifier keys of witnesses, each perhaps with `=` and the witness's address. */
  witness?: readonly string[];
  /** How many of the witnesses must have cosigned; all of those that are named when not given. */
  quorum?: number;
}

/** Of a log and of its witnesses. */
export interface TrustedKeys {
  readonly logs: readonly LogIdentity[];
  readonly policy: WitnessPolicy;
  /** Of witnesses whose address is known: they remember what they have seen. */
  readonly witnessUrls: readonly KnownWitness[];
}

/** Of commander's options that may stand several times. */
export const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The origin of a log is the name of its key. @throws UsageError */
export function logIdentity(verifierKey: string): LogIdentity {
  const key = keyIn(verifierKey, 'the key of a log');
  if (key.type !== 'ed25519') throw new UsageError(`The key of ${key.name} is one of a witness: it signs no log.`);
  return { origin: key.name, key };
}

/** The witnesses that are named, as `<verifier key>` or `<verifier key>=<address>`, and how many of them must have cosigned. @throws UsageError */
export function witnessesOf({ witness = [], quorum }: GivenKeys): Pick<TrustedKeys, 'policy' | 'witnessUrls'> {
  // A verifier key has no `=`.
  const known = witness
    .map((each) => /^([^=]*)(?:=(.*))?$/s.exec(each) ?? [])
    .map(([, key = '', url]) => ({ key: keyIn(key, 'the key of a witness'), url }));
  const keys = known.map(({ key }) => key);
  const witnessUrls = known.flatMap(({ key, url }) => (url === undefined ? [] : [{ key, url }]));
  return { policy: orUsage(() => witnessPolicy(keys, quorum ?? keys.length), 'a policy'), witnessUrls };
}

/** @throws UsageError */
function keyIn(text: string, what: string): VerifierKey {
  return orUsage(() => parseVerifierKey(text), what);
}

/** What a log refuses of a command line is wrong usage. */
export function orUsage<T>(work: () => T, what = 'a key'): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LogRefused) throw new UsageError(`This is not ${what}: ${error.message}.`, { cause: error });
    throw error;
  }
}

/**
 * A secret as services are given it: by value, or by a file that `<name>_FILE` names.
 * @throws UsageError when the file cannot be read
 */
export function secretSetting(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const file = environment[`${name}_FILE`];
  if (file === undefined) return environment[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`${file}, which ${name}_FILE names, cannot be read.`, { cause: error });
  }
}
