import { emptyRoot, hashLength, nodeHash, sameHash, type Hash } from './merkle.js';

export interface Inclusion {
  /** Of the leaf, from 0 on. */
  readonly index: number;
  /** Of the tree. */
  readonly size: number;
  readonly leaf: Hash;
  readonly root: Hash;
  /** From the leaf's sibling up to a child of the root. */
  readonly proof: readonly Hash[];
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const areHashes = (hashes: readonly Hash[]): boolean => hashes.every(({ length }) => length === hashLength);

/** True when the proof shows that the leaf stands at its index in the tree with this root: RFC 9162, section 2.1.3.2. */
export function verifyInclusion({ index, size, leaf, root, proof }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      for (; fn !== 0 && !isOdd(fn); fn = half(fn)) sn = half(sn);
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && sameHash(hash, root);
}

export interface Consistency {
  readonly oldSize: number;
  readonly oldRoot: Hash;
  readonly size: number;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/**
 * True when the proof shows that the tree begins with the leaves of the old one: RFC 9162, section 2.1.4.2. The empty tree is the beginning of every
 * tree; its proof is empty (C2SP merkle-tree and tlog-witness).
 */
export function verifyConsistency({ oldSize, oldRoot, size, root, proof }: Consistency): boolean {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size || !areHashes([oldRoot, root, ...proof])) return false;
  if (oldSize === 0 && !sameHash(oldRoot, emptyRoot)) return false;
  if (oldSize === size) return proof.length === 0 && sameHash(oldRoot, root);
  if (oldSize === 0) return proof.length === 0;
  // A whole subtree is its own first hash, and is left out of the proof.
  const [first, ...rest] = isPowerOfTwo(oldSize) && proof.length > 0 ? [oldRoot, ...proof] : proof;
  if (!first) return false;
  let fn = oldSize - 1;
  let sn = size - 1;
  for (; isOdd(fn); fn = half(fn)) sn = half(sn);
  let [old, now] = [first, first];
  for (const hash of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      old = nodeHash(hash, old);
      now = nodeHash(hash, now);
      for (; fn !== 0 && !isOdd(fn); fn = half(fn)) sn = half(sn);
    } else {
      now = nodeHash(now, hash);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && sameHash(old, oldRoot) && sameHash(now, root);
}

function isPowerOfTwo(value: number): boolean {
  while (!isOdd(value)) value /= 2;
  return value === 1;
}
