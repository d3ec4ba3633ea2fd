import { createHmac, randomBytes } from 'node:crypto';

/** `tbk_<keyId>_<secret>`: told to the platform once; the hub keeps the HMAC only. */
export interface NewApiKey {
  key: string;
  keyId: string;
  keyHash: string;
}

const keyPattern = /^tbk_([0-9a-f]{12})_([0-9a-f]{64})$/;

/** Makes an API key: 32 random bytes and an id to name it by. */
export function newApiKey(pepper: string): NewApiKey {
  const keyId = randomBytes(6).toString('hex');
  const key = `tbk_${keyId}_${randomBytes(32).toString('hex')}`;
  return { key, keyId, keyHash: hashApiKey(pepper, key) };
}

/** HMAC-SHA-256: the key has 256 random bits, so a slow hash would add nothing. */
export const hashApiKey = (pepper: string, key: string): string => createHmac('sha256', pepper).update(key).digest('base64url');

/** The id inside a key, or undefined where it is no API key. */
export const apiKeyId = (key: string): string | undefined => keyPattern.exec(key)?.[1];
