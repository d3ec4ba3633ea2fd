import type { Cache, Quota } from '@tongbao/cache';
import type { VelocityLimit } from '@tongbao/contracts';

export interface VelocitySubject {
  platformId: string;
  userId: string;
  provider: string;
  currency: string;
  amountMinor: number;
}

/**
 * Counts how much has happened in a time. The counters are the cache's: shared by all processes where they have a Redis, each process's own
 * otherwise, and begun anew when either is lost. They are never the truth.
 */
export class VelocityCounters {
  constructor(private readonly cache: Cache) {}

  /**
   * Counts a request under every limit that concerns it. All or nothing: where one limit is passed, nothing is counted.
   * @returns a way to take it back (for a request that turned out to be a repetition), or undefined when a limit is passed
   */
  async take(limits: readonly VelocityLimit[], subject: VelocitySubject): Promise<(() => Promise<void>) | undefined> {
    const taken = await this.cache.take(quotasOf(limits, subject));
    return taken && (() => taken.giveBack());
  }
}

/** Of several limits on the same thing the narrowest counts. */
function quotasOf(limits: readonly VelocityLimit[], subject: VelocitySubject): Quota[] {
  const quotas = new Map<string, Quota>();
  for (const limit of limits) {
    if (limit.currency !== undefined && limit.currency !== subject.currency) continue;
    for (const { measure, maximum, points } of measuresOf(limit, subject)) {
      const key = `${measure} ${limit.currency ?? ''} ${scopeOf(limit, subject)}`;
      const id = `${limit.windowSeconds} ${key}`;
      const narrowest = Math.min(maximum, quotas.get(id)?.maximum ?? maximum);
      quotas.set(id, { name: 'velocity', key, points, maximum: narrowest, seconds: limit.windowSeconds });
    }
  }
  return [...quotas.values()];
}

function measuresOf(limit: VelocityLimit, subject: VelocitySubject): { measure: string; maximum: number; points: number }[] {
  return [
    ...(limit.maxCount === undefined ? [] : [{ measure: 'count', maximum: limit.maxCount, points: 1 }]),
    ...(limit.maxAmountMinor === undefined ? [] : [{ measure: 'amount', maximum: limit.maxAmountMinor, points: subject.amountMinor }]),
  ];
}

function scopeOf(limit: VelocityLimit, subject: VelocitySubject): string {
  switch (limit.scope) {
    case 'user':
      return `${subject.platformId} user ${subject.userId}`;
    case 'method':
      return `${subject.platformId} method ${subject.provider}`;
    case 'platform':
      return subject.platformId;
    default:
      return limit.scope satisfies never;
  }
}
