import { createHash } from 'node:crypto';
import { metrics } from '@tongbao/telemetry';
import { Redis } from 'ioredis';
import type { Cache, CacheStatus, Quota, Taken } from './cache.js';
import { memoryCache } from './memory-cache.js';
import { scripts } from './redis-scripts.js';

export interface RedisCacheOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, `rediss://` for TLS. Two hubs on one Redis need two databases. */
  url: string;
  /** Redis does not answer; told once for each outage. The reason holds no secret. */
  onOutage?: (reason: string) => void;
  /** Redis answers: told when it does so for the first time, and after each outage. */
  onReady?: () => void;
  /** How long an answer may take. */
  timeoutMs?: number;
  /** Between attempts to reach Redis while it is down. */
  retryMs?: number;
}

/**
 * A cache that the processes of a service share in one Redis, of version 6 or later. While Redis does not answer, each process counts for
 * itself in memory, beginning from nothing.
 *
 * The first call that fails, or is not answered in time, throws the connection away; all others that wait on it, and all that come, are
 * answered from memory at once. Behind them a new connection is tried again and again. Redis is used again when it has answered the greeting
 * and taken a write.
 */
export const redisCache = (options: RedisCacheOptions): Cache => new RedisCache(options);

/** What a connection that is being made may take; also how long a silent one is kept while it is not in use yet. */
const connectTimeoutMs = 1_000;

const failures = metrics.counter('tongbao_cache_errors_total', {});

class RedisCache implements Cache {
  readonly #redis: Redis;
  readonly #memory = memoryCache();
  readonly #options: RedisCacheOptions;
  readonly #timeoutMs: number;
  #isUp = false;
  #isOutageTold = false;
  #isClosed = false;
  #errors = 0;
  #lastError: unknown;

  constructor(options: RedisCacheOptions) {
    const { url, timeoutMs = 100, retryMs = 500 } = options;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#redis = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      socketTimeout: connectTimeoutMs,
      // Redis might not answer a farewell either.
      disconnectTimeout: 1,
      retryStrategy: () => retryMs,
      // A command belongs to its connection: it is neither kept until there is one, nor repeated on the next.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectionName: 'tongbao',
      scripts,
    });
    this.#redis.on('error', (error: unknown) => (this.#lastError = error));
    this.#redis.on('close', () => this.#lost(this.#lastError ?? new Error('the connection was closed')));
    this.#redis.on('ready', () => void this.#tryOut());
  }

  take(quotas: readonly Quota[]): Promise<Taken | undefined> {
    if (quotas.length === 0) return this.#memory.take(quotas);
    const keys = quotas.map(({ name, key, seconds }) => redisKey(name, key, seconds));
    return this.#ask(
      async () => {
        const limits = quotas.flatMap(({ points, maximum, seconds }) => [points, maximum, seconds]);
        const isTaken = await this.#redis.takeQuotas(keys.length, ...keys, ...limits);
        return isTaken === 1 ? { giveBack: () => this.#giveBack(keys, quotas) } : undefined;
      },
      () => this.#memory.take(quotas),
    );
  }

  seen(name: string, key: string, seconds: number): Promise<boolean> {
    return this.#ask(
      async () => (await this.#redis.set(redisKey(name, key, seconds), 1, 'EX', seconds, 'NX')) === null,
      () => this.#memory.seen(name, key, seconds),
    );
  }

  status(): CacheStatus {
    return { kind: 'redis', up: this.#isUp, errors: this.#errors };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isUp = false;
    this.#redis.disconnect();
    await this.#memory.close();
  }

  /** What was taken from Redis is given back to Redis; where it is down, the end of the window does it. */
  #giveBack(keys: readonly string[], quotas: readonly Quota[]): Promise<void> {
    return this.#ask(
      async () => {
        await this.#redis.giveBackQuotas(keys.length, ...keys, ...quotas.map(({ points }) => points));
      },
      () => Promise.resolve(),
    );
  }

  async #ask<T>(redis: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
    if (!this.#isUp) return instead();
    try {
      return await inTime(redis(), this.#timeoutMs);
    } catch (error) {
      this.#unanswered(error);
      return instead();
    }
  }

  /** A new connection: whether Redis takes writes on it. A replica, or one that is full, greets and then refuses them. */
  async #tryOut(): Promise<void> {
    try {
      await inTime(this.#redis.set(`${prefix}probe`, 1, 'EX', 60), this.#timeoutMs);
    } catch (error) {
      this.#redis.disconnect(true);
      this.#down(error);
      return;
    }
    if (this.#isClosed) return;
    this.#isUp = true;
    this.#isOutageTold = false;
    this.#options.onReady?.();
  }

  /** The first of them takes the connection away from the others that wait on it. */
  #unanswered(error: unknown): void {
    this.#count();
    if (this.#isUp) this.#redis.disconnect(true);
    this.#down(error);
  }

  #lost(error: unknown): void {
    this.#lastError = undefined;
    if (this.#isClosed) return;
    this.#count();
    this.#down(error);
  }

  #count(): void {
    this.#errors += 1;
    failures.inc();
  }

  #down(error: unknown): void {
    this.#isUp = false;
    if (this.#isOutageTold || this.#isClosed) return;
    this.#isOutageTold = true;
    this.#options.onOutage?.(reasonOf(error));
  }
}

const prefix = 'tongbao:';

/** `tongbao:requests:1:<SHA-256 of the key, in base64url>` */
const redisKey = (name: string, key: string, seconds: number): string =>
  `${prefix}${name}:${seconds}:${createHash('sha256').update(key).digest('base64url')}`;

/**
 * @throws Error when there is no answer in time. An answer that lies ready while this process itself is late is no fault of Redis: the time is
 * over only after what has arrived was read (the event loop's phases: timers, then poll, then check).
 */
function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new Error(`no answer within ${timeoutMs} ms`))), timeoutMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Only the message: ioredis hangs the command onto its errors, with the password where it is the greeting that failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails with an error for each of them, and no message of its own.
  return error instanceof AggregateError && error.message === '' ? error.errors.map(reasonOf).join('; ') : error.message;
}
