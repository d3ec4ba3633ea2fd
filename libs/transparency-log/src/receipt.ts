import { openCheckpoint, type Checkpoint, type LogIdentity } from './checkpoint.js';
import { fromBase64, fromDecimal, hashesOf, toBase64 } from './encoding.js';
import { LogRefused, type LogRefusal } from './log-refused.js';
import { leafHash, type Hash } from './merkle.js';
import { verifyInclusion } from './merkle.verify.js';
import type { VerifiedSignature } from './note.js';
import { checkPolicy, unwitnessed, type WitnessPolicy } from './witness.policy.js';

/**
 * C2SP tlog-proof:
 *
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>          may be missing; nothing vouches for it
 *     index <N>
 *     <base64 of a hash>      from the leaf's sibling up to a child of the root; a line each
 *     <empty line>
 *     <the signed checkpoint>
 */
export interface Receipt {
  readonly extra?: Uint8Array;
  /** Of the leaf, from 0 on. */
  readonly index: number;
  readonly proof: readonly Hash[];
  /** A signed note. */
  readonly checkpoint: string;
}

/** Whom somebody who checks a receipt believes. */
export interface Trust {
  readonly log: LogIdentity;
  /** Without one, nobody needs to have cosigned. */
  readonly policy?: WitnessPolicy;
}

export type ReceiptResult =
  | { readonly valid: true; readonly index: number; readonly checkpoint: Checkpoint; readonly cosignatures: readonly VerifiedSignature[] }
  | { readonly valid: false; readonly failure: LogRefusal; readonly detail: string };

const header = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^63 leaves is 63 high. */
const maxProofLength = 63;

export function formatReceipt({ extra, index, proof, checkpoint }: Receipt): string {
  const lines = [header, ...(extra ? [`extra ${toBase64(extra)}`] : []), `index ${index}`, ...proof.map(toBase64)];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** @throws LogRefused `receipt_header`, `receipt_extra`, `receipt_index`, `receipt_proof` */
export function parseReceipt(receipt: string): Receipt {
  const end = receipt.indexOf('\n\n');
  const [first, ...lines] = receipt.slice(0, Math.max(end, 0)).split('\n');
  if (first !== header)
    throw new LogRefused('receipt_header', `a receipt begins with ${header}, and has an empty line before the checkpoint`);
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift()?.slice('extra '.length) ?? '') : null;
  if (extra === undefined) throw new LogRefused('receipt_extra', 'what follows "extra" is not base64');
  const [, digits = ''] = /^index (.*)$/.exec(lines.shift() ?? '') ?? [];
  const index = fromDecimal(digits);
  if (index === undefined) throw new LogRefused('receipt_index', 'the index is a line such as "index 73894"');
  if (lines.length > maxProofLength) throw new LogRefused('receipt_proof', `${lines.length} hashes are more than ${maxProofLength}`);
  const proof = hashesOf(lines, 'receipt_proof');
  return { ...(extra && { extra }), index, proof, checkpoint: receipt.slice(end + 2) };
}

/**
 * Checks a receipt without asking anybody.
 * @param leaf the entry itself, or its hash
 */
export function verifyReceipt(receipt: string, leaf: Uint8Array | { readonly hash: Hash }, trust: Trust): ReceiptResult {
  try {
    return { valid: true, ...openReceipt(receipt, 'hash' in leaf ? leaf.hash : leafHash(leaf), trust) };
  } catch (error) {
    if (error instanceof LogRefused) return { valid: false, failure: error.code, detail: error.message };
    throw error;
  }
}

/**
 * @throws LogRefused `receipt_…`, `note_…`, `checkpoint_…`, `log_signature_missing`, `log_signature_invalid`, `origin_differs`, `cosignature_invalid`,
 * `cosignatures_too_few`, `index_out_of_range`, `inclusion_unproven`
 */
export function openReceipt(
  receipt: string,
  leaf: Hash,
  { log, policy = unwitnessed }: Trust,
): Omit<ReceiptResult & { valid: true }, 'valid'> {
  const { index, proof, checkpoint: signed } = parseReceipt(receipt);
  const { checkpoint, cosignatures } = openCheckpoint(signed, log, policy.witnesses);
  checkPolicy(policy, cosignatures);
  const { size, root } = checkpoint;
  if (index >= size) throw new LogRefused('index_out_of_range', `the checkpoint has ${size} leaves; there is no leaf ${index} in it`);
  if (!verifyInclusion({ index, size, leaf, root, proof })) {
    throw new LogRefused(
      'inclusion_unproven',
      `this is not leaf ${index} of the ${size} leaves of the checkpoint, or the proof is damaged`,
    );
  }
  return { index, checkpoint, cosignatures };
}
