import type { EventStore } from './event-store.js';

/** What the handlers of calls share. */
export interface RpcHost {
  readonly store: EventStore;
  readonly calls: OpenCalls;
}

/** The calls that last (subscriptions, batch appends), so that a closing server can end them; and why new ones are refused, if they are. */
export class OpenCalls {
  readonly #enders = new Set<(reason: string) => void>();
  #refusal: string | undefined;
  #subscriptions = 0;

  get refusal(): string | undefined {
    return this.#refusal;
  }

  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** Registers a call by what ends it. Returns what to call when it is over. */
  open(end: (reason: string) => void): () => void {
    this.#enders.add(end);
    return () => this.#enders.delete(end);
  }

  /** Counts a subscription until what it returns is called. */
  countSubscription(): () => void {
    this.#subscriptions += 1;
    return () => (this.#subscriptions -= 1);
  }

  /** From now on calls are refused for this reason; the first reason stays. */
  refuse(reason: string): void {
    this.#refusal ??= reason;
  }

  /** Ends the calls that are open. */
  endAll(reason: string): void {
    for (const end of [...this.#enders]) end(reason);
  }
}
