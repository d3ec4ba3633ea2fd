import { describe, expect, it } from '@jest/globals';
import { newDecryptionKey, parseDecryptionKeys } from './decryption-keys.js';

const key = () => JSON.parse(newDecryptionKey()) as Record<string, unknown>;

describe("the hub's decryption keys", () => {
  it('are none where the setting is empty', () => expect(parseDecryptionKeys('')).toEqual([]));
  it('are the one that it made itself', () =>
    expect(parseDecryptionKeys(newDecryptionKey())).toMatchObject([{ kty: 'OKP', crv: 'X25519' }]));
  it('are a set while one is rotated', () => expect(parseDecryptionKeys(JSON.stringify({ keys: [key(), key()] }))).toHaveLength(2));

  const one = key();
  it.each<[string, string]>([
    ['no JSON', '{'],
    ['a public key', JSON.stringify({ ...one, d: undefined })],
    ['a key to sign with', JSON.stringify({ ...one, crv: 'Ed25519' })],
    ['a key that is too short', JSON.stringify({ ...one, d: 'AAAA' })],
    ['a key without its name', JSON.stringify({ ...one, kid: undefined })],
    ['an empty set', '{"keys":[]}'],
    ['two keys of one name', JSON.stringify({ keys: [one, one] })],
    ['no object', 'null'],
  ])('%s is refused, without showing it', (_, text) => {
    expect(() => parseDecryptionKeys(text)).toThrow(/must/);
    if (text.length > 10) expect(() => parseDecryptionKeys(text)).not.toThrow(String(one['d']));
  });
});
