import { setTimeout as delay } from 'node:timers/promises';

const everyMs = 20;

/** Looks again and again until something holds. @returns false when it does not within the time */
export async function holdsWithin(timeoutMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const giveUpAt = performance.now() + timeoutMs; ;) {
    if (await holds()) return true;
    if (performance.now() > giveUpAt) return false;
    await delay(everyMs);
  }
}
