import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { WebhookReceiver } from './webhook-receiver.js';

const secret = `whsec_${randomBytes(24).toString('base64')}`;
const captured = JSON.stringify({ type: 'payment.captured', timestamp: '2026-01-01T00:00:00.000Z', data: { paymentId: 'pay_1' } });

describe("a platform's receiver of webhooks", () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = await WebhookReceiver.start();
    receiver.trust('lyra', secret);
  });
  afterEach(() => receiver.close());

  async function deliver(id: string, body: string, signedBy = secret): Promise<number> {
    const at = new Date();
    const signature = new Webhook(signedBy).sign(id, at, body);
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)), 'webhook-signature': signature };
    return (await fetch(receiver.urlFor('lyra'), { method: 'POST', headers, body })).status;
  }

  it('takes what is signed, and counts it by type', async () => {
    expect(await deliver('msg_1', captured)).toBe(204);
    expect([...receiver.counts]).toEqual([['payment.captured', 1]]);
    expect([...receiver.captured]).toEqual(['pay_1']);
  });

  it('counts what is delivered twice once', async () => {
    await deliver('msg_1', captured);
    expect(await deliver('msg_1', captured)).toBe(204);
    expect([receiver.counts.get('payment.captured'), receiver.repeated]).toEqual([1, 1]);
  });

  it('refuses a signature by another secret', async () => {
    expect(await deliver('msg_1', captured, `whsec_${randomBytes(24).toString('base64')}`)).toBe(401);
    expect([receiver.captured.size, receiver.rejected]).toEqual([0, 1]);
  });

  it('refuses what nobody signed', async () => {
    expect((await fetch(receiver.urlFor('lyra'), { method: 'POST', body: captured })).status).toBe(401);
  });

  it('refuses what is for a platform that it does not know', async () => {
    expect((await fetch(receiver.urlFor('vela'), { method: 'POST', body: captured })).status).toBe(401);
  });
});
