import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey, type CommandContent, type PrivateKeyJwk, type SignedCommand } from '@tongbao/client';
import type { DeadLetter } from '@tongbao/bus';
import type { PaymentRequestData } from '@tongbao/contracts';
import { CompactSign } from 'jose';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { keyRegistered, openApplication, type Application } from '../test/application.js';
import { paymentIdOf } from './payment-id.js';

describe('commands over Kafka', () => {
  let hub: Application;
  beforeAll(async () => {
    hub = await openApplication();
  }, 180_000);
  afterAll(() => hub.close());

  const orderOf = (change: Partial<PaymentRequestData> = {}): PaymentRequestData => ({
    platformId: 'A',
    orderId: `order-${randomUUID()}`,
    payer: { userId: 'u1' },
    items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 1, agreementId: 'standard' }],
    amountMinor: 1000,
    currency: 'CNY',
    method: { provider: 'alipay' },
    ...change,
  });
  const request = (change?: Partial<PaymentRequestData>): CommandContent => ({ type: 'RequestPayment', data: orderOf(change) });
  const signed = (content: CommandContent, { id, at, by = 'A' }: { id?: string; at?: Date; by?: string } = {}) =>
    hub.signer(by).sign(content, id, at);
  const send = async (command: SignedCommand, platformId = 'A') => {
    await hub.send(hub.record(command, platformId));
    return command.commandId;
  };
  /** Sends a command and waits for what answers it. */
  const answered = async (content: CommandContent, options: { id?: string; at?: Date; by?: string } = {}) => {
    const command = await signed(content, options);
    await send(command, options.by);
    return hub.answerTo(options.by ?? 'A', command.commandId);
  };
  /** A captured payment. */
  const paid = async (): Promise<string> => {
    const id = await send(await signed(request()));
    const { data } = await hub.answerTo('A', id, 'PaymentCaptured');
    return 'paymentId' in data ? data.paymentId : '';
  };

  describe('that are signed take effect, and are answered on the own topic of their platform', () => {
    it('RequestPayment: accepted, then captured', async () => {
      const order = orderOf();
      const paymentId = paymentIdOf('A', order.orderId);
      const commandId = await send(await signed({ type: 'RequestPayment', data: order }));
      expect(await hub.answerTo('A', commandId, 'CommandAccepted')).toMatchObject({
        key: paymentId,
        data: { platformId: 'A', commandKey: commandId, operation: 'RequestPayment', paymentId, status: 'pending' },
      });
      expect(await hub.answerTo('A', commandId, 'PaymentCaptured')).toMatchObject({
        key: paymentId,
        data: { paymentId, amountMinor: 1000 },
      });
    });

    it('RequestPayment that is encrypted to the hub', async () => {
      const { body } = await hub.ask('nobody', 'GET', '/.well-known/jwks.json');
      const [hubKey] = body['keys'] as { kty: string; crv: string; x: string; kid: string }[];
      expect(Object.keys(hubKey!)).not.toContain('d');
      const command = await hub.signer('A', { hubKey: hubKey! }).sign(request());
      expect(command.jose.split('.')).toHaveLength(5);
      await hub.send(hub.record(command, 'A'));
      expect((await hub.answerTo('A', command.commandId)).type).toBe('CommandAccepted');
    });

    it('CapturePayment: authorized by the request, captured by the command', async () => {
      const requestId = await send(await signed(request({ captureMode: 'manual' })));
      const { data } = await hub.answerTo('A', requestId, 'PaymentAuthorized');
      const paymentId = 'paymentId' in data ? data.paymentId : '';
      const captureId = await send(await signed({ type: 'CapturePayment', data: { paymentId } }));
      expect(await hub.answerTo('A', captureId, 'PaymentCaptured')).toMatchObject({ key: paymentId, data: { commandKey: captureId } });
    });

    it('CancelPayment: where somebody may still pay, the attempt is closed first', async () => {
      const requestId = await send(await signed(request({ method: { provider: 'alipay', token: 'action' } })));
      const { data } = await hub.answerTo('A', requestId, 'PayerActionRequired');
      const paymentId = 'paymentId' in data ? data.paymentId : '';
      const cancelId = await send(await signed({ type: 'CancelPayment', data: { paymentId, reason: 'changed my mind' } }));
      expect(await hub.answerTo('A', cancelId, 'PaymentCancelled')).toMatchObject({ key: paymentId });
    });

    it('RefundPayment: in part, twice', async () => {
      const paymentId = await paid();
      const refund = (amountMinor: number): CommandContent => ({
        type: 'RefundPayment',
        data: { paymentId, amountMinor, currency: 'CNY' },
      });
      const first = await send(await signed(refund(300)));
      expect(await hub.answerTo('A', first, 'PaymentRefunded')).toMatchObject({ data: { amountMinor: 300, refundedMinor: 300 } });
      const second = await send(await signed(refund(300)));
      expect(await hub.answerTo('A', second, 'PaymentRefunded')).toMatchObject({ data: { amountMinor: 300, refundedMinor: 600 } });
    });

    it('and take effect once, however often they come', async () => {
      const paymentId = await paid();
      const refund = await signed({ type: 'RefundPayment', data: { paymentId, amountMinor: 400, currency: 'CNY' } });
      for (let time = 0; time < 3; time += 1) await send(refund);
      // The same key, so it comes after them.
      expect((await answered({ type: 'RefundPayment', data: { paymentId, amountMinor: 700, currency: 'CNY' } })).type).toBe(
        'CommandRefused',
      );
      const answers = (await hub.told('A')).filter(({ causationId }) => causationId === refund.commandId);
      expect(answers.map(({ type }) => type).sort()).toEqual(['CommandAccepted', 'PaymentRefunded']);
    });

    it('and are the same command as over HTTP under the same key', async () => {
      const order = orderOf();
      const commandId = await send(await signed({ type: 'RequestPayment', data: order }));
      await hub.answerTo('A', commandId, 'PaymentCaptured');
      const { body } = await hub.ask('A', 'POST', '/v1/payments', order);
      expect(body).toMatchObject({ paymentId: paymentIdOf('A', order.orderId), status: 'captured' });
      expect(((body['attempts'] ?? []) as object[]).length).toBe(1);
    });
  });

  describe('that are refused are answered with the code, on the own topic of their platform', () => {
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    it.each<[string, () => CommandContent, { at?: Date }, object]>([
      ['a field that is wrong', () => request({ amountMinor: -1 }), {}, { code: 'invalid', field: 'amountMinor', status: 422 }],
      ['a field that is unknown', () => request({ note: 'x' } as never), {}, { code: 'invalid', field: 'note' }],
      [
        'an agreement that there is not',
        () => request({ items: [{ ...orderOf().items[0]!, agreementId: 'none' }] }),
        {},
        { code: 'agreement_missing' },
      ],
      ['the order of another platform', () => request({ platformId: 'B' }), {}, { code: 'forbidden', field: 'platformId' }],
      [
        'a payment that there is not',
        () => ({ type: 'CapturePayment', data: { paymentId: `pay_${'a'.repeat(32)}` } }),
        {},
        { code: 'not_found' },
      ],
      ['an age of more than a day', () => request(), { at: minutesAgo(24 * 60 + 1) }, { code: 'invalid', field: 'issuedAt' }],
      ['a time to come', () => request(), { at: minutesAgo(-2) }, { code: 'invalid', field: 'issuedAt' }],
    ])('with %s', async (_, content, options, expected) => {
      const { type, data } = await answered(content(), options);
      expect([type, data]).toEqual(['CommandRefused', expect.objectContaining(expected)]);
    });

    it('with the payment of another platform, as if there were none', async () => {
      const paymentId = await paid();
      const { data } = await answered({ type: 'RefundPayment', data: { paymentId, amountMinor: 1, currency: 'CNY' } }, { by: 'B' });
      expect(data).toMatchObject({ type: 'CommandRefused', code: 'not_found', platformId: 'B' });
    });
    it('with more than a capture takes', async () => {
      const content = { type: 'CapturePayment', data: { paymentId: await paid(), amountMinor: 1 } } as CommandContent;
      expect((await answered(content)).data).toMatchObject({ code: 'invalid', field: 'amountMinor' });
    });
    it('in the wrong state', async () => {
      const paymentId = await paid();
      expect(await answered({ type: 'CancelPayment', data: { paymentId } })).toMatchObject({
        key: paymentId,
        data: { code: 'state_conflict' },
      });
    });
    it('with an id that was used for another command', async () => {
      const id = await send(await signed(request()));
      await hub.answerTo('A', id, 'PaymentCaptured');
      await send(await signed(request(), { id }));
      expect(await hub.answerTo('A', id, 'CommandRefused')).toMatchObject({ data: { code: 'idempotency_key_reused' } });
    });
    it('with a platform in it that is not the one that signed', async () => {
      const commandId = randomUUID();
      const content = request();
      const jose = await jws(
        { commandId, type: content.type, issuedAt: new Date().toISOString(), platformId: 'B', data: content.data },
        hub.keyOf('A'),
      );
      await hub.send({ ...hub.record({ ...(await signed(content)), commandId }, 'A'), ...keyed(content), value: jose });
      expect((await hub.answerTo('A', commandId)).data).toMatchObject({ code: 'forbidden', platformId: 'A' });
    });
    it('the same way when they come again, whatever has changed meanwhile', async () => {
      const command = await signed(request({ items: [{ ...orderOf().items[0]!, agreementId: 'later' }] }));
      await send(command);
      expect((await hub.answerTo('A', command.commandId)).data).toMatchObject({ code: 'agreement_missing' });
      const agreement = { type: 'AgreementVersionRegistered', agreementId: 'later', version: 1, name: 'Later', rules: [] };
      await hub.happened('agreement-later', {
        ...agreement,
        validFrom: '2020-01-01T00:00:00Z',
        registeredAt: '2020-01-01T00:00:00Z',
      } as never);
      await send(command);
      const sameKey = { type: 'RequestPayment', data: { ...orderOf(), orderId: command.key } } as const;
      await answered(sameKey);
      expect((await hub.told('A')).filter(({ causationId }) => causationId === command.commandId)).toHaveLength(1);
    });
    it('unless they were decided on in time: a command that comes again is not judged by its age again', async () => {
      const command = await signed(request(), { at: minutesAgo(24 * 60 - 3) });
      await send(command);
      await hub.answerTo('A', command.commandId, 'PaymentCaptured');
      hub.clock.aheadMs = 6 * 60_000;
      try {
        await send(command);
        await answered({ type: 'RequestPayment', data: { ...orderOf(), orderId: command.key, amountMinor: 1 } }, { at: hub.clock.now() });
      } finally {
        hub.clock.aheadMs = 0;
      }
      const answers = (await hub.told('A')).filter(({ causationId }) => causationId === command.commandId);
      expect(answers.map(({ type }) => type)).not.toContain('CommandRefused');
    });
  });

  describe('whose sender is not proved are dead letters, and change nothing', () => {
    const content = request();
    const payload = (commandId: string, key = content) => ({
      commandId,
      type: key.type,
      issuedAt: new Date().toISOString(),
      platformId: 'A',
      data: key.data,
    });
    const withId = (id: string) => (letter: DeadLetter) => letter.id === id;
    const flipped = (text: string) => `${text.slice(0, -2)}${text.endsWith('AA') ? 'BA' : 'AA'}`;
    const revokedKey = generateKey();
    const endedKey = generateKey();
    beforeAll(async () => {
      await hub.happened('participant-platform:A', keyRegistered('A', revokedKey), {
        type: 'PlatformKeyRevoked',
        party: 'platform:A',
        kid: revokedKey.kid,
      } as never);
      await hub.happened(
        'participant-platform:A',
        keyRegistered('A', endedKey, { expiresAt: new Date(Date.now() - 3_600_000).toISOString() }),
      );
    });

    it.each<[string, (commandId: string) => Promise<string>]>([
      ['no JOSE', () => Promise.resolve('hello')],
      ['an empty value', () => Promise.resolve('')],
      ['a signature that does not hold', async (id) => flipped((await signed(content, { id })).jose)],
      [
        'a payload that was changed',
        async (id) => withPayload((await signed(content, { id })).jose, payload(id, request({ amountMinor: 1 }))),
      ],
      ['the key of nobody', (id) => jws(payload(id), generateKey(), { kid: 'A/unknown' })],
      ['a key that names no platform', (id) => jws(payload(id), hub.keyOf('A'), { kid: hub.keyOf('A').kid })],
      ["another platform's name on its own key", (id) => jws(payload(id), hub.keyOf('B'), { kid: `A/${hub.keyOf('B').kid}` })],
      ["another platform's key name", (id) => jws(payload(id), hub.keyOf('B'), { kid: `A/${hub.keyOf('A').kid}` })],
      ['a revoked key', (id) => jws(payload(id), revokedKey)],
      ['a key whose time was over', (id) => jws(payload(id), endedKey)],
      ['another type', (id) => jws(payload(id), hub.keyOf('A'), { typ: 'JWT' })],
      [
        'no signature',
        (id) => Promise.resolve(`${base64({ alg: 'none', kid: keyIdIn('A'), typ: 'tongbao-command+jws' })}.${base64(payload(id))}.`),
      ],
      ['a critical extension', (id) => jws(payload(id), hub.keyOf('A'), { crit: ['exp'], exp: 1 })],
      [
        'a letter to another hub',
        async (id) =>
          (
            await hub
              .signer('A', { hubKey: { kty: 'OKP', crv: 'X25519', x: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo', kid: 'other' } })
              .sign(content, id)
          ).jose,
      ],
    ])('%s', async (_, jose) => {
      const commandId = randomUUID();
      const before = (await hub.told('A')).length;
      await hub.send({ ...hub.record({ ...(await signed(content)), commandId }, 'A'), value: await jose(commandId) });
      expect(await hub.deadLetter(withId(commandId))).toMatchObject({ reason: 'failed', topic: 'tongbao.payment.commands' });
      expect(await hub.told('A')).toHaveLength(before);
    });

    const kidOf = (id: string) => hub.keyOf(id).kid;
    const keyIdIn = (id: string) => `${id}/${kidOf(id)}`;

    it.each<[string, (record: { key: string; headers: Record<string, string> }) => object]>([
      ['another id', ({ headers }) => ({ headers: { ...headers, ce_id: 'another' } })],
      ['another type', ({ headers }) => ({ headers: { ...headers, ce_type: 'CapturePayment' } })],
      ['another key', () => ({ key: 'another' })],
      ['JSON as its content type', ({ headers }) => ({ headers: { ...headers, 'content-type': 'application/json' } })],
    ])("a platform's command in an envelope with %s; in its own it still takes effect", async (_, change) => {
      const command = await signed(request());
      const record = hub.record(command, 'A');
      const stolen = { ...record, ...change(record) };
      await hub.send(stolen);
      await hub.deadLetter((letter) => letter.record.payload === command.jose && letter.reason === 'malformed');
      await hub.send(record);
      expect((await hub.answerTo('A', command.commandId)).type).toBe('CommandAccepted');
    });

    it('a command of a type that there is not', async () => {
      const record = hub.record(await signed(content), 'A');
      const id = randomUUID();
      await hub.send({ ...record, headers: { ...record.headers, ce_id: id, ce_type: 'PayMe' } });
      expect((await hub.deadLetter(withId(id))).reason).toBe('unknown_command');
    });

    it('and park no key: what comes after them under the same key is handled', async () => {
      const command = await signed(request());
      const record = hub.record(command, 'A');
      const id = randomUUID();
      await hub.send({ ...record, value: 'rubbish', headers: { ...record.headers, ce_id: id } });
      await hub.deadLetter(withId(id));
      await hub.send(record);
      await hub.answerTo('A', command.commandId, 'PaymentCaptured');
      const group = hub.bus.status().find((each) => each.group === 'payment');
      expect(group?.topics.map(({ parkedKeys }) => parkedKeys)).toEqual([0, 0, 0]);
    });
  });

  it('that were signed before their key expired still count: they may have lain in Kafka since', async () => {
    const key = generateKey();
    await hub.happened('participant-platform:A', keyRegistered('A', key, { expiresAt: new Date(Date.now() - 60_000).toISOString() }));
    const command = await hub.signer('A', { key }).sign(request(), undefined, new Date(Date.now() - 120_000));
    await hub.send(hub.record(command, 'A'));
    expect((await hub.answerTo('A', command.commandId)).type).toBe('CommandAccepted');
  });

  it.each<[string, object | string]>([
    ['no JSON', 'hello'],
    ['a key twice', '{"commandId":"x","commandId":"x"}'],
    ['no id', { type: 'CapturePayment', issuedAt: '2026-01-01T00:00:00Z', platformId: 'A', data: {} }],
    ['an unknown type', { commandId: 'odd-1', type: 'PayMe', issuedAt: '2026-01-01T00:00:00Z', platformId: 'A', data: {} }],
    ['a time without its zone', { commandId: 'odd-2', type: 'CapturePayment', issuedAt: '2026-01-01T00:00:00', platformId: 'A', data: {} }],
    ['no data', { commandId: 'odd-3', type: 'CapturePayment', issuedAt: '2026-01-01T00:00:00Z', platformId: 'A' }],
  ])('that are signed and hold %s are dead letters of which the platform is told', async (_, payload) => {
    const id = randomUUID();
    const record = hub.record(await signed(request()), 'A');
    await hub.send({ ...record, value: await jws(payload, hub.keyOf('A')), headers: { ...record.headers, ce_id: id } });
    expect((await hub.deadLetter((letter) => letter.id === id)).error?.name).toBe('UnreadableCommand');
    const named = typeof payload === 'object' && 'commandId' in payload ? payload.commandId : undefined;
    const refusal = (await hub.told('A')).findLast(({ data }) => data.type === 'CommandRefused' && data.operation === 'unreadable');
    expect(refusal?.data).toMatchObject({ code: 'malformed', platformId: 'A' });
    expect(refusal?.data.type === 'CommandRefused' && refusal.data.commandKey).toBe(named);
  });
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed payload with every freedom that the client does not give. */
async function jws(payload: unknown, key: PrivateKeyJwk, header: Record<string, unknown> = {}): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const { kty, crv, x, d, kid = '' } = key;
  const protectedHeader = { alg: 'Ed25519', kid: `A/${kid}`, typ: 'tongbao-command+jws', ...header };
  const privateKey = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
  return new CompactSign(new TextEncoder().encode(text)).setProtectedHeader(protectedHeader).sign(privateKey, { crit: { exp: true } });
}

function withPayload(jose: string, payload: object): string {
  const [header, , signature] = jose.split('.');
  return `${header ?? ''}.${base64(payload)}.${signature ?? ''}`;
}

const keyed = (content: CommandContent) => ({ key: content.type === 'RequestPayment' ? content.data.orderId : content.data.paymentId });
