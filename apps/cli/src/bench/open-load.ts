import { setTimeout as delay } from 'node:timers/promises';

/** Requests that fall due at even distances, whatever becomes of them. Times are milliseconds of `performance.now()`. */
export interface OpenSchedule {
  startMs: number;
  perSecond: number;
  requests: number;
}

/** When a request falls due; its latency is measured from here, whenever it was really sent. */
export const dueMs = ({ startMs, perSecond }: OpenSchedule, index: number): number => startMs + (index * 1_000) / perSecond;

/** When the last request's place is over: the load lasts from `startMs` to here. */
export const endMs = (schedule: OpenSchedule): number => dueMs(schedule, schedule.requests);

/** How many requests have fallen due by a time. */
export function dueBy({ startMs, perSecond, requests }: OpenSchedule, nowMs: number): number {
  const due = Math.floor(((nowMs - startMs) * perSecond) / 1_000 + 1e-9) + 1;
  return Math.min(Math.max(due, 0), requests);
}

export interface Pace {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

const realPace: Pace = { now: () => performance.now(), sleep: (milliseconds) => delay(milliseconds) };

/**
 * Sends each request once it is due and waits for no answer: a server that stands still finds all that fell due meanwhile in front of it. Where this
 * process itself was late, what is due is sent at once. Resolves when the last one has been sent.
 */
export async function sendOpen(schedule: OpenSchedule, send: (index: number) => void, pace: Pace = realPace): Promise<void> {
  for (let sent = 0; sent < schedule.requests;) {
    for (const due = dueBy(schedule, pace.now()); sent < due; sent += 1) send(sent);
    if (sent === schedule.requests) return;
    await pace.sleep(Math.max(dueMs(schedule, sent) - pace.now(), 0));
  }
}
