import { hash } from 'node:crypto';
import { LogRefused } from './log-refused.js';

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array;

export const hashLength = 32;

/** Root of the tree without leaves: SHA-256 of nothing. */
export const emptyRoot: Hash = hash('sha256', '', 'buffer');

/** Hash of a leaf: SHA-256(0x00 || data); RFC 6962, section 2.1. */
export function leafHash(data: Uint8Array): Hash {
  const bytes = new Uint8Array(1 + data.length);
  bytes.set(data, 1);
  return hash('sha256', bytes, 'buffer');
}

/** Used again for every node: nobody else runs between its being filled and its being hashed. */
const node = new Uint8Array(1 + 2 * hashLength);
node[0] = 1;

/** Hash of an inner node: SHA-256(0x01 || left || right); RFC 6962, section 2.1. @throws LogRefused `hash_length` */
export function nodeHash(left: Hash, right: Hash): Hash {
  if (left.length !== hashLength || right.length !== hashLength) {
    throw new LogRefused('hash_length', `a hash has ${hashLength} bytes, not ${left.length} or ${right.length}`);
  }
  node.set(left, 1);
  node.set(right, 1 + hashLength);
  return hash('sha256', node, 'buffer');
}

export const sameHash = (a: Hash, b: Hash): boolean => Buffer.compare(a, b) === 0;

/** The largest power of two below n, which is at least 2: where a tree of n leaves is split. */
export function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

/** @throws LogRefused `out_of_range` for what is no size of a tree */
export function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new LogRefused('out_of_range', `${size} is not the size of a tree`);
}
