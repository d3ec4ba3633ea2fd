import { expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { CommandSigner, generateKey, type CommandContent } from '@tongbao/client';
import type { Letter } from './dead-letters.js';
import type { ForeignRecord } from './kcat.js';
import { orderOf } from './market.js';
import type { Shop } from './shop.js';

/** What comes after a poisoned message of a key waits for ops, and is handled in its order. */
export function describePoisonedKeys(shop: () => Shop): void {
  it('news of a payment wait behind poison under its key, and are told in order when it is discarded', async () => {
    const topic = 'tongbao.payment.events';
    const { news, letters } = shop();
    const paymentId = await shop().pay();
    const other = await shop().pay();
    const poison = await poisonKey(shop(), topic, paymentId, 'PaymentCaptured', ['notification']);
    await shop().refund(paymentId, 100);
    await shop().refund(paymentId, 200);
    await shop().refund(other, 300);
    await follow(shop(), 'notification', topic, paymentId, ['malformed', 'follows', 'follows']);
    const refunded = (id: string) => news.about(id).flatMap(({ type, data }) => (type === 'payment.refunded' ? [data.refundedMinor] : []));
    await eventually(
      () => Promise.resolve(refunded(other)),
      (amounts) => amounts.length === 1,
    );
    expect(refunded(paymentId)).toEqual([]);
    await letters.discard(poison[0]!, 'from nobody');
    expect(await letters.release('notification', topic, paymentId)).toEqual({ handled: 2, stillParked: false });
    await shop().refund(paymentId, 50);
    await eventually(
      () => Promise.resolve(refunded(paymentId)),
      (amounts) => amounts.length === 3,
    );
    expect(refunded(paymentId)).toEqual([100, 300, 350]);
    expect(await letters.of('notification', topic, paymentId)).toEqual([]);
  }, 60_000);

  it('a hold and its void wait for the poison before them: a release that fails leaves them, the next one keeps their order', async () => {
    const topic = 'tongbao.ledger.commands';
    const { letters, market } = shop();
    const { order, paymentId } = shop().order('wallet');
    const [poison] = await poisonKey(shop(), topic, paymentId, 'PlaceHold', ['ledger']);
    await market.platform().createPayment(order);
    await follow(shop(), 'ledger', topic, paymentId, ['malformed', 'follows']);
    const holdId = `hold_of_${order.orderId}`;
    for (const record of [placeHold(paymentId, holdId, 700), voidHold(paymentId, holdId)]) await shop().disturb(record);
    await follow(shop(), 'ledger', topic, paymentId, ['malformed', 'follows', 'follows', 'follows']);
    expect(await letters.release('ledger', topic, paymentId)).toMatchObject({
      handled: 0,
      stillParked: true,
      failed: { deadLetterId: poison!.deadLetterId, attempts: 1, error: { message: 'the payload is not JSON' } },
    });
    expect((await market.platform().getPayment(paymentId)).status).toBe('requested');
    await letters.discard(poison!, 'nothing can be made of it');
    expect(await letters.release('ledger', topic, paymentId)).toEqual({ handled: 3, stillParked: false });
    await shop().becomes(paymentId, ({ status }) => status === 'captured');
    // A void before its hold would have been refused, and the hold would still be there.
    const hold = () => market.get('finance', `/v1/ledger/holds/${holdId}`);
    await eventually(hold, ({ body }) => body.status === 'voided');
    expect(await letters.isParked('ledger', topic, paymentId)).toBe(false);
  }, 60_000);

  it('the answer to a hold waits in each of the groups that read it, and each is released for itself', async () => {
    const topic = 'tongbao.ledger.events';
    const groups = ['payment', 'settlement'];
    const { letters, market } = shop();
    const { order, paymentId } = shop().order('wallet');
    const poison = await poisonKey(shop(), topic, paymentId, 'HoldPlaced', groups);
    await market.platform().createPayment(order);
    for (const group of groups) await follow(shop(), group, topic, paymentId, ['malformed', 'follows']);
    expect((await market.platform().getPayment(paymentId)).status).toBe('requested');
    for (const [index, group] of groups.entries()) {
      await letters.discard(poison[index]!, 'from nobody');
      expect(await letters.release(group, topic, paymentId)).toEqual({ handled: 1, stillParked: false });
    }
    await shop().becomes(paymentId, ({ status }) => status === 'captured');
  }, 60_000);

  it('a payment learns of its settlements in order, however long they have waited', async () => {
    const topic = 'tongbao.settlement.events';
    const { letters } = shop();
    const paymentId = await shop().pay();
    // The notification service passes such a message over.
    const [poison] = await poisonKey(shop(), topic, paymentId, 'PaymentSideSettled', ['payment']);
    const first = await shop().settle();
    await shop().approve(first);
    await shop().refund(paymentId, 100);
    await shop().pay();
    const second = await shop().settle();
    await shop().approve(second);
    await follow(shop(), 'payment', topic, paymentId, ['malformed', 'follows', 'follows']);
    await letters.discard(poison!, 'from nobody');
    expect(await letters.release('payment', topic, paymentId)).toEqual({ handled: 2, stillParked: false });
    const settlements = async () => (await shop().market.platform().getPayment(paymentId)).settlements.map((each) => each.settlementId);
    expect(await settlements()).toEqual([first, second]);
  }, 90_000);

  it('the state of a settlement is told in order, when what was put before it is discarded', async () => {
    const topic = 'tongbao.settlement.events';
    const { letters, news } = shop();
    await shop().pay();
    const settlementId = await shop().settle();
    const told = () => news.about(settlementId).flatMap(({ type, data }) => (type === 'settlement.status' ? [data.status] : []));
    const [poison] = await poisonKey(shop(), topic, settlementId, 'SettlementStatusChanged', ['notification']);
    await shop().approve(settlementId);
    await follow(shop(), 'notification', topic, settlementId, ['malformed', 'follows', 'follows', 'follows']);
    const waiting = (await letters.of('notification', topic, settlementId)).slice(1);
    expect(waiting.map(({ record }) => (JSON.parse(record.payload) as { status: string }).status)).toEqual([
      'approved',
      'paying',
      'settled',
    ]);
    expect(told()).not.toContain('settled');
    await letters.discard(poison!, 'from nobody');
    expect(await letters.release('notification', topic, settlementId)).toEqual({ handled: 3, stillParked: false });
    await eventually(
      () => Promise.resolve(told()),
      (states) => states.includes('settled'),
    );
    // What has no parties yet is no news for a platform.
    expect(told()).toEqual(['calculated', 'settled']);
  }, 60_000);

  it('outsiders park nothing: what platforms sign is handled, whatever others have put under its key', async () => {
    const topic = 'tongbao.payment.commands';
    const { kafka, letters, market } = shop();
    const { order, paymentId } = shop().order();
    for (const record of await forgeries(shop())) await shop().disturb({ topic, key: order.orderId, ...record });
    await kafka.requestPayment(order);
    await shop().becomes(paymentId, ({ status }) => status === 'captured');
    const found = await letters.of('payment', topic, order.orderId);
    expect(found.map(({ reason, status, error }) => [reason, status, error?.message])).toEqual([
      ['failed', 'open', 'the signature of the command does not hold'],
      ['failed', 'open', 'the signature of the command does not hold'],
      ['failed', 'open', 'the kid of the command names no key that is registered; it is <platform id>/<kid>'],
      ['malformed', 'open', "the record's key is the orderId of a RequestPayment, and the paymentId of everything else"],
    ]);
    expect((await letters.group('payment')).parkedKeys.filter((each) => each.topic === topic)).toEqual([]);
    expect((await market.platform().listPayments({ limit: 500 })).items.filter(({ orderId }) => orderId === 'forged')).toEqual([]);
  }, 60_000);

  it('what the hub has handled changes nothing when it is put there again', async () => {
    const { kcat, letters, news, market } = shop();
    const { order, paymentId } = shop().order('wallet');
    await shop().kafka.requestPayment(order);
    await shop().becomes(paymentId, ({ status }) => status === 'captured');
    await shop().approve(await shop().settle());
    await shop().becomes(paymentId, ({ settlements }) => settlements.length === 1);
    const before = await market.platform().getPayment(paymentId);
    const told = news.about(paymentId).length;
    const names = ['payment.commands', 'payment.events', 'ledger.commands', 'ledger.events', 'settlement.events'];
    for (const name of names) {
      const records = await kcat.read(`tongbao.${name}`);
      const old = records.filter(({ key }) => key === paymentId || (name === 'payment.commands' && key === order.orderId));
      expect([name, old.length > 0]).toEqual([name, true]);
      for (const record of old) await shop().replay(record);
    }
    await letters.rest();
    for (const { group } of await letters.groups()) {
      expect([group, (await letters.list(group)).filter(({ record: { key } }) => key === paymentId || key === order.orderId)]).toEqual([
        group,
        [],
      ]);
    }
    expect(await market.platform().getPayment(paymentId)).toEqual(before);
    await shop().refund(paymentId, 10);
    await eventually(
      () => Promise.resolve(news.about(paymentId).length),
      (count) => count === told + 1,
    );
  }, 90_000);
}

/** @returns the dead letter of each of the groups, when it is there */
async function poisonKey(shop: Shop, topic: string, key: string, type: string, groups: readonly string[]): Promise<Letter[]> {
  const place = await shop.disturb({ topic, key, value: '{"this is":', headers: headersOf(`poison of ${key}`, type) });
  const found = await Promise.all(groups.map((group) => shop.letters.at(group, [place])));
  return found.map((letters) => [...letters.values()].find((letter) => letter.topic === topic && letter.record.key === key)!);
}

/** Waits until these lie behind each other under a key, which is parked. */
async function follow({ letters }: Shop, group: string, topic: string, key: string, reasons: readonly string[]): Promise<void> {
  const found = async () => (await letters.of(group, topic, key)).map(({ reason }) => reason);
  await eventually(found, (present) => present.join() === reasons.join(), 30_000);
  const { parkedKeys } = await letters.group(group);
  expect(parkedKeys).toContainEqual(expect.objectContaining({ topic, key, deadLetters: reasons.length }));
}

const headersOf = (id: string, type: string, contentType = 'application/json') => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_source: 'somebody else',
  ce_type: type,
  ce_time: new Date().toISOString(),
  'content-type': contentType,
});

function placeHold(paymentId: string, holdId: string, amountMinor: number): ForeignRecord {
  const reservations = [{ account: 'user:u1:wallet', amountMinor }];
  const command = { type: 'PlaceHold', holdId, currency: 'CNY', reservations, purpose: 'payment', ref: paymentId };
  return ledgerCommand(paymentId, command);
}

const voidHold = (paymentId: string, holdId: string): ForeignRecord =>
  ledgerCommand(paymentId, { type: 'VoidHold', holdId, purpose: 'payment', ref: paymentId });

const ledgerCommand = (key: string, command: { type: string; holdId: string; purpose: string; ref: string }): ForeignRecord => ({
  topic: 'tongbao.ledger.commands',
  key,
  value: JSON.stringify(command),
  headers: headersOf(`${command.type} ${command.holdId}`, command.type),
});

/** Commands that platform A has not given: signed by nobody, changed after it had signed, signed by another key, put under another key. */
async function forgeries({ market }: Shop): Promise<Omit<ForeignRecord, 'topic'>[]> {
  const order: CommandContent = { type: 'RequestPayment', data: { ...orderOf('forged', 1_000), platformId: 'A' } };
  const { jose, commandId } = await market.signer.sign(order);
  const [head = '', payload = '', signature = ''] = jose.split('.');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const contentOf = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
  const cheaper = part({ ...contentOf(payload), data: { ...order.data, amountMinor: 1 } });
  const other = await new CommandSigner('A', generateKey()).sign(order, commandId);
  const unsigned = `${part({ ...contentOf(head), alg: 'none' })}.${payload}.`;
  return [unsigned, `${head}.${cheaper}.${signature}`, other.jose, jose].map((value) => ({
    value,
    headers: headersOf(commandId, 'RequestPayment', 'application/jose'),
  }));
}
