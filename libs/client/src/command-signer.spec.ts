import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compactDecrypt, compactVerify } from 'jose';
import { CommandSigner, type CommandContent } from './command-signer.js';
import { generateKey, openKey } from './platform-key.js';
import { recordOf } from './tongbao-kafka.js';

const key = generateKey();
const publicKey = createPublicKey(openKey(key).privateKey);
const at = new Date('2026-03-01T12:00:00Z');
const refund: CommandContent = { type: 'RefundPayment', data: { paymentId: 'pay_1', amountMinor: 400, currency: 'CNY' } };

describe('a command', () => {
  it('is signed whole: what is asked, by whom, when, under which id', async () => {
    const { jose } = await new CommandSigner('A', key).sign(refund, 'refund-1', at);
    const { payload, protectedHeader } = await compactVerify(jose, publicKey, { algorithms: ['Ed25519'] });
    expect(protectedHeader).toEqual({ alg: 'Ed25519', kid: `A/${key.kid}`, typ: 'tongbao-command+jws' });
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({
      commandId: 'refund-1',
      type: 'RefundPayment',
      issuedAt: '2026-03-01T12:00:00.000Z',
      platformId: 'A',
      data: { paymentId: 'pay_1', amountMinor: 400, currency: 'CNY' },
    });
  });

  it('is encrypted to the hub where its key is known', async () => {
    const hub = generateKeyPairSync('x25519');
    const { x = '' } = hub.publicKey.export({ format: 'jwk' });
    const signer = new CommandSigner('A', key, { hubKey: { kty: 'OKP', crv: 'X25519', x, kid: 'hub-1' } });
    const { jose } = await signer.sign(refund, 'refund-1', at);
    const { plaintext, protectedHeader } = await compactDecrypt(jose, hub.privateKey);
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWS', kid: 'hub-1' });
    await compactVerify(new TextDecoder().decode(plaintext), publicKey, { algorithms: ['Ed25519'] });
  });

  it('gets an id of its own where none is given', async () => {
    const signer = new CommandSigner('A', key);
    expect((await signer.sign(refund)).commandId).not.toBe((await signer.sign(refund)).commandId);
  });

  it.each<[CommandContent, string]>([
    [refund, 'pay_1'],
    [{ type: 'CapturePayment', data: { paymentId: 'pay_2' } }, 'pay_2'],
    [
      {
        type: 'RequestPayment',
        data: {
          platformId: 'A',
          orderId: 'o1',
          payer: { userId: 'u' },
          items: [],
          amountMinor: 0,
          currency: 'CNY',
          method: { provider: 'x' },
        },
      },
      'o1',
    ],
  ])('travels with what it is about as its key, and CloudEvents headers', async (content, recordKey) => {
    const signed = await new CommandSigner('A', key).sign(content, 'c-1', at);
    expect(recordOf(signed, 'A')).toEqual({
      key: recordKey,
      value: signed.jose,
      headers: {
        'content-type': 'application/jose',
        ce_specversion: '1.0',
        ce_id: 'c-1',
        ce_type: content.type,
        ce_source: 'platform:A',
        ce_time: '2026-03-01T12:00:00.000Z',
      },
    });
  });
});
