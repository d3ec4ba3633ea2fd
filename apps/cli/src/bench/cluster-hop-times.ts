import { LatencyRecorder, type Latency } from './latency-recorder.js';

/**
 * Where a payment is seen on its way: its request falls `due`, its capture is appended (`captured`), its message is read from the `topic`, notification has
 * appended its `news`, its `webhook` is received.
 */
export type Stage = 'due' | 'captured' | 'topic' | 'news' | 'webhook';

export const hopNames: readonly [name: string, from: Stage, to: Stage][] = [
  ['PaymentCaptured appended to its message read from the topic (relay)', 'captured', 'topic'],
  ['message read from the topic to NewsReceived appended (consumer)', 'topic', 'news'],
  ['PaymentCaptured appended to NewsReceived appended', 'captured', 'news'],
  ['NewsReceived appended to webhook received (dispatcher)', 'news', 'webhook'],
  ['request due to webhook received', 'due', 'webhook'],
];

/** When each of many payments was at each stage; what is seen again counts the first time. */
export class HopTimes {
  readonly #times: Record<Stage, Float64Array>;

  constructor(payments: number) {
    const none = () => new Float64Array(payments).fill(NaN);
    this.#times = { due: none(), captured: none(), topic: none(), news: none(), webhook: none() };
  }

  set(stage: Stage, index: number, atMs: number): void {
    const times = this.#times[stage];
    if (Number.isNaN(times[index])) times[index] = atMs;
  }

  /** How many have been seen there. */
  count(stage: Stage): number {
    return this.#times[stage].reduce((count, atMs) => (Number.isNaN(atMs) ? count : count + 1), 0);
  }

  /** Of those that were seen at both. */
  between(from: Stage, to: Stage): Latency {
    const recorder = new LatencyRecorder();
    for (const [index, fromMs] of this.#times[from].entries()) {
      const tookMs = (this.#times[to][index] ?? NaN) - fromMs;
      if (!Number.isNaN(tookMs)) recorder.record(tookMs);
    }
    return recorder.latency();
  }
}
