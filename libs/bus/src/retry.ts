import { setTimeout as delay } from 'node:timers/promises';
import { Outage } from '@tongbao/event-store';

/** The group stops, or gives the partition up, before this was done; whoever asked may ask again. */
export class Stopped extends Outage {
  override readonly name = 'Stopped';
  constructor() {
    super('the group is stopping, or gives the partition up');
  }
}

/** How long to wait before the next try: doubles from `firstMs`, and stays at `maxMs`. */
export interface Backoff {
  firstMs: number;
  maxMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 50, maxMs: 5_000 };

export interface Retrying {
  backoff: Backoff;
  stopping: AbortSignal;
  /** Whether another try may help; anything else is thrown. */
  again: (error: unknown, attempt: number) => boolean;
  onPause: (error: unknown, attempt: number) => void;
}

/**
 * Tries until it succeeds.
 * @throws Stopped when told to stop while waiting
 */
export async function retry<T>(work: () => Promise<T>, { backoff, stopping, again, onPause }: Retrying): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Stopped || !again(error, attempt)) throw error;
      onPause(error, attempt);
      await pause(Math.min(backoff.firstMs * 2 ** (attempt - 1), backoff.maxMs), stopping);
    }
  }
}

async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal: stopping });
  } catch (error) {
    if (stopping.aborted) throw new Stopped();
    throw error;
  }
}
