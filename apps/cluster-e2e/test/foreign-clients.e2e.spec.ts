import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureTools } from '@tongbao/local-services';
import { eventually } from '@tongbao/testing';
import { auditOf } from './audit.js';
import { describeCloudEvents } from './cloudevents.js';
import { describeKafkaTools } from './kafka-tools.js';
import { describePoison } from './poison.js';
import { describePoisonedKeys } from './poisoned-keys.js';
import { Shop } from './shop.js';
import { Vitals } from './vitals.js';

let shop: Shop;

beforeAll(async () => {
  await ensureTools(['kafka-tools', 'kcat', 'python']);
  shop = await Shop.open();
}, 300_000);

afterAll(() => shop.close(), 60_000);

describe('the tools of Apache Kafka', () => describeKafkaTools(() => shop));

describe('a consumer of CloudEvents in Python', () => describeCloudEvents(() => shop));

describe('what others put on the topics', () => {
  let vitals: Vitals;
  beforeAll(() => {
    vitals = new Vitals(shop.market);
  });
  afterAll(() => vitals.stop());

  describePoison(() => shop);
  describePoisonedKeys(() => shop);

  it('is discarded by ops when it is of no use: nothing is parked, paused or behind after that', async () => {
    await Promise.all(
      (await shop.letters.groups()).map(async ({ group }) => {
        const letters = await shop.letters.list(group);
        while (letters.length > 0) await Promise.all(letters.splice(0, 10).map((letter) => shop.letters.discard(letter, 'of no use')));
      }),
    );
    await shop.letters.rest();
    for (const { group, state, parkedKeys, topics } of await shop.letters.groups()) {
      expect([group, state, parkedKeys, await shop.letters.list(group)]).toEqual([group, 'running', [], []]);
      for (const { topic, paused, failed, error } of topics)
        expect({ group, topic, paused, failed, error }).toEqual({ group, topic, paused: [], failed: [] });
    }
  }, 60_000);

  it('has stopped no process, and in the log and on the topics nothing is wrong but what is foreign', async () => {
    expect({ failures: vitals.failures, restarts: vitals.restarts }).toEqual({ failures: [], restarts: 0 });
    expect(vitals.asked).toBeGreaterThan(50);
    const foreign = shop.foreignEvents.map(({ topic, partition, offset }) => `${topic}/${partition} at ${offset}`).toSorted();
    const report = await eventually(
      () => auditOf(shop.market),
      ({ problems }) => problems.length === foreign.length,
      30_000,
    ).catch(() => auditOf(shop.market));
    expect(report.problems.map((problem) => /^\S+ at \d+/.exec(problem)?.[0] ?? problem).toSorted()).toEqual(foreign);
    expect(report.figures['repeated']).toBe(shop.replayed);
    expect(report.figures['inSuspense']).toBe(0);
  }, 120_000);
});
