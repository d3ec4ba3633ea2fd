import { randomUUID } from 'node:crypto';
import { TongbaoRefusal, TongbaoUnavailable } from '@tongbao/client';
import { orderOf, type Market } from './market.js';

/** A platform under load that does as it should: repeats a request under the same key until it has an answer, and keeps what it was promised. */
export class Load {
  /** Payment ids by order id, as they were accepted. */
  readonly accepted = new Map<string, string>();
  /** How often which status was answered; 0 for no answer. */
  readonly statuses = new Map<number, number>();
  /** When the last request was accepted, by `performance.now()`. */
  lastAcceptedMs = 0;
  readonly #stopping = new AbortController();
  readonly #workers: Promise<void>[];
  #next = 0;

  private constructor(
    private readonly market: Market,
    private readonly name: string,
    inFlight: number,
    private readonly everyMs: number,
  ) {
    this.#workers = Array.from({ length: inFlight }, () => this.#work());
  }

  /** @param everyMs each of those in flight begins at most one request in this time */
  static start(market: Market, name: string, { inFlight = 8, everyMs = 100 } = {}): Load {
    return new Load(market, name, inFlight, everyMs);
  }

  /** Ends when every request that was begun has its answer. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    const platform = this.market.platform();
    while (!this.#stopping.signal.aborted) {
      const order = orderOf(`${this.name}-${(this.#next += 1)}`, 1000 + (this.#next % 100));
      const idempotencyKey = randomUUID();
      let accepted = false;
      while (!accepted) {
        const beganMs = performance.now();
        accepted = await this.#request(platform, order, idempotencyKey);
        // The pace of the load, not a wait for something to happen.
        await new Promise((resolve) => setTimeout(resolve, Math.max(1, this.everyMs - (performance.now() - beganMs))));
      }
    }
  }

  async #request(platform: ReturnType<Market['platform']>, order: ReturnType<typeof orderOf>, idempotencyKey: string): Promise<boolean> {
    try {
      const { paymentId } = await platform.createPayment(order, { idempotencyKey });
      this.accepted.set(order.orderId, paymentId);
      this.lastAcceptedMs = performance.now();
      this.#count(201);
      return true;
    } catch (error) {
      // The SDK tells a hub that has no room or is down as unavailable, with the refusal as the cause.
      const refusal = error instanceof TongbaoUnavailable ? error.cause : error;
      const status = refusal instanceof TongbaoRefusal ? refusal.status : 0;
      this.#count(status);
      if (status !== 0 && status !== 429 && status < 500) throw error;
      return false;
    }
  }

  #count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}
