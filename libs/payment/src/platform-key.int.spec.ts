import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKey, publicKeyOf, type PrivateKeyJwk } from '@tongbao/client';
import { openApplication, type Application } from '../test/application.js';

describe("a platform's keys", () => {
  let hub: Application;
  let platforms = 0;
  let id: string;
  const keys = () => `/v1/platforms/${id}/keys`;
  const register = (key: PrivateKeyJwk, by: string = 'ops', times: object = {}, signWith?: PrivateKeyJwk) =>
    hub.ask(by, 'POST', keys(), { jwk: publicKeyOf(key), ...times }, signWith);
  const asks = async (key: PrivateKeyJwk) => (await hub.ask(id, 'GET', keys(), undefined, key)).status;
  const later = (ms: number) => new Date(hub.clock.now().getTime() + ms).toISOString();

  beforeAll(async () => {
    hub = await openApplication();
  }, 180_000);
  beforeEach(async () => {
    id = `P${(platforms += 1)}`;
    expect(
      (await hub.ask('ops', 'POST', '/v1/platforms', { platformId: id, name: id, currencies: ['CNY'], methods: ['alipay'] })).status,
    ).toBe(201);
  });
  afterAll(() => hub.close());

  it('begin with one that an operator registers; from then on the platform signs', async () => {
    const key = generateKey();
    expect(await asks(key)).toBe(401);
    expect(await register(key)).toMatchObject({
      status: 201,
      body: { platformId: id, kid: key.kid, keyId: `${id}/${key.kid}`, jwk: { kty: 'OKP', crv: 'Ed25519', x: key.x }, state: 'valid' },
    });
    expect(await asks(key)).toBe(200);
  });

  it('are named by their thumbprint, or as the platform calls them', async () => {
    const { x } = generateKey();
    const named = await hub.ask('ops', 'POST', keys(), {
      jwk: { kty: 'OKP', crv: 'Ed25519', x, kid: '2026-a', use: 'sig', alg: 'Ed25519' },
    });
    expect(named.body).toMatchObject({ kid: '2026-a' });
    const key = generateKey();
    const unnamed = await hub.ask('ops', 'POST', keys(), { jwk: { kty: 'OKP', crv: 'Ed25519', x: key.x } });
    expect(unnamed.body).toMatchObject({ kid: key.kid });
  });

  it('are rotated by the platform itself, with an overlap', async () => {
    const [old, next] = [generateKey(), generateKey()];
    await register(old);
    expect((await register(next, id, {}, old)).status).toBe(201);
    expect([await asks(old), await asks(next)]).toEqual([200, 200]);
    expect((await hub.ask(id, 'DELETE', `${keys()}/${old.kid}`, undefined, next)).body).toMatchObject({ kid: old.kid, state: 'revoked' });
    expect([await asks(old), await asks(next)]).toEqual([401, 200]);
    const { body } = await hub.ask('auditor', 'GET', keys());
    expect(body['items']).toMatchObject([
      { kid: old.kid, state: 'revoked' },
      { kid: next.kid, state: 'valid' },
    ]);
  });

  it('count within their time', async () => {
    const [coming, going] = [generateKey(), generateKey()];
    expect((await register(coming, 'ops', { validFrom: later(60_000) })).body['state']).toBe('pending');
    expect((await register(going, 'ops', { expiresAt: later(60_000) })).body['state']).toBe('valid');
    expect([await asks(coming), await asks(going)]).toEqual([401, 200]);
    hub.clock.aheadMs = 61_000;
    try {
      expect([await asks(coming), await asks(going)]).toEqual([200, 401]);
      expect((await hub.ask('ops', 'GET', keys())).body['items']).toMatchObject([{ state: 'valid' }, { state: 'expired' }]);
    } finally {
      hub.clock.aheadMs = 0;
    }
  });

  it('are registered once, however often they are sent', async () => {
    const key = generateKey();
    await register(key);
    expect((await register(key)).status).toBe(201);
    expect((await hub.ask('ops', 'GET', keys())).body['items']).toHaveLength(1);
  });

  it('that were revoked never come back, under whatever name', async () => {
    const key = generateKey();
    await register(key);
    await hub.ask('ops', 'DELETE', `${keys()}/${key.kid}`);
    expect((await register(key)).body['code']).toBe('already_exists');
    expect((await register({ ...key, kid: 'another' })).body['code']).toBe('already_exists');
    expect((await hub.ask('ops', 'DELETE', `${keys()}/${key.kid}`)).body['state']).toBe('revoked');
  });

  it("are nobody else's to see, register or revoke", async () => {
    const key = generateKey();
    await register(key);
    expect((await hub.ask('A', 'GET', keys())).body['code']).toBe('forbidden');
    expect((await hub.ask('A', 'POST', keys(), { jwk: publicKeyOf(generateKey()) })).body['code']).toBe('forbidden');
    expect((await hub.ask('A', 'DELETE', `${keys()}/${key.kid}`)).body['code']).toBe('forbidden');
    expect((await hub.ask('auditor', 'POST', keys(), { jwk: publicKeyOf(generateKey()) })).body['code']).toBe('forbidden');
    expect(await asks(key)).toBe(200);
  });

  it('of another platform prove nothing, even if they are registered by both', async () => {
    await register(hub.keyOf('A'));
    const { body } = await hub.ask(id, 'POST', '/v1/platforms/A/keys', { jwk: publicKeyOf(generateKey()) }, hub.keyOf('A'));
    expect(body['code']).toBe('forbidden');
    expect((await hub.ask('A', 'GET', '/v1/platforms/A/keys')).status).toBe(200);
  });

  it('are at most twenty that are not revoked', async () => {
    for (let count = 0; count < 20; count += 1) expect((await register(generateKey())).status).toBe(201);
    expect((await register(generateKey())).body['code']).toBe('state_conflict');
  });

  it.each<[string, object, string]>([
    ['a private key', { ...publicKeyOf(generateKey()), d: 'secret' }, 'jwk.d'],
    ['a key of another curve', { ...publicKeyOf(generateKey()), crv: 'X25519' }, 'jwk.crv'],
    ['a key of another length', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }, 'jwk.x'],
    ['a name that would end the platform', { ...publicKeyOf(generateKey()), kid: 'a/b' }, 'jwk.kid'],
    [
      'a weak key: the neutral point',
      { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(`01${'00'.repeat(31)}`, 'hex').toString('base64url') },
      'jwk.x',
    ],
    ['a weak key: 0', { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }, 'jwk.x'],
    [
      'a weak key: p - 1, with the sign',
      { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(`ec${'ff'.repeat(31)}`, 'hex').toString('base64url') },
      'jwk.x',
    ],
  ])('that are %s are refused', async (_, jwk, field) => {
    const { status, body } = await hub.ask('ops', 'POST', keys(), { jwk });
    expect([status, body]).toEqual([422, expect.objectContaining({ code: 'invalid', field })]);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('that end before they begin are refused', async () => {
    expect((await register(generateKey(), 'ops', { expiresAt: later(-1) })).body['field']).toBe('expiresAt');
    expect((await register(generateKey(), 'ops', { validFrom: later(2_000), expiresAt: later(1_000) })).body['field']).toBe('expiresAt');
  });
  it('of a platform that there is not are not found', async () => {
    expect((await hub.ask('ops', 'GET', '/v1/platforms/nobody/keys')).status).toBe(404);
    expect((await hub.ask('ops', 'POST', '/v1/platforms/nobody/keys', { jwk: publicKeyOf(generateKey()) })).status).toBe(404);
    expect((await hub.ask('ops', 'DELETE', `${keys()}/unknown`)).status).toBe(404);
  });
});
