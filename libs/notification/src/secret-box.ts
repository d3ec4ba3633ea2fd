import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SealedSecret } from './endpoint.js';

const version = 'v1';

/** Keeps signing secrets unreadable in the log: AES-256-GCM under a key from the configuration, bound to the endpoint and the secret's id. */
export class SecretBox {
  readonly #key: Buffer;

  /** @param key 32 bytes in base64 or hexadecimal */
  constructor(key: string) {
    this.#key = Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64');
    if (this.#key.length !== 32) throw new Error('the key of webhook secrets must be 32 bytes in base64 or hexadecimal');
  }

  /** A new secret as its platform gets it, and as it is stored. */
  generate(endpointId: string, secretId: string): { secret: string; sealed: SealedSecret } {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    return { secret, sealed: { secretId, sealed: this.#seal(endpointId, secretId, secret) } };
  }

  /** @throws Error when it was sealed under another key, for another endpoint, or was changed */
  open(endpointId: string, { secretId, sealed }: SealedSecret): string {
    const [format, iv, text, tag] = sealed.split('.');
    if (format !== version || iv === undefined || text === undefined || tag === undefined)
      throw new Error(`secret ${secretId} is not sealed as known`);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(iv, 'base64'), { authTagLength: 16 });
    decipher.setAAD(boundTo(endpointId, secretId)).setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(text, 'base64'), decipher.final()]).toString('utf8');
  }

  #seal(endpointId: string, secretId: string, secret: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: 16 }).setAAD(boundTo(endpointId, secretId));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return [version, ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64'))].join('.');
  }
}

const boundTo = (endpointId: string, secretId: string): Buffer => Buffer.from(`${endpointId}\n${secretId}`);
