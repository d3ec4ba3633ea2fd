/** How fast one endpoint is served. */
export interface PaceLimits {
  /** Requests to one endpoint at a time. */
  inFlight: number;
  /** After so many failures in a row it is only probed, one request at a time, until something gets through. */
  failuresUntilProbing: number;
  probeEveryMs: number;
  probeEveryAtMostMs: number;
}

export const defaultPace: PaceLimits = { inFlight: 16, failuresUntilProbing: 20, probeEveryMs: 1_000, probeEveryAtMostMs: 60_000 };

/** `Retry-After` holds the endpoint up at most this long; the message that it answered waits as long as it says. */
const longestHoldMs = 10 * 60_000;

/**
 * Slows down for an endpoint that is down: what is new then waits in the projection instead of adding a record of its own failure to the log
 * for every message. Times are milliseconds since the epoch.
 */
export class EndpointPace {
  #failures = 0;
  #notBefore = 0;

  constructor(private readonly limits: PaceLimits = defaultPace) {}

  /** How many requests may be in flight now. */
  allowed(nowMs: number): number {
    if (nowMs < this.#notBefore) return 0;
    return this.#failures < this.limits.failuresUntilProbing ? this.limits.inFlight : 1;
  }

  delivered(): void {
    this.#failures = 0;
    this.#notBefore = 0;
  }

  failed(nowMs: number, retryAfterMs = 0): void {
    this.#failures += 1;
    const probes = this.#failures - this.limits.failuresUntilProbing;
    const probeMs = probes < 0 ? 0 : Math.min(this.limits.probeEveryMs * 2 ** Math.min(probes, 20), this.limits.probeEveryAtMostMs);
    this.#notBefore = Math.max(this.#notBefore, nowMs + Math.max(probeMs, Math.min(retryAfterMs, longestHoldMs)));
  }
}
