import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { LogRefused } from './log-refused.js';

/** base64url of SHA-256(salt || value): 43 characters, from which nobody learns the value without its salt. */
export type Commitment = string;

/** What a commitment hides, shown to somebody: with it, and without the key, he checks the one field of the one entry. */
export interface Opening {
  /** Place in the leaf: `ref`, `note`, `by`, `kind`, `transfers/<n>/from`, `transfers/<n>/to`, `transfers/<n>/kind`. */
  readonly field: string;
  readonly value: string;
  /** base64url of 32 bytes. */
  readonly salt: string;
}

const shortestSecret = 32;

/**
 * The secret from which all salts come. Who has it can open every commitment; when it is destroyed, nobody can open any that was not opened before.
 * @param secret at least 32 bytes
 * @throws LogRefused `commitment_key`
 */
export function commitmentKey(secret: Uint8Array): KeyObject {
  if (secret.length < shortestSecret) throw new LogRefused('commitment_key', `a commitment key has at least ${shortestSecret} bytes`);
  return createSecretKey(secret);
}

/** HMAC-SHA-256(key, "<entry>/<field>"): needs not be stored, cannot be guessed, and says nothing about the salt of another field. */
export const saltOf = (key: KeyObject, entry: number, field: string): Buffer =>
  createHmac('sha256', key).update(`${entry}/${field}`).digest();

export const commit = (salt: Uint8Array, value: string): Commitment =>
  hash('sha256', Buffer.concat([salt, Buffer.from(value)]), 'base64url');
