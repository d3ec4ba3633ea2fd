import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey, publicKeyOf, TongbaoKafka, type HubKeyJwk, type PaymentOrder, type PlatformEvent } from '@tongbao/client';
import { topics } from '@tongbao/contracts';
import { eventually } from '@tongbao/testing';
import kafkajs from 'kafkajs';
import { Market } from './market.js';

const platformId = 'P';
const key = generateKey();
let market: Market;
let platform: TongbaoKafka;
const told: PlatformEvent[] = [];

beforeAll(async () => {
  market = await Market.open();
  const ops = (path: string, body: object) => market.done(market.post('ops', path, body), 201);
  await ops('/v1/platforms', { platformId, name: 'Platform P', currencies: ['CNY'], methods: ['alipay'] });
  await ops(`/v1/platforms/${platformId}/keys`, { jwk: publicKeyOf(key) });
  platform = new TongbaoKafka({ brokers: brokers(), platformId, key });
  await platform.events((event) => told.push(event));
}, 180_000);

afterAll(async () => {
  await platform.close();
  await market.close();
}, 60_000);

const brokers = (): string[] => market.cluster.addresses.kafkaBrokers.split(',');

/** What the platform is told of a command, once it is. */
const answer = async (commandId: string, type: string): Promise<PlatformEvent> => {
  const [found] = await eventually(
    () => Promise.resolve(told.filter((event) => event.causationId === commandId && event.type === type)),
    (answers) => answers.length > 0,
    30_000,
  );
  if (!found) throw new Error(`nothing was told of ${commandId}`);
  return found;
};

let orders = 0;
const order = (change: Partial<PaymentOrder> = {}): PaymentOrder => ({
  orderId: `kafka-${(orders += 1)}`,
  payer: { userId: 'u1' },
  items: [{ contentId: 'c', unitPriceMinor: 1000, quantity: 1, agreementId: 'market', creators: [{ creatorId: 'K', share: 1 }] }],
  amountMinor: 1000,
  currency: 'CNY',
  method: { provider: 'alipay' },
  ...change,
});
const paid = async (): Promise<string> => {
  const { commandId } = await platform.requestPayment(order());
  return (await answer(commandId, 'PaymentCaptured')).key;
};

describe('a platform over Kafka', () => {
  it('sells and refunds, and is told of each command what became of it', async () => {
    const { commandId } = await platform.requestPayment(order());
    const accepted = await answer(commandId, 'CommandAccepted');
    const captured = await answer(commandId, 'PaymentCaptured');
    expect(captured).toMatchObject({ key: accepted.key, data: { platformId, amountMinor: 1000, commandKey: commandId } });
    const refund = await platform.refundPayment(captured.key, { amountMinor: 400, currency: 'CNY' });
    expect(await answer(refund.commandId, 'PaymentRefunded')).toMatchObject({ data: { refundedMinor: 400 } });
  });

  it('authorizes, captures and cancels', async () => {
    const held = await platform.requestPayment(order({ captureMode: 'manual' }));
    const { key: paymentId } = await answer(held.commandId, 'PaymentAuthorized');
    const capture = await platform.capturePayment(paymentId);
    expect((await answer(capture.commandId, 'PaymentCaptured')).key).toBe(paymentId);
    const unwanted = await platform.requestPayment(order({ captureMode: 'manual' }));
    const cancel = await platform.cancelPayment((await answer(unwanted.commandId, 'PaymentAuthorized')).key, 'changed my mind');
    await answer(cancel.commandId, 'PaymentCancelled');
  });

  it('encrypts to the hub', async () => {
    const { body } = await market.get('auditor', '/.well-known/jwks.json');
    const [hubKey] = body.keys as HubKeyJwk[];
    if (!hubKey) throw new Error('the hub has no key to encrypt to');
    const secretive = new TongbaoKafka({ brokers: brokers(), platformId, key, hubKey });
    const { commandId } = await secretive.requestPayment(order());
    await answer(commandId, 'PaymentCaptured');
    await secretive.close();
  });

  it('is refused with a code', async () => {
    const { commandId } = await platform.requestPayment(order({ amountMinor: 1 }));
    expect(await answer(commandId, 'CommandRefused')).toMatchObject({ data: { code: 'amount_mismatch', commandKey: commandId } });
    const foreign = await platform.capturePayment(`pay_${'a'.repeat(32)}`);
    expect(await answer(foreign.commandId, 'CommandRefused')).toMatchObject({ data: { code: 'not_found' } });
  });

  it('sends a command twice, and it takes effect once', async () => {
    const paymentId = await paid();
    const refund = { amountMinor: 300, currency: 'CNY' };
    const commandId = 'refund-twice';
    await platform.refundPayment(paymentId, refund, { commandId });
    await platform.refundPayment(paymentId, refund, { commandId });
    // The same key, so it comes after them.
    const more = await platform.refundPayment(paymentId, { amountMinor: 800, currency: 'CNY' });
    expect(await answer(more.commandId, 'CommandRefused')).toMatchObject({ data: { code: 'exceeds_captured' } });
    expect(new Set(told.filter((event) => event.causationId === commandId).map(({ id, type }) => `${type} ${id}`)).size).toBe(2);
  });

  it('goes on whatever strangers put on the topic', async () => {
    const stranger = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING });
    const producer = stranger.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const { orderId } = order();
    const ofP = { 'content-type': 'application/jose', ce_id: 'stranger-1', ce_type: 'RequestPayment', ce_specversion: '1.0' };
    const forger = new TongbaoKafka({ brokers: brokers(), platformId, key: { ...generateKey(), kid: key.kid } });
    const forged = await forger.requestPayment(order({ orderId }));
    const rubbish = [
      { key: orderId, value: 'hello', headers: ofP },
      { key: orderId, value: Buffer.from([0xff, 0x00]), headers: { ...ofP, ce_id: 'stranger-2' } },
      { key: orderId, value: '{}', headers: { ...ofP, ce_id: 'stranger-3', 'content-type': 'application/json' } },
      { key: orderId, value: 'hello' },
      { value: 'hello' },
    ];
    await producer.send({ topic: topics.paymentCommands, acks: -1, messages: rubbish });
    const { commandId } = await platform.requestPayment(order({ orderId }));
    await answer(commandId, 'PaymentCaptured');
    const letters = await eventually(
      async () => (await market.get('ops', '/v1/dead-letters/payment?limit=100')).body.items as { id?: string; messageId?: string }[],
      (items) => items.length >= 6,
      30_000,
    );
    expect(letters).toHaveLength(6);
    expect(told.filter(({ causationId }) => causationId === forged.commandId)).toEqual([]);
    await Promise.all([forger.close(), producer.disconnect()]);
  });
});
