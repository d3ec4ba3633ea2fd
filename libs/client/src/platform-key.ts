import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import type { PublicKeyJwk } from '@tongbao/contracts';

/** A platform's private key (RFC 8037). */
export interface PrivateKeyJwk extends PublicKeyJwk {
  /** The private part: never leaves the platform. */
  d: string;
}

/** A private key as it may be given: a JWK, a PEM (PKCS #8), or one that is opened already. */
export type PlatformKeyInput = PrivateKeyJwk | string | KeyObject;

/** A private key, ready to sign with. */
export interface PlatformKey {
  privateKey: KeyObject;
  /** The public key, as the hub registers it. */
  jwk: PublicKeyJwk & { kid: string };
}

/** RFC 7638: SHA-256 of the required members in the order of their names. */
export const thumbprintOf = ({ crv, kty, x }: PublicKeyJwk): string =>
  createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');

/** A new Ed25519 key pair as a private JWK, named by its thumbprint. */
export function generateKey(): PrivateKeyJwk & { kid: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x = '', d = '' } = privateKey.export({ format: 'jwk' });
  const jwk = { kty: 'OKP' as const, crv: 'Ed25519' as const, x };
  return { ...jwk, kid: thumbprintOf(jwk), d };
}

/** The part of a key that is registered at the hub. */
export const publicKeyOf = (key: PlatformKeyInput): PublicKeyJwk & { kid: string } => openKey(key).jwk;

/**
 * Opens a private key.
 * @param kid how the hub knows the key; the JWK's, or the thumbprint, when not given
 * @throws Error when it is no private Ed25519 key
 */
export function openKey(input: PlatformKeyInput, kid?: string): PlatformKey {
  const privateKey = privateKeyOf(input);
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`a platform signs with a private Ed25519 key, not with a ${privateKey.type} ${privateKey.asymmetricKeyType ?? ''} key`);
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwk = { kty: 'OKP' as const, crv: 'Ed25519' as const, x };
  const ownKid = isJwk(input) ? input.kid : undefined;
  return { privateKey, jwk: { ...jwk, kid: kid ?? ownKid ?? thumbprintOf(jwk) } };
}

const isJwk = (input: PlatformKeyInput): input is PrivateKeyJwk => typeof input === 'object' && !(input instanceof KeyObject);

function privateKeyOf(input: PlatformKeyInput): KeyObject {
  if (typeof input === 'string') return createPrivateKey(input);
  if (!isJwk(input)) return input;
  const { kty, crv, x, d } = input;
  return createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
}
