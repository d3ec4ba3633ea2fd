import { setTimeout as delay } from 'node:timers/promises';

/** Goes on when the time is over; whatever it was is left to end by itself. What nothing can end any more keeps no process. */
export async function within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  if (!work) return;
  const patience = new AbortController();
  const late = delay(ms, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}
