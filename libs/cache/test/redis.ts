import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureTools, startRedis, type RedisService } from '@tongbao/local-services';
import { Redis } from 'ioredis';
import type { Cache } from '../src/cache.js';
import { redisCache, type RedisCacheOptions } from '../src/redis-cache.js';

/** A Redis that can be ended and started again at the same address. */
export class TestRedis {
  private constructor(
    readonly dataDir: string,
    private running: RedisService,
  ) {}

  static async start(): Promise<TestRedis> {
    await ensureTools(['redis']);
    const dataDir = await mkdtemp(join(tmpdir(), 'tongbao-redis-'));
    return new TestRedis(dataDir, await startRedis({ dataDir }));
  }

  get server(): RedisService {
    return this.running;
  }

  async restart(): Promise<void> {
    this.running = await startRedis({ dataDir: this.dataDir });
  }

  /** A connection beside the cache's. */
  async raw<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.running.url);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async clear(): Promise<void> {
    await this.raw((redis) => redis.flushall());
  }

  /** Moves every key so much nearer to its end. */
  pass(seconds: number): Promise<void> {
    return this.raw(async (redis) => {
      for (const key of await redis.keys('*')) {
        const leftMs = (await redis.pttl(key)) - seconds * 1_000;
        await redis.pexpire(key, leftMs);
      }
    });
  }

  async close(): Promise<void> {
    await this.running.stop();
    await rm(this.dataDir, { recursive: true });
  }
}

/** Waits for what another process or connection will bring about. @throws Error when it does not come */
export async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`it never came to be: ${String(isSo)}`);
    await delay(1);
  }
}

/** A cache, and what it has told. */
export class ObservedCache {
  readonly outages: string[] = [];
  readonly cache: Cache;
  #timesReady = 0;

  constructor(options: RedisCacheOptions) {
    this.cache = redisCache({
      retryMs: 20,
      ...options,
      onOutage: (reason) => this.outages.push(reason),
      onReady: () => (this.#timesReady += 1),
    });
  }

  /** Resolves when it has been said so many times that Redis answers. */
  ready(times = 1): Promise<void> {
    return until(() => this.#timesReady >= times);
  }

  outage(): Promise<void> {
    return until(() => this.outages.length > 0);
  }

  /** Resolves when it has met so many more failures. */
  failures(more: number): Promise<void> {
    const enough = this.cache.status().errors + more;
    return until(() => this.cache.status().errors >= enough);
  }
}
