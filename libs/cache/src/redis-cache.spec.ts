import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeCache, quota, takenOf } from '../test/cache.contract.js';
import { ObservedCache, TestRedis } from '../test/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterAll(() => redis.close());

async function open(): Promise<ObservedCache> {
  const observed = new ObservedCache({ url: redis.server.url, timeoutMs: 5_000 });
  await observed.ready();
  return observed;
}

describeCache('Redis', async () => {
  const { cache, outages } = await open();
  return {
    cache,
    clear: () => redis.clear(),
    pass: (seconds) => redis.pass(seconds),
    close: async () => {
      expect({ status: cache.status(), outages }).toEqual({ status: { kind: 'redis', up: true, errors: 0 }, outages: [] });
      await cache.close();
    },
  };
});

describe('two processes on one Redis', () => {
  let one: ObservedCache;
  let two: ObservedCache;
  beforeEach(async () => {
    await redis.clear();
    [one, two] = await Promise.all([open(), open()]);
  });
  afterEach(async () => {
    await one.cache.close();
    await two.cache.close();
  });

  it('let exactly as many of 200 at the same moment in as there is room for', async () => {
    const limits = [quota({ maximum: 50 }), quota({ key: 'amount', points: 7, maximum: 7 * 60 })];
    const taken = await Promise.all(Array.from({ length: 200 }, (_, call) => (call % 2 ? one : two).cache.take(limits)));
    expect(taken.filter(Boolean)).toHaveLength(50);
    expect(await takenOf(one.cache, 20, quota({ key: 'amount', points: 7, maximum: 7 * 60 }))).toBe(10);
  });

  it('know of each other what was given back', async () => {
    const taken = await one.cache.take([quota({ points: 3 })]);
    expect(await two.cache.take([quota()])).toBeUndefined();
    await taken?.giveBack();
    expect(await two.cache.take([quota()])).toBeDefined();
  });

  it('know of each other what was seen', async () => {
    expect(await one.cache.seen('order', 'o1', 60)).toBe(false);
    expect(await two.cache.seen('order', 'o1', 60)).toBe(true);
  });

  it('keep under their keys no person, and nothing without an end', async () => {
    await one.cache.take([quota({ name: 'velocity', key: 'A user alice@example.org', seconds: 3_600 })]);
    await one.cache.seen('order', 'alice', 600);
    const kept = await redis.raw(async (raw) => {
      const keys = await raw.keys('*');
      return Promise.all(keys.map(async (key) => ({ key, value: await raw.get(key), seconds: await raw.ttl(key) })));
    });
    expect(kept).toHaveLength(3);
    for (const { key, seconds } of kept) {
      expect(key).toMatch(/^tongbao:(velocity:3600:[\w-]{43}|order:600:[\w-]{43}|probe)$/);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(3_600);
    }
    expect(kept.map(({ value }) => value)).toEqual(['1', '1', '1']);
  });

  it('go on when Redis has forgotten their scripts', async () => {
    await takenOf(one.cache, 2);
    await redis.raw((raw) => raw.script('FLUSH'));
    expect(await takenOf(one.cache, 2)).toBe(1);
    expect(one.cache.status()).toEqual({ kind: 'redis', up: true, errors: 0 });
  });
});
