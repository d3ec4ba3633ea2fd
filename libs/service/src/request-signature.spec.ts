import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { keyIdOf, signedComponents } from '@tongbao/contracts';
import { Outage } from '@tongbao/event-store';
import { createSignatureSync, type SignatureParameters } from 'http-message-sig';
import { contentDigestOf } from './content-digest.js';
import type { PlatformKey, PlatformKeys } from './platform-keys.js';
import { Problem } from './problem.js';
import { signerOf } from './request-signature.js';

const now = new Date('2026-03-01T12:00:00Z');
const created = now.getTime() / 1_000;
const body = Buffer.from('{"amountMinor":1000}');

interface Sent {
  method: string;
  url: string;
  headers: Record<string, string>;
  rawBody?: Buffer;
}

interface Signing {
  components?: string[];
  parameters?: SignatureParameters;
  key?: KeyObject;
}

describe('a signed request', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let registered: Map<string, PlatformKey>;
  const keys = { find: (keyId: string) => Promise.resolve(registered.get(keyId)) } as unknown as PlatformKeys;
  const platformKey = (change: Partial<PlatformKey> = {}): PlatformKey => ({
    platformId: 'A',
    kid: 'k1',
    key: publicKey,
    validFrom: undefined,
    expiresAt: undefined,
    isRevoked: false,
    ...change,
  });
  beforeEach(() => {
    registered = new Map([[keyIdOf('A', 'k1'), platformKey()]]);
  });

  const post = (change: Partial<Sent> = {}): Sent => ({
    method: 'POST',
    url: '/v1/payments',
    headers: {
      host: 'hub.example',
      'content-type': 'application/json',
      'content-digest': contentDigestOf(body),
      'idempotency-key': 'order-1',
      accept: 'text/ü',
    },
    rawBody: body,
    ...change,
  });
  const get = (url = '/v1/payments'): Sent => ({ method: 'GET', url, headers: { host: 'hub.example' } });

  const signed = (request: Sent, { components, parameters = {}, key = privateKey }: Signing = {}): Sent => {
    const { host = '', ...headers } = request.headers;
    const fields = Object.entries(headers).flatMap(([name, value]) => (name === 'accept' ? [] : { name, value }));
    const { signature, signatureInput } = createSignatureSync(
      { kind: 'request', method: request.method, targetUri: `http://${host}${request.url}`, fields },
      {
        components:
          components ??
          signedComponents({
            hasQuery: request.url.includes('?'),
            hasBody: request.rawBody !== undefined,
            hasIdempotencyKey: headers['idempotency-key'] !== undefined,
          }),
        parameters: { created, keyid: 'A/k1', tag: 'tongbao', ...parameters },
        signer: { algorithm: 'ed25519', sign: (data) => sign(null, data, key) },
      },
    );
    return { ...request, headers: { ...request.headers, signature, 'signature-input': signatureInput } };
  };
  const altered = (request: Sent, headers: Record<string, string>): Sent => ({ ...request, headers: { ...request.headers, ...headers } });
  const without = (request: Sent, name: string): Sent => ({
    ...request,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([each]) => each !== name)),
  });
  const verdict = async (request: Sent, at = now): Promise<string> => {
    try {
      return `platform ${(await signerOf(request, keys, at)).platformId}`;
    } catch (error) {
      if (error instanceof Problem && error.code === 'unauthenticated') return error.detail;
      throw error;
    }
  };

  it('with a body proves its platform', async () => expect(await verdict(signed(post()))).toBe('platform A'));
  it('without a body proves its platform', async () => expect(await verdict(signed(get()))).toBe('platform A'));
  it('with a query proves its platform', async () =>
    expect(await verdict(signed(get('/v1/payments?status=captured&x=%2F')))).toBe('platform A'));
  it('may cover more than it must, and name its algorithm, a nonce and an end', async () => {
    const request = altered(post(), { prefer: 'wait=5' });
    const components = ['prefer', ...signedComponents({ hasQuery: false, hasBody: true, hasIdempotencyKey: true })];
    const parameters = { alg: 'ed25519', nonce: 'n', expires: created + 60 };
    expect(await verdict(signed(request, { components, parameters }))).toBe('platform A');
  });
  it('may be sent again within its time: what it commands takes effect once by its idempotency key', async () => {
    const request = signed(post());
    expect(await Promise.all([verdict(request), verdict(request)])).toEqual(['platform A', 'platform A']);
  });
  it('may tell other digests beside the SHA-256', async () => {
    const request = altered(post(), { 'content-digest': `sha-512=:AAAA:, ${contentDigestOf(body)}` });
    expect(await verdict(signed(request))).toBe('platform A');
  });

  it.each<[string, (request: Sent) => Sent]>([
    ['method', (request) => ({ ...request, method: 'PUT' })],
    ['host', (request) => altered(request, { host: 'other.example' })],
    ['path', (request) => ({ ...request, url: '/v1/payments/pay_1' })],
    ['idempotency key', (request) => altered(request, { 'idempotency-key': 'order-2' })],
    ['content type', (request) => altered(request, { 'content-type': 'application/json; charset=utf-8' })],
    ['digest', (request) => altered(request, { 'content-digest': contentDigestOf(Buffer.from('{}')) })],
    [
      'time',
      (request) =>
        altered(request, {
          'signature-input': String(request.headers['signature-input']).replace(/created=\d+/, `created=${created + 1}`),
        }),
    ],
  ])('of which the %s was altered is refused', async (_, alter) =>
    expect(await verdict(alter(signed(post())))).toContain('Signature verification failed'),
  );

  it('of which the body was altered is refused', async () =>
    expect(await verdict({ ...signed(post()), rawBody: Buffer.from('{"amountMinor":1}') })).toContain('Content-Digest'));
  it('to which a body was added is refused', async () =>
    expect(await verdict({ ...signed(get()), rawBody: body })).toContain('"content-digest" is absent'));
  it('whose digest is no dictionary is refused', async () =>
    expect(await verdict(signed(altered(post(), { 'content-digest': 'sha-256=nonsense' })))).toContain('Content-Digest'));
  it('to which a query was added is refused', async () =>
    expect(await verdict({ ...signed(get()), url: '/v1/payments?platform=A' })).toContain('"@query" is absent'));
  it('of which a signed header was taken away is refused', async () =>
    expect(await verdict(without(signed(post()), 'idempotency-key'))).toContain('Missing field idempotency-key'));

  it.each(['@method', '@authority', '@path', 'content-digest', 'content-type', 'idempotency-key'])(
    'that does not cover %s is refused, naming it',
    async (missing) => {
      const components = signedComponents({ hasQuery: false, hasBody: true, hasIdempotencyKey: true }).filter((each) => each !== missing);
      expect(await verdict(signed(post(), { components }))).toContain(`"${missing}" is absent`);
    },
  );

  it.each<[string, SignatureParameters, string]>([
    ['no time', { created: undefined }, 'created is absent'],
    ['no key', { keyid: undefined }, 'keyid is absent'],
    ['no tag', { tag: undefined }, 'tag is absent'],
    ['the tag of something else', { tag: 'web-bot-auth' }, 'its tag is not "tongbao"'],
    ['an unknown key', { keyid: 'A/k2' }, 'names no key'],
    ['a key without its platform', { keyid: 'k1' }, 'names no key'],
    ['the key of another platform', { keyid: 'B/k1' }, 'names no key'],
    ['an age of more than five minutes and the skew', { created: created - 361 }, 'too old'],
    ['a time further ahead than the skew', { created: created + 61 }, 'in the future'],
    ['an end that is over', { expires: created - 61 }, 'expired'],
    ['another algorithm', { alg: 'hmac-sha256' }, 'Algorithm hmac-sha256'],
  ])('with %s is refused', async (_, parameters, reason) => {
    const named = parameters.alg === undefined ? signed(post(), { parameters }) : signed(post());
    const input = String(named.headers['signature-input']);
    expect(
      await verdict(parameters.alg === undefined ? named : altered(named, { 'signature-input': `${input};alg="hmac-sha256"` })),
    ).toContain(reason);
  });

  it('is accepted to the last moment of both sides', async () => {
    expect(await verdict(signed(post(), { parameters: { created: created - 360 } }))).toBe('platform A');
    expect(await verdict(signed(post(), { parameters: { created: created + 60 } }))).toBe('platform A');
  });
  it('by another private key is refused', async () =>
    expect(await verdict(signed(post(), { key: generateKeyPairSync('ed25519').privateKey }))).toContain('verification failed'));

  it.each<[string, Partial<PlatformKey>]>([
    ['is revoked', { isRevoked: true }],
    ['expired at 2026-03-01T12:00:00.000Z', { expiresAt: now }],
    ['is valid from 2026-03-01T12:00:01.000Z on', { validFrom: new Date(now.getTime() + 1_000) }],
  ])('by a key that %s is refused, saying so', async (reason, change) => {
    registered.set('A/k1', platformKey(change));
    expect(await verdict(signed(post()))).toContain(`its key ${reason}`);
  });
  it('by either key during a rotation proves its platform', async () => {
    const next = generateKeyPairSync('ed25519');
    registered.set('A/k1', platformKey({ expiresAt: new Date(now.getTime() + 60_000) }));
    registered.set('A/k2', platformKey({ kid: 'k2', key: next.publicKey }));
    expect(await verdict(signed(post()))).toBe('platform A');
    expect(await verdict(signed(post(), { parameters: { keyid: 'A/k2' }, key: next.privateKey }))).toBe('platform A');
  });

  it.each<[string, (request: Sent) => Sent, string]>([
    ['only half of its headers', (request) => without(request, 'signature'), 'Missing field signature'],
    ['a signature that is none', (request) => altered(request, { signature: 'sig1=nonsense' }), 'Signature'],
    ['two signatures', twice, 'explicit label'],
    [
      'a parameter twice',
      (request) => altered(request, { 'signature-input': `${String(request.headers['signature-input'])};created=1` }),
      'duplicate',
    ],
    ['no host', (request) => without(request, 'host'), 'no host name'],
    [
      'the path within the host',
      (request) => ({ ...altered(request, { host: 'hub.example/v1/payments?' }), url: '/v1/payments/pay_1/cancel' }),
      'no host name',
    ],
    ['a user within the host', (request) => altered(request, { host: 'me@hub.example' }), 'no host name'],
    ['an absolute URI', (request) => ({ ...request, url: 'http://hub.example/v1/payments' }), 'more than a path'],
  ])('with %s is refused', async (_, alter, reason) => expect(await verdict(alter(signed(post())))).toContain(reason));

  it('fails, and is not refused, while keys cannot be looked up', async () => {
    const down = { find: () => Promise.reject(new Outage('down')) } as unknown as PlatformKeys;
    await expect(signerOf(signed(post()) as never, down, now)).rejects.toThrow(Outage);
  });
});

function twice(request: Sent): Sent {
  const { signature, 'signature-input': input } = request.headers;
  return {
    ...request,
    headers: {
      ...request.headers,
      signature: `${signature}, ${String(signature).replace('sig1', 'sig2')}`,
      'signature-input': `${input}, ${String(input).replace('sig1', 'sig2')}`,
    },
  };
}
