import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  everyMs: number;
  timeoutMs: number;
  /** What is waited for, as it is told when the time is over. */
  what: string;
}

/**
 * Asks again and again until there is an answer.
 * @throws Error when the time is over
 */
export async function until<T>(ask: () => Promise<T | undefined>, { everyMs, timeoutMs, what }: UntilOptions): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${timeoutMs / 1_000} s`);
    await delay(everyMs);
  }
}
