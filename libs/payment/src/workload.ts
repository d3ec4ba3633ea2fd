/**
 * What this process has begun to take in and not yet written down. Its age is how far the process is behind with its own work, whatever holds it up: its
 * turns of the loop, checking signatures, the event store. What a caller waits for afterwards, a provider above all, is not in it.
 */
export class Workload {
  /** When each began; the oldest first. */
  readonly #inHand = new Set<{ readonly sinceMs: number }>();

  /** @param monotonicNow milliseconds of a clock that never goes back */
  constructor(private readonly monotonicNow: () => number = () => performance.now()) {}

  /** Milliseconds that the oldest of it has waited; 0 where there is nothing. */
  get oldestMs(): number {
    for (const { sinceMs } of this.#inHand) return this.monotonicNow() - sinceMs;
    return 0;
  }

  async of<T>(work: () => Promise<T>): Promise<T> {
    const entry = { sinceMs: this.monotonicNow() };
    this.#inHand.add(entry);
    try {
      return await work();
    } finally {
      this.#inHand.delete(entry);
    }
  }
}
