import type { EntriesPosted, PaymentEvent } from '@tongbao/contracts';
import type { FeedConsumer, LogFeed } from '@tongbao/event-store';
import { Problem, type Clock, type Principal } from '@tongbao/service';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

interface Sample {
  position: bigint;
  at: number;
}

const sampleEveryMs = 50;

/**
 * Lets requests in as long as the ledger keeps up: a burst that it cannot follow would become a backlog that never clears. Its lag is the age of the
 * oldest fact that is not in the books; captures are sampled, so that it costs nothing per payment.
 */
export class Admission {
  #samples: Sample[] = [];
  #consumer: FeedConsumer | undefined;
  readonly #rates: RateLimiterMemory;

  constructor(
    private readonly clock: Clock,
    private readonly maxLagMs: number,
    rateLimitPerSecond: number,
  ) {
    this.#rates = new RateLimiterMemory({ points: rateLimitPerSecond, duration: 1 });
  }

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

  /** @throws Problem overloaded, with Retry-After */
  async admit(caller: Principal): Promise<void> {
    if (this.lagMs > this.maxLagMs) throw new Problem('overloaded', 'The ledger is behind. Repeat the request in a moment.');
    const name = caller.kind === 'platform' ? caller.platformId : caller.name;
    try {
      await this.#rates.consume(name);
    } catch (rejection) {
      if (rejection instanceof RateLimiterRes) throw new Problem('overloaded', 'Too many requests of this platform in a second.');
      throw rejection;
    }
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
