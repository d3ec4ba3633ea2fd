import type { EntriesPosted, PaymentCaptured } from '@tongbao/contracts';
import type { EventStore, StoredEvent } from '@tongbao/event-store';

/** Payments of which the watcher tells when they come to something; their orders are named `<prefix><index>`. */
export interface Watched {
  prefix: string;
  /** @param atMs of `performance.now()`, when the durable event was received here */
  captured(index: number, atMs: number): void;
  entered(index: number, atMs: number): void;
}

/**
 * Follows the log from outside the hub: what it gives is durable, because the store gives nothing else. The ledger's entry of a payment comes behind its
 * capture in the log, so one subscription sees both in order.
 */
export class CommitWatcher {
  readonly #stopping = new AbortController();
  readonly #indexes = new Map<string, number>();
  readonly #finished: Promise<void>;
  #watched: Watched | undefined;
  #failure: unknown;
  /** Log position of the newest journal event seen. */
  #journalPosition = 0n;
  /** Everything up to here is in the books, as far as has been seen. */
  #sourcePosition = 0n;

  /** @param after where in the log it begins; its end when left out */
  static async start(store: EventStore, after?: bigint): Promise<CommitWatcher> {
    return new CommitWatcher(store, after ?? (await store.head()));
  }

  private constructor(
    private readonly store: EventStore,
    after: bigint,
  ) {
    this.#finished = this.#follow(after).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  get journalPosition(): bigint {
    return this.#journalPosition;
  }

  get sourcePosition(): bigint {
    this.#throwIfFailed();
    return this.#sourcePosition;
  }

  /** Tells of these payments from now on, and of no others. */
  watch(watched: Watched): void {
    this.#throwIfFailed();
    this.#indexes.clear();
    this.#watched = watched;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
    this.#throwIfFailed();
  }

  async #follow(after: bigint): Promise<void> {
    for await (const { events } of this.store.follow(['payment', 'journal'], after, this.#stopping.signal)) {
      const nowMs = performance.now();
      for (const stored of events) this.#see(stored, nowMs);
    }
  }

  #see({ event, position }: StoredEvent, nowMs: number): void {
    if (isCaptured(event)) {
      const index = this.#indexOf(event.orderId);
      if (index === undefined) return;
      this.#indexes.set(event.paymentId, index);
      this.#watched?.captured(index, nowMs);
    } else if (isPosted(event)) {
      this.#journalPosition = position;
      this.#sourcePosition = BigInt(event.sourcePosition);
      for (const { kind, ref } of event.entries) if (kind === 'PaymentCaptured') this.#enter(ref, nowMs);
    }
  }

  #enter(paymentId: string, nowMs: number): void {
    const index = this.#indexes.get(paymentId);
    if (index === undefined) return;
    this.#indexes.delete(paymentId);
    this.#watched?.entered(index, nowMs);
  }

  #indexOf(orderId: string): number | undefined {
    const prefix = this.#watched?.prefix;
    return prefix !== undefined && orderId.startsWith(prefix) ? Number(orderId.slice(prefix.length)) : undefined;
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw new Error('the log cannot be followed any more', { cause: this.#failure });
  }
}

const isCaptured = (event: { type: string }): event is PaymentCaptured => event.type === 'PaymentCaptured';

const isPosted = (event: { type: string }): event is EntriesPosted => event.type === 'EntriesPosted';
