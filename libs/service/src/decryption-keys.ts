import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';

/** A key pair for what is encrypted to the hub (RFC 8037), with its private part. */
export interface DecryptionJwk {
  kty: 'OKP';
  crv: 'X25519';
  kid: string;
  x: string;
  d: string;
}

/**
 * The hub's keys for encrypted commands: one private JWK, or a JWK Set while one is being rotated; the first is the newest. None for an empty text.
 * @throws Error saying what is wrong; never with the text in it
 */
export function parseDecryptionKeys(text: string): DecryptionJwk[] {
  if (text === '') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('must be a private JWK (OKP, X25519), a JWK Set of such, or empty; it is no JSON');
  }
  const keys: unknown[] = isObject(parsed) && Array.isArray(parsed['keys']) ? parsed['keys'] : [parsed];
  if (keys.length === 0 || !keys.every(isDecryptionJwk))
    throw new Error('must be a private JWK (kty OKP, crv X25519, kid, x, d), a JWK Set of such, or empty');
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw new Error('must give each key a kid of its own');
  return keys;
}

/** A new key, as the setting takes it. */
export function newDecryptionKey(): string {
  const { crv, d, x } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  // RFC 7638: the SHA-256 of the required members in the order of their names.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv, kty: 'OKP', x }))
    .digest('base64url');
  return JSON.stringify({ kty: 'OKP', crv, kid, x, d });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function isDecryptionJwk(value: unknown): value is DecryptionJwk {
  if (!isObject(value)) return false;
  const { kty, crv, kid, x, d } = value;
  if (kty !== 'OKP' || crv !== 'X25519' || typeof kid !== 'string' || kid === '' || typeof x !== 'string' || typeof d !== 'string')
    return false;
  try {
    createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
