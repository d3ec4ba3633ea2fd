const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits between attempts; together three days. After the last one the delivery is dead. */
export const retrySchedule: readonly number[] = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  hour,
  3 * hour,
  8 * hour,
  12 * hour,
  24 * hour,
  24 * hour,
];

/** How far `Retry-After` may put off the next attempt. */
const longestRetryAfterMs = 24 * hour;

/** What the receiver answered, or why it did not. */
export interface AttemptResult {
  at: Date;
  durationMs: number;
  status?: number;
  error?: string;
  responseBody?: string;
  retryAfterMs?: number;
}

export interface Verdict {
  outcome: 'delivered' | 'failed' | 'dead';
  nextAttemptAt?: string;
}

export const isDelivered = ({ status }: AttemptResult): boolean => status !== undefined && status >= 200 && status < 300;

/** The receiver wants no more of this. */
export const isGone = ({ status }: AttemptResult): boolean => status === 410;

/**
 * What follows from an attempt. 410 ends the delivery at once; every other answer but 2xx, and none, is tried again.
 * @param tries attempts of this round, this one included
 * @param random in [0, 1): spreads the retries over 80 to 120 % of the wait, so that an endpoint that comes back is not met by all at once
 */
export function decideOutcome(result: AttemptResult, tries: number, schedule: readonly number[], random: number): Verdict {
  if (isDelivered(result)) return { outcome: 'delivered' };
  const waitMs = schedule[tries - 1];
  if (isGone(result) || waitMs === undefined) return { outcome: 'dead' };
  const spreadMs = Math.round(waitMs * (0.8 + 0.4 * random));
  const delayMs = Math.max(spreadMs, Math.min(result.retryAfterMs ?? 0, longestRetryAfterMs));
  return { outcome: 'failed', nextAttemptAt: new Date(result.at.getTime() + result.durationMs + delayMs).toISOString() };
}

/**
 * Reads `Retry-After` of a 429 or 503: seconds, or a date.
 * @returns milliseconds from now, or undefined when there is none that can be read
 */
export function retryAfterMs(status: number, header: string | undefined, now: Date): number | undefined {
  if (header === undefined || (status !== 429 && status !== 503)) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * second;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
