import type { Latency } from './latency-recorder.js';

/** What a load at one rate came to. Latencies are milliseconds from the moment a request was due. */
export interface LoadResult {
  offeredPerSecond: number;
  seconds: number;
  /** Requests that fell due. */
  offered: number;
  /** Answered 2xx. */
  accepted: number;
  /** Answered 429. */
  overloaded: number;
  /** Any other answer, or none. */
  errors: number;
  /** Payments whose ledger entry became durable while the load lasted, a second. */
  committedPerSecond: number;
  /** Accepted, and without a ledger entry when all waiting was over. */
  missing: number;
  answer: Latency;
  captured: Latency;
  entry: Latency;
}

export const rates: readonly number[] = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000, 1_250, 1_500, 1_750, 2_000, 2_500, 3_000];

export const entryP99LimitMs = 1_000;
/** Share of what was offered that must be committed while the load lasts; what was due in its last moment may still be on its way. */
export const committedShare = 0.98;

/** Why a rate is too much, or undefined where the hub carries it. */
export function problemOf(result: LoadResult): string | undefined {
  if (result.overloaded > 0) return `${result.overloaded} answered 429`;
  if (result.errors > 0) return `${result.errors} errors`;
  if (result.missing > 0) return `${result.missing} without a ledger entry`;
  if (result.entry.p99 > entryP99LimitMs) return `p99 of the ledger entry over ${entryP99LimitMs} ms`;
  const duePerSecond = result.offeredPerSecond * (1 - Math.min(entryP99LimitMs / 1_000 / result.seconds, 1));
  if (result.committedPerSecond < duePerSecond * committedShare) return 'committed falls behind';
  return undefined;
}

/** Loads one rate after the other until one is too much twice: on a machine that does other things, too, once may be an accident. */
export async function climb<Result extends LoadResult>(load: (perSecond: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const perSecond of rates) {
    const first = await load(perSecond);
    results.push(first);
    if (problemOf(first) === undefined) continue;
    const second = await load(perSecond);
    results.push(second);
    if (problemOf(second) !== undefined) break;
  }
  return results;
}

/** The rates that were carried, the highest first. */
export function carriedRates(results: readonly LoadResult[]): number[] {
  const carried = results.filter((result) => problemOf(result) === undefined).map(({ offeredPerSecond }) => offeredPerSecond);
  return [...new Set(carried)].sort((one, other) => other - one);
}
