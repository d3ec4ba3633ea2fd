import type { Cache } from './cache.js';
import { memoryCache } from './memory-cache.js';
import { redisCache, type RedisCacheOptions } from './redis-cache.js';

export type { Cache, CacheStatus, Quota, Taken } from './cache.js';
export { memoryCache, type MemoryCacheOptions } from './memory-cache.js';
export { redisCache, type RedisCacheOptions } from './redis-cache.js';

/** The cache that a setting names: Redis at an address, or this process's memory where the address is empty. */
export const openCache = ({ url, ...options }: RedisCacheOptions): Cache => (url === '' ? memoryCache() : redisCache({ url, ...options }));
