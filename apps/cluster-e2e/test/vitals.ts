import { setTimeout as delay } from 'node:timers/promises';
import type { Market } from './market.js';

const services = ['payment-1', 'ledger-1', 'settlement-1', 'notification-1'];
const everyMs = 500;

/** Asks every service, again and again, whether it lives. */
export class Vitals {
  /** Answers other than that it does. */
  readonly failures: string[] = [];
  asked = 0;
  readonly #ending = new AbortController();
  readonly #watching: Promise<void>;

  constructor(private readonly market: Market) {
    this.#watching = this.#watch();
  }

  /** How often processes have been started again. */
  get restarts(): number {
    return services.reduce((sum, name) => sum + (this.market.cluster.processes.get(name)?.restarts ?? 0), 0);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await Promise.all(services.map((name) => this.#ask(name)));
      // The pace of asking, not a wait for something to happen.
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #ask(name: string): Promise<void> {
    this.asked += 1;
    try {
      const response = await fetch(`${this.market.cluster.urlOf(name)}/health/live`);
      const body = await response.text();
      if (response.status !== 200) this.failures.push(`${name}: ${body}`);
    } catch (error) {
      this.failures.push(`${name}: ${String(error)}`);
    }
  }
}
