import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { verifySignature } from 'http-message-sig';
import { generateKey, openKey, publicKeyOf, thumbprintOf } from './platform-key.js';
import { RequestSigner, type RequestToSign } from './request-signer.js';

/** RFC 8037, appendix A: its key, and its thumbprint. */
const rfcKey = {
  kty: 'OKP' as const,
  crv: 'Ed25519' as const,
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};

describe('a key', () => {
  it('is named by its thumbprint (RFC 8037, appendix A.3)', () =>
    expect(thumbprintOf(rfcKey)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'));
  it('is opened from a JWK, a PEM, or as it is, and gives its public part alone', () => {
    const { privateKey } = openKey(rfcKey);
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const expected = { kty: 'OKP', crv: 'Ed25519', x: rfcKey.x, kid: thumbprintOf(rfcKey) };
    for (const input of [rfcKey, pem, privateKey]) expect(publicKeyOf(input)).toEqual(expected);
  });
  it('keeps the name that it was given', () => {
    expect(publicKeyOf({ ...rfcKey, kid: '2026' }).kid).toBe('2026');
    expect(openKey({ ...rfcKey, kid: '2026' }, '2027').jwk.kid).toBe('2027');
  });
  it('is made anew each time', () => expect(generateKey().d).not.toBe(generateKey().d));
  it('that cannot sign is refused', () => {
    expect(() => openKey(createPublicKey(openKey(rfcKey).privateKey))).toThrow('private Ed25519 key');
    expect(() => openKey('-----BEGIN PRIVATE KEY-----')).toThrow();
  });
});

describe('a signed request', () => {
  const signer = new RequestSigner('A', rfcKey);
  const publicKey = createPublicKey(openKey(rfcKey).privateKey);
  /** Verified by a library that this code shares nothing with. */
  const covered = async (request: RequestToSign): Promise<string[]> => {
    const headers = signer.sign(request);
    const sent = {
      ...headers,
      ...(request.contentType && { 'content-type': request.contentType }),
      ...(request.idempotencyKey && { 'idempotency-key': request.idempotencyKey }),
    };
    const { components, parameters } = await verifySignature(
      {
        kind: 'request',
        method: request.method,
        targetUri: `https://${request.authority}${request.path}`,
        fields: Object.entries(sent).map(([name, value]) => ({ name, value })),
      },
      {
        policy: { algorithms: ['ed25519'], requiredComponents: [], requiredParameters: ['created', 'keyid', 'tag'], maxAge: 300 },
        resolveVerifier: () => ({ algorithm: 'ed25519', verify: (data, signature) => verify(null, data, publicKey, signature) }),
      },
    );
    expect(parameters).toMatchObject({ keyid: `A/${thumbprintOf(rfcKey)}`, tag: 'tongbao', alg: 'ed25519' });
    return components.map(({ name }) => name);
  };

  it('without a body covers what it asks for', async () =>
    expect(await covered({ method: 'GET', authority: 'hub.example', path: '/v1/payments/pay_1' })).toEqual([
      '@method',
      '@authority',
      '@path',
    ]));
  it('with a query covers that too', async () =>
    expect(await covered({ method: 'GET', authority: 'hub.example:8443', path: '/v1/payments?status=captured&cursor=a%2Fb' })).toContain(
      '@query',
    ));
  it('with a body covers its digest, its type and the idempotency key', async () => {
    const request = {
      method: 'POST',
      authority: 'hub.example',
      path: '/v1/payments',
      body: '{"a":"é"}',
      contentType: 'application/json',
      idempotencyKey: 'k',
    };
    expect(await covered(request)).toEqual(['@method', '@authority', '@path', 'content-digest', 'content-type', 'idempotency-key']);
    expect(await covered({ ...request, body: Buffer.from(request.body) })).toContain('content-digest');
  });
  it('has the digest of RFC 9530, appendix B.1', () =>
    expect(signer.sign({ method: 'POST', authority: 'h', path: '/', body: '{"hello": "world"}\n' })['content-digest']).toBe(
      'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
    ));
  it('is signed at a time of its own', () =>
    expect(signer.sign({ method: 'GET', authority: 'h', path: '/' }, 1_700_000_000)['signature-input']).toBe(
      `sig1=("@method" "@authority" "@path");created=1700000000;keyid="A/${thumbprintOf(rfcKey)}";alg="ed25519";tag="tongbao"`,
    ));
});
