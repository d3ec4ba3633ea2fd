import { Pool } from 'undici';
import { orderOf, type Seller } from './bench-orders.js';
import type { CommitWatcher } from './commit-watcher.js';
import type { HubUnderTest } from './hub-under-test.js';
import type { LoadResult } from './ladder.js';
import { LatencyRecorder } from './latency-recorder.js';
import { dueMs, endMs, sendOpen, type OpenSchedule } from './open-load.js';
import { usageBetween, type ProcessUsage } from './process-usage.js';
import { holdsWithin } from './until.js';

/** A load's result, and what it cost. */
export interface MeasuredLoad extends LoadResult {
  /** Of the hub, from the first request to the last ledger entry; absent where the system does not tell. */
  hub?: ProcessUsage;
  /** CPU time of this process, which makes the load and watches the log. */
  loadCpuMs: number;
  /** First answers that were neither 2xx nor 429. */
  errorSamples: string[];
}

export interface LoadTarget {
  hub: Pick<HubUnderTest, 'url' | 'usage'>;
  seller: Seller;
  watcher: CommitWatcher;
  currency: string;
  /** Told when which request of a load will fall due; their orders are named `<prefix><index>`. */
  begins?: (prefix: string, schedule: OpenSchedule) => void;
}

/** Requests wait here for a free connection when there are more under way; their latency counts from when they were due all the same. */
const connections = 256;
const drainMs = 30_000;
const path = '/v1/payments';
const contentType = 'application/json';
let loads = 0;

/** Asks for payments at an open rate, and waits until each that was accepted is in the ledger (or no longer). */
export async function loadPayments(target: LoadTarget, perSecond: number, seconds: number): Promise<MeasuredLoad> {
  const pool = new Pool(target.hub.url, { connections, headersTimeout: drainMs, bodyTimeout: drainMs });
  try {
    loads += 1;
    return await new PaymentLoad(target, pool, `load-${process.pid}-${loads}-`, perSecond, seconds).run();
  } finally {
    await pool.destroy();
  }
}

class PaymentLoad {
  readonly #schedule: OpenSchedule;
  readonly #answer = new LatencyRecorder();
  readonly #captured = new LatencyRecorder();
  readonly #entry = new LatencyRecorder();
  readonly #errorSamples: string[] = [];
  readonly #authority: string;
  #overloaded = 0;
  #errors = 0;
  #enteredInTime = 0;

  constructor(
    private readonly target: LoadTarget,
    private readonly pool: Pool,
    private readonly prefix: string,
    perSecond: number,
    private readonly seconds: number,
  ) {
    this.#schedule = { startMs: performance.now() + 20, perSecond, requests: Math.round(perSecond * seconds) };
    this.#authority = new URL(target.hub.url).host;
  }

  async run(): Promise<MeasuredLoad> {
    const { hub, watcher } = this.target;
    watcher.watch({
      prefix: this.prefix,
      captured: (index, atMs) => this.#captured.record(atMs - dueMs(this.#schedule, index)),
      entered: (index, atMs) => this.#entered(index, atMs),
    });
    this.target.begins?.(this.prefix, this.#schedule);
    const hubBefore = hub.usage();
    const ownBefore = process.cpuUsage();
    await sendOpen(this.#schedule, (index) => this.#send(index));
    await holdsWithin(drainMs, () => this.#answered === this.#schedule.requests && this.#entry.count >= this.#answer.count);
    const hubAfter = hub.usage();
    const own = process.cpuUsage(ownBefore);
    return {
      ...this.#result(),
      ...(hubBefore && hubAfter && { hub: usageBetween(hubBefore, hubAfter) }),
      loadCpuMs: (own.user + own.system) / 1_000,
      errorSamples: this.#errorSamples,
    };
  }

  get #answered(): number {
    return this.#answer.count + this.#overloaded + this.#errors;
  }

  #result(): LoadResult {
    const { perSecond, requests } = this.#schedule;
    return {
      offeredPerSecond: perSecond,
      seconds: this.seconds,
      offered: requests,
      accepted: this.#answer.count,
      overloaded: this.#overloaded,
      errors: this.#errors + (requests - this.#answered),
      committedPerSecond: this.#enteredInTime / this.seconds,
      missing: Math.max(this.#answer.count - this.#entry.count, 0),
      answer: this.#answer.latency(),
      captured: this.#captured.latency(),
      entry: this.#entry.latency(),
    };
  }

  #entered(index: number, atMs: number): void {
    this.#entry.record(atMs - dueMs(this.#schedule, index));
    if (atMs <= endMs(this.#schedule)) this.#enteredInTime += 1;
  }

  #send(index: number): void {
    const orderId = `${this.prefix}${index}`;
    const body = JSON.stringify(orderOf(orderId, `user-${index % 1_000}`, this.target.currency));
    const request = { method: 'POST', path, body, contentType, idempotencyKey: orderId };
    const headers = {
      ...this.target.seller.signer.sign({ ...request, authority: this.#authority }),
      'content-type': contentType,
      'idempotency-key': orderId,
    };
    let status = 0;
    const options = { method: 'POST', path, headers, body };
    this.pool.dispatch(options, {
      onRequestStart: () => undefined,
      onResponseStart: (_, statusCode) => {
        status = statusCode;
      },
      // The answer's body is of no interest; that it has come to its end is.
      onResponseData: () => undefined,
      onResponseEnd: () => this.#end(index, status),
      onResponseError: (_, error) => this.#fail(error.message),
    });
  }

  #end(index: number, status: number): void {
    if (status >= 200 && status < 300) this.#answer.record(performance.now() - dueMs(this.#schedule, index));
    else if (status === 429) this.#overloaded += 1;
    else this.#fail(`HTTP ${status}`);
  }

  #fail(reason: string): void {
    this.#errors += 1;
    if (this.#errorSamples.length < 5) this.#errorSamples.push(reason);
  }
}
