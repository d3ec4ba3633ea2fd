import type { Checkpoint } from './checkpoint.js';
import { emptyRoot, sameHash } from './merkle.js';
import { verifyConsistency } from './merkle.verify.js';
import type { WitnessRequest } from './witness.request.js';

/** What a witness has cosigned last of a log. */
export type Witnessed = Pick<Checkpoint, 'size' | 'root'>;

export type WitnessVerdict =
  | { readonly verdict: 'cosign' }
  /** The request says another size than the witness has; with this one it may succeed. */
  | { readonly verdict: 'other_size'; readonly size: number }
  | { readonly verdict: 'old_size_too_large' | 'root_differs' | 'root_not_empty' | 'proof_wrong' };

const nothing: Witnessed = { size: 0, root: emptyRoot };

/** What a witness answers for a checkpoint that the log has signed: C2SP tlog-witness, in its order. */
export function decideCheckpoint(
  { oldSize, proof }: Pick<WitnessRequest, 'oldSize' | 'proof'>,
  { size, root }: Checkpoint,
  witnessed: Witnessed = nothing,
): WitnessVerdict {
  if (oldSize > size) return { verdict: 'old_size_too_large' };
  if (oldSize !== witnessed.size) return { verdict: 'other_size', size: witnessed.size };
  if (size === 0 && !sameHash(root, emptyRoot)) return { verdict: 'root_not_empty' };
  if (oldSize === size && !sameHash(root, witnessed.root)) return { verdict: 'root_differs' };
  const consistent = verifyConsistency({ oldSize, oldRoot: witnessed.root, size, root, proof });
  return { verdict: consistent ? 'cosign' : 'proof_wrong' };
}
