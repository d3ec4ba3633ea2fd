/** How platforms sign: what both sides must agree on. RFC 9421 and RFC 9530 over HTTP, RFC 7515 and RFC 7516 over Kafka, Ed25519 always. */

/** The `tag` of a request's signature: a signature made for something else is none of the hub's. */
export const requestSignatureTag = 'tongbao';

/** How old a request's signature may be. */
export const requestMaxAgeSeconds = 300;

/** How far the clocks of platform and hub may differ. */
export const clockSkewSeconds = 60;

/** The protected header `typ` of a command over Kafka. */
export const commandJwsType = 'tongbao-command+jws';

/** The content type of a command over Kafka: compact JWS, or compact JWE around it. */
export const joseContentType = 'application/jose';

/**
 * How old a command over Kafka may be when the hub first decides on it. Commands may wait in Kafka while the hub is down; what waited longer than
 * this is refused, as nobody expects it to happen any more.
 */
export const commandMaxAgeSeconds = 24 * 60 * 60;

/** A platform's public key (RFC 8037). */
export interface PublicKeyJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid?: string;
}

/**
 * How signatures name a key: `keyid` of a request's, `kid` of a command's. The platform is part of it, so that a platform that takes another's
 * `kid`, or even its public key, gains nothing by it.
 */
export const keyIdOf = (platformId: string, kid: string): string => `${platformId}/${kid}`;

export function parseKeyId(keyId: string): { platformId: string; kid: string } | undefined {
  const [, platformId, kid] = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})\/([A-Za-z0-9_-][A-Za-z0-9_.-]{0,127})$/.exec(keyId) ?? [];
  return platformId && kid ? { platformId, kid } : undefined;
}

/** What a request's signature must cover; a header that is sent counts. */
export function signedComponents(request: { hasQuery: boolean; hasBody: boolean; hasIdempotencyKey: boolean }): string[] {
  return [
    '@method',
    '@authority',
    '@path',
    ...(request.hasQuery ? ['@query'] : []),
    ...(request.hasBody ? ['content-digest', 'content-type'] : []),
    ...(request.hasIdempotencyKey ? ['idempotency-key'] : []),
  ];
}
