import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until a condition holds: for what the hub does by itself and tells nobody.
 * @throws the last error, or an Error with the last value, when it does not hold in time
 */
export async function eventually<T>(ask: () => Promise<T>, holds: (value: T) => boolean, timeoutMs = 20_000): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    const value = await ask();
    if (holds(value)) return value;
    if (performance.now() > giveUpAt)
      throw new Error(
        `still not so after ${timeoutMs} ms: ${JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))}`,
      );
    await delay(pauseMs);
  }
}
