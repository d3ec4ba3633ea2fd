import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { parseDecryptionKeys } from '@tongbao/service';
import { compactDecrypt } from 'jose';

/** A public key of the hub, as its JWK Set tells it (RFC 7517). */
export interface PublicEncryptionJwk {
  kty: 'OKP';
  crv: 'X25519';
  x: string;
  kid: string;
  use: 'enc';
  alg: 'ECDH-ES';
}

/** The keys that commands may be encrypted to; several while one is being rotated. */
export class HubKeys {
  readonly #keys = new Map<string, KeyObject>();

  /** @param setting COMMAND_DECRYPTION_KEY */
  constructor(setting: string) {
    for (const { kty, crv, kid, x, d } of parseDecryptionKeys(setting)) {
      this.#keys.set(kid, createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
    }
  }

  /** The public parts, the newest first. */
  publicKeys(): PublicEncryptionJwk[] {
    return [...this.#keys].map(([kid, key]) => {
      const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
      return { kty: 'OKP', crv: 'X25519', x, kid, use: 'enc', alg: 'ECDH-ES' };
    });
  }

  /**
   * What a compact JWE holds: a compact JWS.
   * @throws Error when it is not encrypted to a key of the hub in the one way that there is
   */
  async decrypt(jwe: string): Promise<string> {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, ({ kid }) => this.#key(kid), {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    if (protectedHeader.cty !== 'JWS') throw new Error('the header cty of an encrypted command is JWS');
    return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
  }

  #key(kid: string | undefined): KeyObject {
    const key = kid === undefined ? undefined : this.#keys.get(kid);
    if (!key) throw new Error(`the hub has no key ${kid ?? 'without a kid'} to decrypt with`);
    return key;
  }
}
