import { verify } from 'node:crypto';
import { clockSkewSeconds, requestMaxAgeSeconds, requestSignatureTag, signedComponents } from '@tongbao/contracts';
import type { FastifyRequest } from 'fastify';
import {
  isSignatureError,
  SignatureErrorCode,
  verifySignature,
  type FieldOccurrence,
  type RequestDescriptor,
  type UntrustedSignatureCandidate,
  type VerificationPolicy,
  type Verifier,
} from 'http-message-sig';
import { isContentDigestOf } from './content-digest.js';
import { keyProblem, type PlatformKey, type PlatformKeys } from './platform-keys.js';
import { Problem } from './problem.js';

/** Verifies by one platform's key. */
interface PlatformVerifier extends Verifier {
  platformKey: PlatformKey;
}

type SignedRequest = Pick<FastifyRequest, 'method' | 'url' | 'headers' | 'rawBody'>;

const algorithm = 'ed25519';
const emptyBody = Buffer.alloc(0);
/** Anything else beside or instead of a name and a port would move the border between authority and path in the URI that is verified. */
const hostPattern = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
const parameters = ['created', 'keyid', 'tag'];

/**
 * Who signed a request: RFC 9421 with Ed25519 over method, authority, path, query, and, where they are sent, the digest and type of the body and the
 * idempotency key. A signature that is sent again within its five minutes is accepted again: every command takes effect once by its idempotency
 * key, which is signed.
 * @throws Problem unauthenticated, saying which of it does not hold
 */
export async function signerOf(request: SignedRequest, keys: PlatformKeys, now: Date): Promise<PlatformKey> {
  if (!hostPattern.test(request.headers.host ?? '')) throw unauthenticated('the header Host is no host name with its port');
  if (!request.url.startsWith('/')) throw unauthenticated('the request names more than a path');
  const body = request.rawBody ?? emptyBody;
  const policy: VerificationPolicy<PlatformVerifier> = {
    algorithms: [algorithm],
    requiredComponents: signedComponents({
      hasQuery: request.url.includes('?'),
      hasBody: body.length > 0,
      hasIdempotencyKey: request.headers['idempotency-key'] !== undefined,
    }),
    requiredParameters: parameters,
    maxAge: requestMaxAgeSeconds,
    clockSkew: clockSkewSeconds,
    now: Math.floor(now.getTime() / 1_000),
  };
  const { verifier } = await verified(request, policy, (candidate) => verifierOf(candidate, keys, now));
  const digest = request.headers['content-digest'];
  if (digest !== undefined && !isContentDigestOf(String(digest), body))
    throw unauthenticated('Content-Digest is not the SHA-256 of the body');
  return verifier.platformKey;
}

async function verified(
  request: SignedRequest,
  policy: VerificationPolicy<PlatformVerifier>,
  resolveVerifier: (candidate: UntrustedSignatureCandidate) => Promise<PlatformVerifier>,
) {
  try {
    return await verifySignature(descriptorOf(request), { policy, resolveVerifier });
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    // What the resolver threw is a Problem of ours, or an outage.
    if (error.code === SignatureErrorCode.ResolverFailed) throw error.cause;
    throw unauthenticated(error.message);
  }
}

async function verifierOf(
  { parameters: { keyid, tag } }: UntrustedSignatureCandidate,
  keys: PlatformKeys,
  now: Date,
): Promise<PlatformVerifier> {
  if (tag !== requestSignatureTag) throw unauthenticated(`its tag is not "${requestSignatureTag}"`);
  const platformKey = await keys.find(keyid ?? '');
  if (!platformKey) throw unauthenticated('its keyid names no key that is registered; it is <platform id>/<kid>');
  const problem = keyProblem(platformKey, now);
  if (problem) throw unauthenticated(`its key ${problem}`);
  return { algorithm, platformKey, verify: (data, signature) => verify(null, data, platformKey.key, signature) };
}

/** Only what the signature may cover: the rest of the headers need not be looked at. */
function descriptorOf({ method, url, headers }: SignedRequest): RequestDescriptor {
  const input = String(headers['signature-input']);
  const fields: FieldOccurrence[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const isOfSignature = name === 'signature' || name === 'signature-input' || input.includes(`"${name}"`);
    if (isOfSignature && value !== undefined) fields.push({ name, value: Array.isArray(value) ? value.join(', ') : value });
  }
  return { kind: 'request', method, targetUri: `http://${headers.host ?? ''}${url}`, fields };
}

const unauthenticated = (reason: string): Problem => new Problem('unauthenticated', `The signature is not accepted: ${reason}.`);
