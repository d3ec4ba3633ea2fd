import { createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { commandJwsType, keyIdOf, type PlatformCommand } from '@tongbao/contracts';
import { CompactEncrypt, CompactSign } from 'jose';
import { openKey, type PlatformKey, type PlatformKeyInput } from './platform-key.js';

/** A public key of the hub, to encrypt commands to: as `/.well-known/jwks.json` of the hub gives it. */
export interface HubKeyJwk {
  kty: string;
  crv: string;
  x: string;
  kid: string;
}

/** A command, still without what every command says of itself. */
export type CommandContent = { [C in PlatformCommand as C['type']]: Pick<C, 'type' | 'data'> }[PlatformCommand['type']];

export interface SignedCommand {
  commandId: string;
  type: PlatformCommand['type'];
  /** Of the record: commands of one key are handled in order. The order's id of a request, the payment's of everything else. */
  key: string;
  /** Compact JWS, or compact JWE around it. */
  jose: string;
  issuedAt: string;
}

/** Signs a platform's commands (RFC 7515, Ed25519), and encrypts them to the hub where its key is given (RFC 7516, ECDH-ES with A256GCM). */
export class CommandSigner {
  readonly #key: PlatformKey;
  readonly #keyId: string;
  readonly #hubKey: { key: KeyObject; kid: string } | undefined;

  constructor(
    readonly platformId: string,
    key: PlatformKeyInput,
    { kid, hubKey }: { kid?: string | undefined; hubKey?: HubKeyJwk | undefined } = {},
  ) {
    this.#key = openKey(key, kid);
    this.#keyId = keyIdOf(platformId, this.#key.jwk.kid);
    this.#hubKey = hubKey && { kid: hubKey.kid, key: createPublicKey({ key: { ...hubKey }, format: 'jwk' }) };
  }

  /** @param commandId what the platform calls the command: sent again under the same id it takes effect once */
  async sign(content: CommandContent, commandId: string = randomUUID(), now = new Date()): Promise<SignedCommand> {
    const issuedAt = now.toISOString();
    const payload = new TextEncoder().encode(
      JSON.stringify({ commandId, type: content.type, issuedAt, platformId: this.platformId, data: content.data }),
    );
    const jws = await new CompactSign(payload)
      .setProtectedHeader({ alg: 'Ed25519', kid: this.#keyId, typ: commandJwsType })
      .sign(this.#key.privateKey);
    const key = content.type === 'RequestPayment' ? content.data.orderId : content.data.paymentId;
    return { commandId, type: content.type, key, jose: await this.#encrypted(jws), issuedAt };
  }

  async #encrypted(jws: string): Promise<string> {
    if (!this.#hubKey) return jws;
    const { key, kid } = this.#hubKey;
    return new CompactEncrypt(new TextEncoder().encode(jws))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWS', kid })
      .encrypt(key);
  }
}
