import type { Cache } from '@tongbao/cache';
import type { EntriesPosted, PaymentEvent } from '@tongbao/contracts';
import type { EventStore, FeedConsumer, LogFeed } from '@tongbao/event-store';
import { nameOf, Problem, type Clock, type Principal } from '@tongbao/service';
import type { Workload } from './workload.js';

interface Sample {
  position: bigint;
  at: number;
}

const sampleEveryMs = 50;

/**
 * Lets requests in as long as this process and the ledger keep up: a burst that they cannot follow would become a backlog that never clears. The ledger's
 * lag is the age of the oldest fact that is not in the books; captures are sampled, so that it costs nothing per payment. This process's is the age of
 * the oldest request that it has not taken in yet.
 *
 * Beside it, how many requests a second one caller may make: of all processes together where they share a Redis, of each one otherwise.
 */
export class Admission {
  #samples: Sample[] = [];
  #consumer: FeedConsumer | undefined;

  constructor(
    private readonly store: Pick<EventStore, 'isLost'>,
    private readonly clock: Clock,
    private readonly cache: Cache,
    private readonly workload: Workload,
    private readonly maxLagMs: number,
    private readonly rateLimitPerSecond: number,
  ) {}

  start(feed: LogFeed, after: bigint): void {
    this.#consumer = feed.consume({ name: 'payment-admission', categories: ['payment', 'journal'], after }, ({ events }) => {
      for (const { event, stream, position } of events) {
        if (stream.startsWith('journal-')) this.#posted(BigInt((event as EntriesPosted).sourcePosition));
        else if (isPosted(event as PaymentEvent)) this.#sample(position);
      }
      return Promise.resolve();
    });
  }

  /** Milliseconds that the ledger is behind. */
  get lagMs(): number {
    const oldest = this.#samples[0];
    return oldest ? this.clock.now().getTime() - oldest.at : 0;
  }

  /**
   * @param waitedMs what the request has waited in this process before it could be asked
   * @throws Problem overloaded, with Retry-After
   */
  async admit(caller: Principal, waitedMs = 0): Promise<void> {
    // With the store down everything is behind, and no load is to blame: the request itself finds out whether it is back.
    if (!this.store.isLost) this.#requirePace(waitedMs);
    const requests = { name: 'requests', key: nameOf(caller), points: 1, maximum: this.rateLimitPerSecond, seconds: 1 };
    if (!(await this.cache.take([requests]))) throw new Problem('overloaded', 'Too many requests of this platform in a second.');
  }

  #requirePace(waitedMs: number): void {
    if (this.lagMs > this.maxLagMs) throw new Problem('overloaded', 'The ledger is behind. Repeat the request in a moment.');
    if (Math.max(this.workload.oldestMs, waitedMs) > this.maxLagMs)
      throw new Problem('overloaded', 'Requests come faster than they can be taken in. Repeat the request in a moment.');
  }

  status(): { lagMs: number; position: string } {
    return { lagMs: this.lagMs, position: String(this.#consumer?.position ?? 0n) };
  }

  #sample(position: bigint): void {
    const at = this.clock.now().getTime();
    const newest = this.#samples.at(-1);
    if (!newest || at - newest.at >= sampleEveryMs) this.#samples.push({ position, at });
  }

  #posted(sourcePosition: bigint): void {
    const behind = this.#samples.findIndex(({ position }) => position > sourcePosition);
    this.#samples = behind < 0 ? [] : this.#samples.slice(behind);
  }
}

/** Only a fact that makes an entry tells of the ledger's lag: the journal says nothing of the others. */
const isPosted = (event: PaymentEvent): boolean => event.type === 'PaymentCaptured' && event.split.some(({ external }) => !external);
