import { expect, it } from '@jest/globals';
import { nameOf, type Letter } from './dead-letters.js';
import type { ForeignRecord, Place, ReadRecord } from './kcat.js';
import { keyIn, partitionOf } from './keys.js';
import { kindsOf, type Kind, type Lane } from './poison.kinds.js';
import type { Shop } from './shop.js';

/** Something real that has to come through a partition. */
interface Work {
  partition: number;
  happens: () => Promise<unknown>;
}

interface Put {
  kind: Kind;
  record: ForeignRecord;
  place: Place;
}

const lanes: readonly (Lane & { workOn: (shop: Shop) => Promise<Work> | Work })[] = [
  { topic: 'tongbao.payment.commands', groups: ['payment'], type: 'RequestPayment', workOn: commandOfPlatform },
  { topic: 'tongbao.payment.events', groups: ['notification'], type: 'PaymentCaptured', workOn: refund },
  { topic: 'tongbao.ledger.commands', groups: ['ledger'], type: 'PlaceHold', workOn: walletPayment },
  { topic: 'tongbao.ledger.events', groups: ['payment', 'settlement'], type: 'HoldPlaced', workOn: walletPayment },
  { topic: 'tongbao.settlement.events', groups: ['payment'], type: 'PaymentSideSettled', workOn: settledPayment },
  { topic: 'tongbao.settlement.events', groups: ['notification'], type: 'SettlementStatusChanged', workOn: settlement },
];

/** Every kind of poison on every topic that is read, each time in the one partition through which real work has to come. */
export function describePoison(shop: () => Shop): void {
  it.each(lanes)(
    'poison in a partition of $topic lies among the dead letters of $groups, its keys are parked, and the rest of the partition goes on',
    async ({ workOn, ...lane }) => {
      const { partition, happens } = await workOn(shop());
      const passedOver = await passedOverBy(shop(), lane);
      const put = await Promise.all(kindsOf(lane).map((kind) => putInto(shop(), lane, partition, kind)));
      await happens();
      const dead = put.filter(({ kind }) => kind.becomes !== 'passed over');
      for (const group of lane.groups) await expectDead(shop(), group, lane, put, dead);
      const now = await passedOverBy(shop(), lane);
      for (const [index, before] of passedOver.entries()) expect(now[index]).toBeGreaterThanOrEqual(before + put.length - dead.length);
    },
    120_000,
  );
}

async function putInto(shop: Shop, { topic }: Lane, partition: number, kind: Kind): Promise<Put> {
  const key = kind.keyed ? keyIn(partition, `poison-${kind.name.replaceAll(' ', '-')}`) : kind.record.key;
  const record = { topic, ...kind.record, ...(key !== undefined && { key }), ...(!kind.keyed && { partition }) };
  const place = await shop.disturb(record);
  // Where the key brings it: librdkafka and the hub agree on that.
  expect(place.partition).toBe(partition);
  return { kind, record, place };
}

async function expectDead(shop: Shop, group: string, { topic }: Lane, put: readonly Put[], dead: readonly Put[]): Promise<void> {
  const letters = await shop.letters.at(
    group,
    dead.map(({ place }) => place),
  );
  const records = await shop.kcat.read(`${topic}.${group}.dead`);
  for (const each of dead) {
    expectLetter(group, each, letters.get(nameOf(each.place))!);
    expectRecord(group, each, records);
  }
  for (const { kind, place } of put.filter((each) => !dead.includes(each)))
    expect([kind.name, letters.get(nameOf(place))]).toEqual([kind.name, undefined]);
  const { parkedKeys } = await shop.letters.group(group);
  const parked = parkedKeys.filter((each) => each.topic === topic).map(({ key }) => key);
  if (isOutside(topic)) expect(parked).toEqual([]);
  else expect(parked).toEqual(expect.arrayContaining(dead.filter(({ kind }) => kind.keyed).map(({ record: { key } }) => key)));
}

/** As ops see it. */
function expectLetter(group: string, { kind, record, place }: Put, letter: Letter): void {
  if (kind.becomes === 'passed over') throw new Error(`${kind.name} is no dead letter`);
  const { topic, partition, offset } = place;
  const headers = headersOf(record);
  expect({ kind: kind.name, ...letter }).toMatchObject({
    kind: kind.name,
    group,
    topic,
    partition,
    offset: expect.stringMatching(new RegExp(`^${partition}\\.${offset}\\.\\d{13}$`)),
    reason: kind.becomes.reason,
    status: kind.keyed && !isOutside(topic) ? 'parked' : 'open',
    record: { headers, payload: payloadOf(record) },
    error: { message: expect.stringContaining(kind.becomes.error), name: expect.any(String), stack: expect.any(String) },
  });
  expect(Object.keys(letter.record.headers).toSorted()).toEqual(Object.keys(headers).toSorted());
  expect(letter.record.key).toBe(kind.keyed ? record.key : undefined);
  expect([letter.id, letter.messageType]).toEqual([headers['ce_id'] || undefined, headers['ce_type']]);
}

/** As a foreign client sees it in the dead-letter topic. */
function expectRecord(group: string, { kind, record, place }: Put, records: readonly ReadRecord[]): void {
  const at = (each: ReadRecord) => `${each.headers['tongbao-dead-partition']}.${each.headers['tongbao-dead-offset']}`;
  const found = records.filter((each) => at(each) === `${place.partition}.${place.offset}`);
  expect([kind.name, found.length]).toEqual([kind.name, 1]);
  const [{ key, value, headers }] = found as [ReadRecord];
  expect(key).toBe(record.key?.toString() ?? null);
  expect(value).toBe(record.value?.toString() ?? null);
  expect(headers).toEqual({
    ...headersOf(record),
    'tongbao-dead-group': group,
    'tongbao-dead-topic': place.topic,
    'tongbao-dead-partition': String(place.partition),
    'tongbao-dead-offset': String(place.offset),
    'tongbao-dead-reason': kind.becomes === 'passed over' ? undefined : kind.becomes.reason,
    'tongbao-dead-timestamp': expect.stringMatching(/^\d{13}$/),
    'tongbao-dead-error-name': expect.any(String),
    'tongbao-dead-error-message': expect.any(String),
    'tongbao-dead-error-stack': expect.any(String),
  });
}

/** A header without a value becomes an empty one: the hub's client can read it and not write it. */
const headersOf = ({ headers = {} }: ForeignRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? '']));

const payloadOf = ({ value }: ForeignRecord): string => {
  const text = value?.toString() ?? '';
  return Buffer.isBuffer(value) ? `base64:${value.toString('base64')}` : text;
};

const isOutside = (topic: string): boolean => topic === 'tongbao.payment.commands';

async function passedOverBy({ letters }: Shop, { topic, groups }: Lane): Promise<number[]> {
  const all = await letters.groups();
  const ofTopic = all.filter(({ group }) => groups.includes(group)).flatMap((group) => group.topics.filter((each) => each.topic === topic));
  return ofTopic.map(({ passedOver }) => passedOver);
}

function commandOfPlatform(shop: Shop): Work {
  const { order, paymentId } = shop.order();
  return {
    partition: partitionOf(order.orderId),
    happens: async () => {
      await shop.kafka.requestPayment(order);
      await shop.becomes(paymentId, ({ status }) => status === 'captured');
    },
  };
}

async function refund(shop: Shop): Promise<Work> {
  const paymentId = await shop.pay();
  return {
    partition: partitionOf(paymentId),
    happens: async () => {
      await shop.refund(paymentId, 100);
      await shop.told(paymentId, ({ type }) => type === 'payment.refunded');
    },
  };
}

/** The ledger is asked for a hold under the payment's id, and answers under it. */
function walletPayment(shop: Shop): Work {
  const asked = shop.order('wallet');
  return {
    partition: partitionOf(asked.paymentId),
    happens: async () => {
      await shop.pay(asked);
    },
  };
}

async function settledPayment(shop: Shop): Promise<Work> {
  const paymentId = await shop.pay();
  const settlementId = await shop.settle();
  return {
    partition: partitionOf(paymentId),
    happens: async () => {
      await shop.approve(settlementId);
      await shop.becomes(paymentId, ({ settlements }) => settlements.length === 1);
    },
  };
}

async function settlement(shop: Shop): Promise<Work> {
  await shop.pay();
  const settlementId = await shop.settle();
  return {
    partition: partitionOf(settlementId),
    happens: async () => {
      await shop.approve(settlementId);
      await shop.told(settlementId, ({ data }) => data.status === 'settled');
    },
  };
}
