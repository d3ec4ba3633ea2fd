import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { orderOf, type Seller } from './bench-orders.js';
import type { CommitWatcher } from './commit-watcher.js';
import type { HubUnderTest } from './hub-under-test.js';
import { LatencyRecorder, type Latency } from './latency-recorder.js';
import { holdsWithin } from './until.js';

/** What a phase of the load came to; milliseconds from when a payment was asked for. */
export interface Phase {
  answer: Latency;
  entry: Latency;
  perSecond: number;
}

export interface InFlightTarget {
  hub: Pick<HubUnderTest, 'url'>;
  seller: Seller;
  watcher: CommitWatcher;
  currency: string;
  payments: number;
}

const path = '/v1/payments';
const contentType = 'application/json';
const drainMs = 60_000;
const whenRefusedMs = 20;
let loads = 0;

/**
 * Keeps so many payments in flight, at any moment: as soon as one is in the ledger, durable, the next one is asked for. What it measures goes to the phase
 * that is being measured when a payment is asked for.
 */
export class InFlightLoad {
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #sentAt = new Map<number, { atMs: number; phase: Recording | undefined }>();
  #phase: Recording | undefined;
  #isEnding = false;
  #next = 0;
  #refused = 0;
  #failure: unknown;

  constructor(private readonly target: InFlightTarget) {
    loads += 1;
    this.#prefix = `flight-${process.pid}-${loads}-`;
    this.#pool = new Pool(target.hub.url, { connections: target.payments });
    target.watcher.watch({ prefix: this.#prefix, captured: () => undefined, entered: (index, atMs) => this.#entered(index, atMs) });
    for (let count = 0; count < target.payments; count += 1) this.#buyNext();
  }

  /** Payments asked for since it began. */
  get asked(): number {
    return this.#next;
  }

  /** How often the hub had no room for a payment. */
  get refused(): number {
    return this.#refused;
  }

  /** Records into a phase for so long. */
  async record(phase: Recording, seconds: number): Promise<void> {
    this.#phase = phase;
    await delay(seconds * 1_000);
    this.#phase = undefined;
    phase.lasted(seconds);
    if (this.#failure !== undefined) throw new Error('a payment could not be asked for', { cause: this.#failure });
  }

  /** Asks for no more, and waits until the last one is in the ledger. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const isDone = await holdsWithin(drainMs, () => this.#sentAt.size === 0);
    await this.#pool.destroy();
    if (!isDone) throw new Error(`${this.#sentAt.size} payments do not come to the ledger`);
  }

  #buyNext(): void {
    if (this.#isEnding) return;
    const index = this.#next++;
    this.#sentAt.set(index, { atMs: performance.now(), phase: this.#phase });
    this.#buy(index).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Under the same key until the hub takes it. */
  async #buy(index: number): Promise<void> {
    const { seller, currency, hub } = this.target;
    const orderId = `${this.#prefix}${index}`;
    const body = JSON.stringify(orderOf(orderId, `user-${index % 1_000}`, currency));
    const request = { method: 'POST' as const, path, body, contentType, idempotencyKey: orderId };
    for (;;) {
      const signed = seller.signer.sign({ ...request, authority: new URL(hub.url).host });
      const headers = { ...signed, 'content-type': contentType, 'idempotency-key': orderId };
      const answer = await this.#pool.request({ method: 'POST', path, headers, body });
      const said = await answer.body.text();
      if (answer.statusCode < 300) break;
      if (answer.statusCode !== 429) throw new Error(`HTTP ${answer.statusCode}: ${said}`);
      this.#refused += 1;
      await delay(whenRefusedMs);
    }
    const sent = this.#sentAt.get(index);
    sent?.phase?.answered(performance.now() - sent.atMs);
  }

  #entered(index: number, atMs: number): void {
    const sent = this.#sentAt.get(index);
    this.#sentAt.delete(index);
    if (sent) sent.phase?.entered(atMs - sent.atMs);
    this.#buyNext();
  }
}

/** What is measured in a phase; it counts in a whole of several phases, too. */
export class Recording {
  readonly #answer = new LatencyRecorder();
  readonly #entry = new LatencyRecorder();
  #seconds = 0;

  constructor(private readonly whole?: Recording) {}

  answered(milliseconds: number): void {
    this.#answer.record(milliseconds);
    this.whole?.answered(milliseconds);
  }

  entered(milliseconds: number): void {
    this.#entry.record(milliseconds);
    this.whole?.entered(milliseconds);
  }

  lasted(seconds: number): void {
    this.#seconds += seconds;
    this.whole?.lasted(seconds);
  }

  phase(): Phase {
    return { answer: this.#answer.latency(), entry: this.#entry.latency(), perSecond: this.#entry.count / this.#seconds };
  }
}
