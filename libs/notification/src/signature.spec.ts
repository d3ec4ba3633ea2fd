import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { Endpoint } from './endpoint.js';
import { SecretBox } from './secret-box.js';
import { signedHeaders, Signer } from './signature.js';

const key = '0123456789abcdef'.repeat(4);

describe('the signature of a webhook', () => {
  it('is that of the test vector of Standard Webhooks', () =>
    expect(
      signedHeaders(
        [new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        new Date(1_614_265_330_000),
        '{"test": 2432232314}',
      ),
    ).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    }));

  const box = new SecretBox(key);
  const older = box.generate('ep_1', 's1');
  const newer = box.generate('ep_1', 's2');
  const now = new Date();
  const endpoint: Endpoint = {
    ...{ status: 'enabled', endpointId: 'ep_1', platformId: 'A', url: 'https://a.example', eventTypes: ['*'], description: '' },
    secrets: [newer.sealed, { ...older.sealed, validUntil: new Date(now.getTime() + 1_000).toISOString() }],
  };
  const body = '{"type":"payment.captured"}';

  it('verifies with the old and with the new secret during a rotation', () => {
    const headers = new Signer(box).sign(endpoint, 'msg_1', now, body);
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    for (const { secret } of [older, newer]) expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'payment.captured' });
  });

  it('verifies with the new secret alone after the overlap', () => {
    const headers = new Signer(box).sign(endpoint, 'msg_1', new Date(now.getTime() + 1_000), body);
    expect(new Webhook(newer.secret).verify(body, headers)).toEqual({ type: 'payment.captured' });
    expect(() => new Webhook(older.secret).verify(body, headers)).toThrow('No matching signature found');
  });
});

describe('a sealed secret', () => {
  const box = new SecretBox(key);
  const { secret, sealed } = box.generate('ep_1', 's1');

  it('is 32 random bytes with the prefix of Standard Webhooks', () => expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/));
  it('opens under the same key', () => expect(new SecretBox(Buffer.from(key, 'hex').toString('base64')).open('ep_1', sealed)).toBe(secret));
  it('does not show the secret', () => expect(sealed.sealed).not.toContain(secret.slice(6, 20)));

  it.each<[string, () => string]>([
    ['another key', () => new SecretBox('f'.repeat(64)).open('ep_1', sealed)],
    ['another endpoint', () => box.open('ep_2', sealed)],
    ['another secret id', () => box.open('ep_1', { ...sealed, secretId: 's2' })],
    [
      'a change',
      () => box.open('ep_1', { ...sealed, sealed: sealed.sealed.replace(/\.(.)/g, (_, first: string) => `.${first === 'A' ? 'B' : 'A'}`) }),
    ],
    ['an unknown format', () => box.open('ep_1', { ...sealed, sealed: 'v0.x' })],
  ])('does not open with %s', (_, open) => expect(open).toThrow());

  it('needs a key of 32 bytes', () => expect(() => new SecretBox('abcd')).toThrow('must be 32 bytes'));
});
