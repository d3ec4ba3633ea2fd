import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKey, type PrivateKeyJwk } from '@tongbao/client';
import { runCli } from './cli.js';

describe("platforms' keys at the command line", () => {
  let folder: string;
  let server: Server;
  let asked: { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders; body: string }[];
  let printed: string;
  const run = (...argv: string[]) => {
    printed = '';
    const write = (line: string) => (printed += line);
    const address = server.address();
    const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
    return runCli(['--url', url, '--data', folder, ...argv], { out: write, err: write, isTerminal: false });
  };
  const file = (name: string) => join(folder, name);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tongbao-keys-'));
    writeFileSync(file('operators.json'), JSON.stringify([{ name: 'ops', roles: ['ops'], token: 'ops-token' }]));
    asked = [];
    server = createServer((request, response) => {
      void text(request).then((body) => {
        asked.push({ method: request.method, url: request.url, headers: request.headers, body });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"keyId":"A/k","state":"valid","items":[]}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  it('generate writes the private key where its owner alone reads it, and shows the public one', async () => {
    expect(await run('keys', 'generate', '--out', file('a.jwk'))).toBe(0);
    const key = JSON.parse(readFileSync(file('a.jwk'), 'utf8')) as PrivateKeyJwk;
    expect(statSync(file('a.jwk')).mode & 0o777).toBe(0o600);
    expect(printed).toContain(key.x);
    expect(printed).not.toContain(key.d);
    expect(await run('keys', 'generate', '--out', file('a.jwk'))).toBe(2);
    expect(JSON.parse(readFileSync(file('a.jwk'), 'utf8'))).toEqual(key);
  });
  it('generate prints the key where no file is named', async () => {
    expect(await run('keys', 'generate')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ kty: 'OKP', crv: 'Ed25519', d: expect.any(String) });
  });

  it('register sends the public part alone', async () => {
    const key = generateKey();
    writeFileSync(file('a.jwk'), JSON.stringify(key));
    expect(await run('keys', 'register', 'A', '--key', file('a.jwk'), '--expires-at', '2027-01-01T00:00:00Z')).toBe(0);
    expect(asked).toMatchObject([{ method: 'POST', url: '/v1/platforms/A/keys', headers: { authorization: 'Bearer ops-token' } }]);
    expect(JSON.parse(asked[0]!.body)).toEqual({
      jwk: { kty: 'OKP', crv: 'Ed25519', x: key.x, kid: key.kid },
      expiresAt: '2027-01-01T00:00:00Z',
    });
  });
  it('revoke asks twice', async () => {
    expect(await run('keys', 'revoke', 'A', 'k')).toBe(2);
    expect(asked).toEqual([]);
    expect(await run('keys', 'revoke', 'A', 'k', '--yes')).toBe(0);
    expect(asked).toMatchObject([{ method: 'DELETE', url: '/v1/platforms/A/keys/k' }]);
  });

  it('call asks as a platform, signed', async () => {
    writeFileSync(file('a.jwk'), JSON.stringify({ ...generateKey(), kid: 'k1' }));
    const options = ['--as', 'A', '--key', file('a.jwk'), '--idempotency-key', 'order-1', '--wait', '5'];
    expect(await run('call', 'post', '/v1/payments', '{"orderId":"1"}', ...options)).toBe(0);
    expect(asked).toMatchObject([{ method: 'POST', url: '/v1/payments', body: '{"orderId":"1"}' }]);
    expect(asked[0]!.headers).toMatchObject({
      'idempotency-key': 'order-1',
      prefer: 'wait=5',
      'signature-input': expect.stringContaining('keyid="A/k1"'),
      'content-digest': expect.stringContaining('sha-256=:'),
    });
    expect(asked[0]!.headers.authorization).toBeUndefined();
  });
  it.each([
    ['no file', ['call', 'GET', '/v1/payments', '--as', 'A', '--key', 'nowhere']],
    ['a body that is no JSON', ['call', 'POST', '/v1/payments', 'x', '--as', 'A', '--key', 'a.jwk']],
  ])('call with %s is wrong usage', async (_, argv) => expect(await run(...argv)).toBe(2));
});
