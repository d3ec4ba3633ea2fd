import { createHash, sign, type KeyObject } from 'node:crypto';
import { keyIdOf, requestSignatureTag } from '@tongbao/contracts';
import { openKey, type PlatformKeyInput } from './platform-key.js';

/** A request as it will go over the wire. */
export interface RequestToSign {
  method: string;
  /** Host, with its port where that is not the scheme's own; as the header Host has it. */
  authority: string;
  /** With the query, as it is sent. */
  path: string;
  /** What the request carries, where it does: its signature must cover it. */
  body?: string | Uint8Array | undefined;
  contentType?: string | undefined;
  idempotencyKey?: string | undefined;
}

/** The headers that prove who sends a request. */
export interface SignatureHeaders extends Record<string, string> {
  signature: string;
  'signature-input': string;
}

/**
 * Signs requests for a platform: RFC 9421 with Ed25519. What is signed is a text of one line for each component that is covered
 * (RFC 9421, section 2.5):
 *
 *     "@method": POST
 *     "content-digest": sha-256=:…:
 *     "@signature-params": ("@method" … "content-digest");created=…;keyid="A/…";alg="ed25519";tag="tongbao"
 */
export class RequestSigner {
  readonly #privateKey: KeyObject;
  readonly #parameters: string;

  /** @param kid how the hub knows the key; the JWK's own, or the key's thumbprint, when not given */
  constructor(
    readonly platformId: string,
    key: PlatformKeyInput,
    kid?: string,
  ) {
    const { privateKey, jwk } = openKey(key, kid);
    this.#privateKey = privateKey;
    this.#parameters = `keyid="${keyIdOf(platformId, jwk.kid)}";alg="ed25519";tag="${requestSignatureTag}"`;
  }

  /**
   * The headers to send along, beside those that are given.
   * @param now seconds since 1970; the hub takes the signature for five minutes from then on
   */
  sign(
    { method, authority, path, body, contentType, idempotencyKey }: RequestToSign,
    now = Math.floor(Date.now() / 1_000),
  ): SignatureHeaders {
    const query = path.indexOf('?');
    const components: [name: string, value: string][] = [
      ['@method', method],
      ['@authority', authority],
      ['@path', query < 0 ? path : path.slice(0, query)],
    ];
    if (query >= 0) components.push(['@query', path.slice(query)]);
    const digest = body === undefined || body.length === 0 ? undefined : contentDigestOf(body);
    if (digest !== undefined) components.push(['content-digest', digest]);
    if (contentType !== undefined) components.push(['content-type', contentType]);
    if (idempotencyKey !== undefined) components.push(['idempotency-key', idempotencyKey]);
    let names = '';
    let base = '';
    for (const [name, value] of components) {
      names += names === '' ? `"${name}"` : ` "${name}"`;
      base += `"${name}": ${value}\n`;
    }
    const input = `(${names});created=${now};${this.#parameters}`;
    const signature = sign(null, Buffer.from(`${base}"@signature-params": ${input}`), this.#privateKey);
    return {
      ...(digest !== undefined && { 'content-digest': digest }),
      'signature-input': `sig1=${input}`,
      signature: `sig1=:${signature.toString('base64')}:`,
    };
  }
}

/** RFC 9530: a dictionary with the SHA-256 of the body as a byte sequence. */
const contentDigestOf = (body: string | Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
