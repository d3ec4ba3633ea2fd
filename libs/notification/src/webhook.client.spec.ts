import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebhookClient } from './webhook.client.js';

const opened: { close: () => unknown }[] = [];
const now = new Date('2026-01-02T00:00:00.000Z');

async function receiver(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  opened.push({ close: () => (server.closeAllConnections(), server.close()) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

function client(options: { allowLocal?: boolean; timeoutMs?: number } = {}): WebhookClient {
  const created = new WebhookClient({ allowLocal: true, ...options });
  opened.push(created);
  return created;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

describe('a webhook', () => {
  it('is posted as JSON with its headers', async () => {
    const seen: unknown[] = [];
    const url = await receiver((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers['content-type'], request.headers['webhook-id'], body]);
        response.writeHead(204).end();
      });
    });
    expect(await client().post(url, { 'webhook-id': 'msg_1' }, '{"a":1}', now)).toMatchObject({ at: now, status: 204 });
    expect(seen).toEqual([['POST', '/hook', 'application/json', 'msg_1', '{"a":1}']]);
  });

  it('keeps the beginning of a refusal, as text that a database takes', async () => {
    const url = await receiver((_, response) => response.writeHead(500).end(`\0${'x'.repeat(100_000)}`));
    expect((await client().post(url, {}, '{}', now)).responseBody).toBe(`\uFFFD${'x'.repeat(4_095)}`);
  });

  it('does not follow a redirect', async () => {
    const url = await receiver((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect(await client().post(url, {}, '{}', now)).toMatchObject({ status: 302 });
  });

  it('reads Retry-After', async () => {
    const url = await receiver((_, response) => response.writeHead(429, { 'retry-after': '7' }).end());
    expect(await client().post(url, {}, '{}', now)).toMatchObject({ status: 429, retryAfterMs: 7_000 });
  });

  it('that gets no answer in time has failed', async () => {
    const url = await receiver(() => undefined);
    expect(await client({ timeoutMs: 100 }).post(url, {}, '{}', now)).toMatchObject({ error: 'no answer in time' });
  });

  it('whose receiver is not there has failed', async () => {
    const result = await client().post('http://127.0.0.1:1/', {}, '{}', now);
    expect(result.status).toBeUndefined();
    expect(result.error).toContain('ECONNREFUSED');
  });

  it('does not go to this machine where that is not allowed, by address or by name', async () => {
    const strict = client({ allowLocal: false });
    expect((await strict.post('https://127.0.0.1/', {}, '{}', now)).error).toContain('not a public address');
    expect((await strict.post('https://localhost/', {}, '{}', now)).error).toContain('not a public address');
  });
});
