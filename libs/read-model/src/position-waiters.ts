import { setTimeout as delay } from 'node:timers/promises';

interface Waiter {
  position: bigint;
  resolve: (reached: boolean) => void;
}

/** Those who wait for a position to be reached. */
export class PositionWaiters {
  readonly #waiters = new Set<Waiter>();
  #pausing = true;
  #noticeArrival: () => void = () => undefined;

  /** Resolves with true when `reached` is told of the position in time. */
  async wait(position: bigint, timeoutMs: number): Promise<boolean> {
    const timeout = new AbortController();
    const waiter: Waiter = { position, resolve: () => undefined };
    const reached = new Promise<boolean>((resolve) => {
      waiter.resolve = resolve;
    });
    this.#waiters.add(waiter);
    this.#noticeArrival();
    // The timer's own refusal, when it is no longer needed.
    const late = delay(timeoutMs, false, { signal: timeout.signal }).catch(() => false);
    const result = await Promise.race([reached, late]);
    timeout.abort();
    this.#waiters.delete(waiter);
    return result;
  }

  reached(position: bigint): void {
    for (const waiter of this.#waiters) if (waiter.position <= position) waiter.resolve(true);
  }

  /** From now on no time is let pass. */
  endPauses(): void {
    this.#pausing = false;
    this.#noticeArrival();
  }

  /** Lets some time pass, but none while somebody waits. */
  async pauseWhileNobodyWaits(pauseMs: number): Promise<void> {
    if (this.#waiters.size > 0 || !this.#pausing) return;
    const over = new AbortController();
    const arrival = new Promise<void>((resolve) => {
      this.#noticeArrival = resolve;
    });
    await Promise.race([arrival, delay(pauseMs, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }
}
