import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { quota, takenOf } from '../test/cache.contract.js';
import { ObservedCache, TestRedis, until } from '../test/redis.js';
import type { Cache } from './cache.js';

let redis: TestRedis;
let opened: Cache[];
beforeEach(async () => {
  redis = await TestRedis.start();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((cache) => cache.close()));
  await redis.close();
});

function open(url = redis.server.url): ObservedCache {
  const observed = new ObservedCache({ url });
  opened.push(observed.cache);
  return observed;
}

describe('without Redis', () => {
  it('a process starts, counts for itself, and uses Redis once it is there', async () => {
    await redis.server.stop();
    const observed = open();
    const { cache } = observed;
    expect(await takenOf(cache, 5)).toBe(3);
    expect(await cache.seen('order', 'o1', 60)).toBe(false);
    expect(await cache.seen('order', 'o1', 60)).toBe(true);
    await observed.failures(5);
    expect(cache.status()).toMatchObject({ kind: 'redis', up: false });
    expect(observed.outages).toEqual([expect.stringContaining('ECONNREFUSED')]);

    await redis.restart();
    await observed.ready();
    expect(cache.status().up).toBe(true);
    expect(await takenOf(cache, 5)).toBe(3);
    const other = open();
    await other.ready();
    expect(await other.cache.take([quota()])).toBeUndefined();
  });

  it.each(['stop', 'kill'] as const)('every call is answered while Redis goes by %s, and when it is back it is used again', async (end) => {
    const observed = open();
    const { cache } = observed;
    await observed.ready();
    let answered = 0;
    let isOver = false;
    const call = async (caller: number) => {
      while (!isOver) {
        const taken = await cache.take([quota({ key: String(caller), maximum: 1_000_000 })]);
        await taken?.giveBack();
        await cache.seen('order', String(answered), 60);
        answered += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const calls = Array.from({ length: 20 }, (_, caller) => call(caller));
    const more = () => {
      const enough = answered + 200;
      return until(() => answered >= enough);
    };
    await more();
    await redis.server[end]();
    await observed.outage();
    await more();
    expect(cache.status().up).toBe(false);
    await redis.restart();
    await observed.ready(2);
    await more();
    isOver = true;
    await Promise.all(calls);
    expect(cache.status().up).toBe(true);
    expect(observed.outages).toHaveLength(1);
  });

  it('each process holds to its limits by itself', async () => {
    const [one, two] = [open(), open()];
    await Promise.all([one.ready(), two.ready()]);
    await takenOf(one.cache, 2);
    await redis.server.kill();
    await Promise.all([one.outage(), two.outage()]);
    expect(await takenOf(one.cache, 5)).toBe(3);
    expect(await takenOf(two.cache, 5)).toBe(3);
  });

  it('what was taken from Redis is not given back to memory', async () => {
    const observed = open();
    await observed.ready();
    const taken = await observed.cache.take([quota({ points: 3 })]);
    await redis.server.kill();
    await observed.outage();
    await takenOf(observed.cache, 2);
    await taken?.giveBack();
    expect(await takenOf(observed.cache, 5)).toBe(1);
  });
});

describe('a Redis that hangs', () => {
  it('keeps only those waiting that asked before it was noticed; it is used again when it goes on', async () => {
    const observed = open();
    const { cache } = observed;
    await observed.ready();
    await takenOf(cache, 1, quota({ key: 'before' }));
    redis.server.signal('SIGSTOP');
    const wide = quota({ maximum: 1_000_000 });
    const first = Array.from({ length: 50 }, () => cache.take([wide]));
    await observed.outage();
    expect(await Promise.all(first)).not.toContain(undefined);
    // Those 50, and the connection.
    expect(cache.status().errors).toBeLessThanOrEqual(51);

    // Nobody waits from here on: an answer from memory needs no turn of the event loop.
    let isTurned = false;
    setImmediate(() => (isTurned = true));
    expect(await takenOf(cache, 1_000, wide)).toBe(1_000);
    expect(isTurned).toBe(false);

    // A new connection is taken by the kernel of the machine, not by Redis: it is given up, and tried again.
    await observed.failures(2);
    expect(cache.status().up).toBe(false);
    expect(observed.outages).toEqual(['no answer within 100 ms']);

    redis.server.signal('SIGCONT');
    await observed.ready(2);
    expect(await takenOf(cache, 5, quota({ key: 'before' }))).toBe(2);
  });

  it('from the start does not keep a process from starting', async () => {
    redis.server.signal('SIGSTOP');
    const observed = open();
    expect(await takenOf(observed.cache, 5)).toBe(3);
    await observed.outage();
    redis.server.signal('SIGCONT');
    await observed.ready();
    expect(observed.outages).toHaveLength(1);
  });

  it('is not what a process takes it for that was itself busy for long', async () => {
    const observed = open();
    await observed.ready();
    const asked = Array.from({ length: 20 }, () => observed.cache.take([quota()]));
    const until = performance.now() + 400;
    while (performance.now() < until);
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
    expect(observed.cache.status()).toEqual({ kind: 'redis', up: true, errors: 0 });
  });
});

describe('a Redis that answers, but not as it should', () => {
  it('is not used while it takes no writes, and told of once', async () => {
    const observed = open();
    const { cache } = observed;
    await observed.ready();
    await redis.raw((raw) => raw.replicaof('127.0.0.1', 1));
    expect(await takenOf(cache, 5)).toBe(3);
    await observed.failures(5);
    expect(observed.outages).toEqual([expect.stringContaining('READONLY')]);
    expect(cache.status().up).toBe(false);
    await redis.raw((raw) => raw.replicaof('NO', 'ONE'));
    await observed.ready(2);
    expect(await takenOf(cache, 5)).toBe(3);
  });

  it('because of a wrong password is told of without it', async () => {
    await redis.raw((raw) => raw.config('SET', 'requirepass', 'right'));
    const url = redis.server.url.replace('redis://', 'redis://:hunter2@');
    const observed = open(url);
    await observed.outage();
    await observed.failures(3);
    expect(observed.outages).toEqual([expect.stringContaining('WRONGPASS')]);
    expect(observed.outages.join()).not.toContain('hunter2');
    expect(await takenOf(observed.cache, 5)).toBe(3);
  });
});

describe('after its end', () => {
  it('a cache tries no more, and still answers', async () => {
    const observed = open();
    await observed.ready();
    const taken = await observed.cache.take([quota()]);
    await observed.cache.close();
    await observed.cache.close();
    await taken?.giveBack();
    expect(await takenOf(observed.cache, 5)).toBe(3);
    expect(observed.outages).toEqual([]);
    const clients = await redis.raw(async (raw) => String(await raw.client('LIST')));
    expect(clients).not.toContain('name=tongbao');
  });
});
