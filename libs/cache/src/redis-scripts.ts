import type { Result } from 'ioredis';

/**
 * Looks at all counters before it counts in any. A script runs alone in Redis, so nothing comes in between.
 * KEYS: counters; ARGV: points, maximum and seconds of each.
 */
const takeQuotas = `
for i, key in ipairs(KEYS) do
  local points, maximum = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  if tonumber(redis.call('GET', key) or 0) + points > maximum then return 0 end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, 0, 'EX', ARGV[3 * i], 'NX')
  redis.call('INCRBY', key, ARGV[3 * i - 2])
end
return 1`;

/**
 * A window that has ended meanwhile has nothing left to give back to, and a new one in its place is never brought below zero.
 * KEYS: counters; ARGV: points of each.
 */
const giveBackQuotas = `
for i, key in ipairs(KEYS) do
  local taken = tonumber(redis.call('GET', key) or 0)
  if taken > 0 then redis.call('DECRBY', key, math.min(taken, tonumber(ARGV[i]))) end
end
return 1`;

export const scripts = { takeQuotas: { lua: takeQuotas }, giveBackQuotas: { lua: giveBackQuotas } };

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeQuotas(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Result<number, Context>;
    giveBackQuotas(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Result<number, Context>;
  }
}
