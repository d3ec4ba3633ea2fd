import { LogRefused } from './log-refused.js';
import { publicBytes, type VerifierKey } from './note.keys.js';
import type { VerifiedSignature } from './note.js';

/** A checkpoint is witnessed when at least `quorum` of the witnesses have cosigned it. */
export interface WitnessPolicy {
  readonly witnesses: readonly VerifierKey[];
  readonly quorum: number;
}

/** Nobody needs to have cosigned. */
export const unwitnessed: WitnessPolicy = { witnesses: [], quorum: 0 };

/**
 * A policy of k of n.
 * @throws LogRefused `policy_malformed` for a quorum that is no number from 0 to n, a key that is not for cosignatures, or one key twice: the same
 * public key counts once, whatever its names
 */
export function witnessPolicy(witnesses: readonly VerifierKey[], quorum: number): WitnessPolicy {
  if (!Number.isSafeInteger(quorum) || quorum < 0 || quorum > witnesses.length) {
    throw new LogRefused('policy_malformed', `${quorum} of ${witnesses.length} is no quorum`);
  }
  const other = witnesses.find(({ type }) => type !== 'cosignature');
  if (other) throw new LogRefused('policy_malformed', `the key of ${other.name} is not one for cosignatures`);
  if (new Set(witnesses.map((key) => publicBytes(key).toString('hex'))).size < witnesses.length) {
    throw new LogRefused('policy_malformed', 'two of the witnesses have the same key');
  }
  return { witnesses, quorum };
}

/** How many of the policy's witnesses are among those who have cosigned. */
export const cosignersOf = ({ witnesses }: WitnessPolicy, cosignatures: readonly VerifiedSignature[]): number =>
  witnesses.filter((witness) => cosignatures.some(({ key }) => key === witness)).length;

/** @throws LogRefused `cosignatures_too_few` */
export function checkPolicy(policy: WitnessPolicy, cosignatures: readonly VerifiedSignature[]): void {
  const cosigners = cosignersOf(policy, cosignatures);
  if (cosigners < policy.quorum) {
    throw new LogRefused(
      'cosignatures_too_few',
      `${cosigners} of ${policy.witnesses.length} witnesses cosigned; ${policy.quorum} are needed`,
    );
  }
}
