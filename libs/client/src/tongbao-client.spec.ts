import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { TongbaoRefusal, TongbaoUnavailable } from './errors.js';
import { generateKey } from './platform-key.js';
import { TongbaoClient } from './tongbao-client.js';
import { verifyWebhook, WebhookNotTrusted } from './webhook.js';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

type Answer = { status: number; body?: object; headers?: Record<string, string> } | 'hang up';

describe('the client', () => {
  let server: Server;
  let client: TongbaoClient;
  const received: Received[] = [];
  const answers: Answer[] = [];
  const order = {
    orderId: 'o1',
    payer: { userId: 'u1' },
    items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 1, agreementId: 'standard' }],
    amountMinor: 1000,
    currency: 'CNY',
    method: { provider: 'alipay' },
  };

  beforeEach(async () => {
    received.length = 0;
    answers.length = 0;
    server = createServer((request, response) => {
      void text(request).then((body) => {
        received.push({ method: request.method, url: request.url, headers: request.headers, body });
        const answer = answers.shift() ?? { status: 200, body: { items: [] } };
        if (answer === 'hang up') request.socket.destroy();
        else response.writeHead(answer.status, answer.headers).end(answer.body && JSON.stringify(answer.body));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new TongbaoClient({ url: urlOf(server), platformId: 'A', key: generateKey(), retries: 2 });
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('sends a command as its platform, under an idempotency key, signed', async () => {
    answers.push({ status: 201, body: { paymentId: 'pay_1' } });
    expect(await client.createPayment(order, { waitSeconds: 5 })).toEqual({ paymentId: 'pay_1' });
    const [request] = received;
    expect(JSON.parse(request!.body)).toEqual({ ...order, platformId: 'A' });
    expect(request!.headers).toMatchObject({
      'content-type': 'application/json',
      'content-digest': expect.stringMatching(/^sha-256=:.+:$/),
      'idempotency-key': expect.stringMatching(/.{36}/),
      prefer: 'wait=5',
      'signature-input': expect.stringContaining('"idempotency-key"'),
    });
  });
  it('asks with a query, without an idempotency key', async () => {
    await client.listPayments({ status: 'captured', cursor: undefined, limit: 10 });
    expect(received).toMatchObject([{ method: 'GET', url: '/v1/payments?status=captured&limit=10' }]);
    expect(received[0]!.headers).not.toHaveProperty('idempotency-key');
  });

  it.each<[string, Answer[]]>([
    ['the hub has no room', [{ status: 429, body: { code: 'overloaded', detail: '' }, headers: { 'retry-after': '0' } }]],
    ['something is down', [{ status: 503, body: { code: 'unavailable', detail: '' } }]],
    ['the connection breaks', ['hang up']],
    ['a proxy has no hub behind it', [{ status: 502 }, { status: 504 }]],
  ])('repeats a command under the same key when %s', async (_, failures) => {
    answers.push(...failures, { status: 200, body: { paymentId: 'pay_1' } });
    await client.capturePayment('pay_1');
    expect(received).toHaveLength(failures.length + 1);
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });
  it('waits as long as the hub asks for', async () => {
    answers.push({ status: 503, body: { code: 'unavailable', detail: '' }, headers: { 'retry-after': '1' } });
    const start = performance.now();
    await client.getPayment('pay_1');
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it('gives a refusal at once, with its code, field and detail', async () => {
    answers.push({ status: 422, body: { code: 'invalid', detail: 'too long', field: 'orderId' } });
    const refusal = await client.createPayment(order).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TongbaoRefusal);
    expect(refusal).toMatchObject({ status: 422, code: 'invalid', detail: 'too long', field: 'orderId' });
    expect(received).toHaveLength(1);
  });
  it('does not take a limit that was passed for a lack of room', async () => {
    answers.push({ status: 429, body: { code: 'limit_exceeded', detail: '' } });
    await expect(client.createPayment(order)).rejects.toThrow('limit_exceeded');
    expect(received).toHaveLength(1);
  });
  it('gives up with the key under which the command may be repeated', async () => {
    answers.push('hang up', 'hang up', 'hang up');
    const error = await client.createPayment(order, { idempotencyKey: 'mine' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TongbaoUnavailable);
    expect(error).toMatchObject({ idempotencyKey: 'mine' });
  });
  it('stops when it is told to', async () => {
    const stop = new AbortController();
    answers.push({ status: 503, body: { code: 'unavailable', detail: '' }, headers: { 'retry-after': '60' } });
    const outcome = client.createPayment(order, { signal: stop.signal }).catch((error: unknown) => error);
    await untilReceived(received);
    stop.abort(new Error('stopped'));
    expect(await outcome).toBeInstanceOf(Error);
  });
  it('takes an answer without a body', async () => {
    answers.push({ status: 204 });
    await client.removeEndpoint('ep_1');
    expect(received).toMatchObject([{ method: 'DELETE', url: '/v1/endpoints/ep_1' }]);
  });
});

describe('a webhook', () => {
  const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
  const body = '{"type":"payment.captured","timestamp":"2026-01-01T00:00:00Z","data":{"paymentId":"pay_1"}}';
  const now = new Date();
  const headers = (signature: string) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signature,
  });
  const signature = new Webhook(secret).sign('msg_1', now, body);
  const other = `whsec_${Buffer.from('another secret, another secret..').toString('base64')}`;

  it('of the hub is read', () => {
    expect(verifyWebhook(body, headers(signature), secret)).toMatchObject({ type: 'payment.captured', data: { paymentId: 'pay_1' } });
    expect(verifyWebhook(Buffer.from(body), new Headers(headers(signature)), other, secret).type).toBe('payment.captured');
  });
  it.each<[string, () => unknown]>([
    ['signed with another secret', () => verifyWebhook(body, headers(signature), other)],
    ['with another body', () => verifyWebhook(body.replace('pay_1', 'pay_2'), headers(signature), secret)],
    ['without its headers', () => verifyWebhook(body, {}, secret)],
    ['that is too old', () => verifyWebhook(body, { ...headers(signature), 'webhook-timestamp': '1600000000' }, secret)],
  ])('%s is not trusted', (_, verified) => expect(verified).toThrow(WebhookNotTrusted));
});

function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

async function untilReceived(received: readonly Received[]): Promise<void> {
  while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
}
