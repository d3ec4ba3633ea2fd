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
  wait(position: bigint, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isReached: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(isReached);
      };
      const waiter: Waiter = { position, resolve: finish };
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.#waiters.add(waiter);
      this.#noticeArrival();
    });
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
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
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#noticeArrival = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
