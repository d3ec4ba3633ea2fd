import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  generateKey,
  publicKeyOf,
  TongbaoClient,
  TongbaoRefusal,
  verifyWebhook,
  WebhookNotTrusted,
  type PaymentOrder,
} from '@tongbao/client';
import { eventually } from '@tongbao/testing';
import { World } from './world.js';

describe('the client for platforms', () => {
  let world: World;
  let client: TongbaoClient;
  let orders = 0;
  const order = (change: Partial<PaymentOrder> = {}): PaymentOrder => ({
    orderId: `sdk-${(orders += 1)}`,
    payer: { userId: 'u1' },
    items: [{ contentId: 'course-1', unitPriceMinor: 1000, quantity: 1, agreementId: 'example-1' }],
    amountMinor: 1000,
    currency: 'CNY',
    method: { provider: 'alipay' },
    ...change,
  });
  beforeAll(async () => {
    world = await World.begin();
    client = new TongbaoClient({ url: world.hub.url, platformId: 'A', key: world.keyOf('A') });
  }, 60_000);
  afterAll(() => world.end());

  it('sells and refunds', async () => {
    const preview = await client.previewPayment(order());
    expect(preview.split.length).toBeGreaterThan(0);
    const payment = await client.createPayment(order(), { waitSeconds: 10 });
    expect(payment).toMatchObject({ platformId: 'A', status: 'captured', amountMinor: 1000 });
    const refunded = await client.refundPayment(payment.paymentId, { amountMinor: 400, currency: 'CNY' }, { waitSeconds: 10 });
    expect(refunded.refunds).toMatchObject([{ amountMinor: 400, status: 'refunded' }]);
    expect(await client.getPayment(payment.paymentId)).toMatchObject({ refundedMinor: 400 });
    const page = await client.listPayments({ status: 'captured', limit: 1 });
    expect(BigInt(page.position)).toBeGreaterThanOrEqual(0n);
  });

  it('authorizes, captures, cancels, and tries another method', async () => {
    const held = await client.createPayment(order({ captureMode: 'manual' }), { waitSeconds: 10 });
    expect(held.status).toBe('authorized');
    expect(await client.capturePayment(held.paymentId, { waitSeconds: 10 })).toMatchObject({ status: 'captured' });
    const unwanted = await client.createPayment(order({ captureMode: 'manual' }), { waitSeconds: 10 });
    expect(await client.cancelPayment(unwanted.paymentId, 'changed my mind', { waitSeconds: 10 })).toMatchObject({ status: 'cancelled' });
    const declined = await client.createPayment(order({ method: { provider: 'alipay', token: 'decline' } }), { waitSeconds: 10 });
    expect(await client.startAttempt(declined.paymentId, { provider: 'stripe' }, { waitSeconds: 10 })).toMatchObject({
      status: 'captured',
    });
  });

  it('tops up wallets', async () => {
    const topUp = await client.topUpWallet('u9', { amountMinor: 5000, currency: 'CNY', method: { provider: 'alipay' } });
    expect(await client.getTopUp('u9', topUp.topUpId)).toMatchObject({ status: 'captured', amountMinor: 5000 });
  });

  it('tells refusals by their code', async () => {
    const refused = client.createPayment(order({ amountMinor: 1 }));
    await expect(refused).rejects.toThrow(TongbaoRefusal);
    await expect(refused).rejects.toMatchObject({ status: 422, code: 'amount_mismatch' });
  });

  it('rotates its key by itself, with an overlap', async () => {
    const next = generateKey();
    await client.registerKey({ jwk: publicKeyOf(next) });
    const rotated = new TongbaoClient({ url: world.hub.url, platformId: 'A', key: next });
    const old = publicKeyOf(world.keyOf('A')).kid;
    await Promise.all([client.listPayments(), rotated.listPayments()]);
    await rotated.revokeKey(old);
    await expect(client.listPayments()).rejects.toMatchObject({ code: 'unauthenticated', detail: expect.stringContaining('revoked') });
    expect((await rotated.listKeys()).items).toMatchObject([
      { kid: old, state: 'revoked' },
      { kid: next.kid, state: 'valid' },
    ]);
    client = rotated;
  });

  it('knows the webhooks of the hub from others', async () => {
    const received: { headers: IncomingHttpHeaders; body: string }[] = [];
    const server = await receiver(received);
    const { secret, endpointId } = await client.registerEndpoint({ url: urlOf(server) });
    const { paymentId } = await client.createPayment(order(), { waitSeconds: 10 });
    // News of what was done before may still come, to this endpoint too.
    const webhook = await eventually(
      () => Promise.resolve(received.find(({ body }) => body.includes(paymentId))),
      (found) => found !== undefined,
    );
    expect(verifyWebhook(webhook!.body, webhook!.headers, secret)).toMatchObject({ type: 'payment.captured', data: { paymentId } });
    expect(() => verifyWebhook(webhook!.body.replace(paymentId, 'pay_x'), webhook!.headers, secret)).toThrow(WebhookNotTrusted);
    await client.removeEndpoint(endpointId);
    server.closeAllConnections();
    server.close();
  });
});

async function receiver(received: { headers: IncomingHttpHeaders; body: string }[]): Promise<Server> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}/hook`;
}
