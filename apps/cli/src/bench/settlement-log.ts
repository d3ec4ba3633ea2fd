import type { PayoutEvent, SettlementEvent, WindowEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { holdsWithin } from './until.js';

const patienceMs = 600_000;

/** When events of windows, settlements and payouts were received from the log, by type and what they are about. */
export class SettlementLog {
  readonly #stopping = new AbortController();
  readonly #at = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #facts = new Map<string, number>();
  readonly #finished: Promise<void>;
  #failure: unknown;

  static async start(store: EventStore): Promise<SettlementLog> {
    return new SettlementLog(store, await store.head());
  }

  private constructor(
    private readonly store: EventStore,
    after: bigint,
  ) {
    this.#finished = this.#follow(after).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** @returns milliseconds of `performance.now()`. @throws Error when it does not come */
  async when(type: SettlementEvent['type'] | WindowEvent['type'] | PayoutEvent['type'], subject: string, times = 1): Promise<number> {
    const what = `${type} ${subject} ${times}`;
    const found = await holdsWithin(patienceMs, () => this.#failure !== undefined || this.#at.has(what));
    const at = this.#at.get(what);
    if (!found || at === undefined) throw new Error(`there is no ${what} in the log`, { cause: this.#failure });
    return at;
  }

  /** How many payments a settlement has told so far. */
  toldOf(settlementId: string): number {
    return this.#told.get(settlementId) ?? 0;
  }

  /** Facts that a settlement was calculated from, 0 before it was. */
  factsOf(settlementId: string): number {
    return this.#facts.get(settlementId) ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
  }

  async #follow(after: bigint): Promise<void> {
    const counts = new Map<string, number>();
    for await (const { events } of this.store.follow(['window', 'settlement', 'payout'], after, this.#stopping.signal)) {
      const nowMs = performance.now();
      for (const { event } of events) {
        // These categories hold nothing else.
        const known = event as WindowEvent | SettlementEvent | PayoutEvent;
        const about =
          known.type.startsWith('Window') && 'windowId' in known ? known.windowId : 'settlementId' in known ? known.settlementId : '';
        const count = (counts.get(`${known.type} ${about}`) ?? 0) + 1;
        counts.set(`${known.type} ${about}`, count);
        this.#at.set(`${known.type} ${about} ${count}`, nowMs);
        if (known.type === 'SettlementCalculated') this.#facts.set(about, known.facts);
        if (known.type === 'PaymentSidesSettled') this.#told.set(about, this.toldOf(about) + known.payments.length);
      }
    }
  }
}
