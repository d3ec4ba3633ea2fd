import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HubClient } from '../hub-client.js';
import { orderOf, type Seller } from './bench-orders.js';
import { benchCurrency, type ClusterUnderTest } from './cluster-under-test.js';

/** Orders at a steady pace through the gateway, none of them repeated: what becomes of them shows what a platform feels. */
export class SteadyOrders {
  readonly #stopping = new AbortController();
  readonly #client: HubClient;
  readonly #running: Promise<void>;
  readonly #name = randomUUID();
  #failed = 0;
  #lastAcceptedMs = performance.now();
  #longestGapMs = 0;

  private constructor(
    hub: ClusterUnderTest,
    { signer }: Seller,
    private readonly perSecond: number,
  ) {
    this.#client = new HubClient(hub.url, { signer, connections: 64 });
    this.#running = this.#run();
  }

  static start(hub: ClusterUnderTest, seller: Seller, perSecond: number): SteadyOrders {
    return new SteadyOrders(hub, seller, perSecond);
  }

  /** Counts anew from here. */
  begin(): void {
    this.#failed = 0;
    this.#lastAcceptedMs = performance.now();
    this.#longestGapMs = 0;
  }

  sinceBegin(): { failed: number; longestGapMs: number } {
    return { failed: this.#failed, longestGapMs: Math.max(this.#longestGapMs, performance.now() - this.#lastAcceptedMs) };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#client.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const underWay = new Set<Promise<void>>();
    for (let index = 0; !signal.aborted; index += 1) {
      const order = this.#order(index).finally(() => underWay.delete(order));
      underWay.add(order);
      await delay(1_000 / this.perSecond, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(underWay);
  }

  async #order(index: number): Promise<void> {
    try {
      await this.#client.post('/v1/payments', { body: orderOf(`steady-${this.#name}-${index}`, `user-${index % 100}`, benchCurrency) });
      const nowMs = performance.now();
      this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastAcceptedMs);
      this.#lastAcceptedMs = nowMs;
    } catch {
      // Refused, or not answered: that is what is counted.
      this.#failed += 1;
    }
  }
}
