import type { VelocityLimit } from '@tongbao/contracts';
import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface VelocitySubject {
  platformId: string;
  userId: string;
  provider: string;
  currency: string;
  amountMinor: number;
}

/** Counts how much has happened in a time. Counters are kept in memory: a restart begins them anew, they are never the truth. */
export class VelocityCounters {
  readonly #limiters = new Map<string, RateLimiterMemory>();

  /**
   * Counts a request under every limit that concerns it. All or nothing: where one limit is passed, nothing is counted.
   * @returns a way to take it back (for a request that turned out to be a repetition), or undefined when a limit is passed
   */
  async take(limits: readonly VelocityLimit[], subject: VelocitySubject): Promise<(() => Promise<void>) | undefined> {
    const taken: { limiter: RateLimiterMemory; key: string; points: number }[] = [];
    const takeBack = async () => {
      for (const { limiter, key, points } of taken) await limiter.reward(key, points);
    };
    for (const limit of limits) {
      if (limit.currency !== undefined && limit.currency !== subject.currency) continue;
      for (const { measure, maximum, points } of measuresOf(limit, subject)) {
        const limiter = this.#limiter(limit.windowSeconds);
        const key = `${measure} ${limit.windowSeconds} ${limit.currency ?? ''} ${scopeOf(limit, subject)}`;
        // Counting first and looking after is what keeps two requests at the same moment from both being let in.
        const { consumedPoints } = await limiter.penalty(key, points);
        taken.push({ limiter, key, points });
        if (consumedPoints > maximum) {
          await takeBack();
          return undefined;
        }
      }
    }
    return takeBack;
  }

  #limiter(windowSeconds: number): RateLimiterMemory {
    const limiter =
      this.#limiters.get(String(windowSeconds)) ?? new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: windowSeconds });
    this.#limiters.set(String(windowSeconds), limiter);
    return limiter;
  }
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
