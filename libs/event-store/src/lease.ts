import { setTimeout as delay } from 'node:timers/promises';
import { Outage } from './errors.js';
import type { EventStore } from './event-store.js';
import { Candidate, type LeaseTerm } from './lease-candidate.js';

export interface LeaseOptions {
  store: Pick<EventStore, 'append' | 'readLast' | 'keepNewest'>;
  /** Of the lease: its stream is `lease-<name>`, which must never be deleted, for epochs go on from its newest event. */
  name: string;
  /** Unique to this start of this process. */
  holder: string;
  /** Where the others reach this process while it leads. */
  url?: string;
  /** How long the holder may be silent before another one takes over; it renews three times as often. */
  ttlMs: number;
  /** Milliseconds of a clock that never goes back; that of `performance` when not given. */
  monotonicNow?: () => number;
  /** Something failed, most likely the store: it is tried again, without end. */
  onOutage?: (error: unknown) => void;
}

/** At this moment nothing says that this process leads: it stands by, has been silent for too long, or has lost the lease. */
export class LeaseNotHeld extends Outage {
  override readonly name = 'LeaseNotHeld';
}

/** Somebody else has taken the lease over. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * A lease on what only one process may do at a time. Its holder renews it by events; a standby that sees none for the lease's time, by its own
 * clock, takes over with the next epoch.
 *
 * A holder that was silent for too long (it was stopped, or the store was down) does not lead, from that instant on: `leads` and `assertHeld`
 * compare the clock. It goes on with the same epoch when its next renewal finds that nobody has taken over meanwhile, and has lost the lease
 * when somebody has. An outage of the store alone thus changes no leader: the standbys begin to count anew when they hear the store again.
 *
 * Like every lease it only makes two leaders rare (a process may be stopped between the look at the clock and the deed): what must never happen
 * twice needs an expected revision, or the epoch, as its fence.
 */
export class Lease {
  /** Resolves with the epoch once this process leads; never for one that does not come to lead. */
  readonly acquired: Promise<number>;
  /** Resolves with the reason once somebody else has taken over what this process held; `stop` does not resolve it. */
  readonly lost: Promise<LeaseLost>;
  readonly #candidate: Candidate;
  readonly #stopping = new AbortController();
  readonly #finished: Promise<void>;
  readonly #acquired = Promise.withResolvers<number>();
  readonly #lost = Promise.withResolvers<LeaseLost>();

  /** Begins to stand as a candidate; the lease is had at once where nobody holds it. */
  static stand(options: LeaseOptions): Lease {
    return new Lease(options);
  }

  private constructor(private readonly options: LeaseOptions) {
    this.acquired = this.#acquired.promise;
    this.lost = this.#lost.promise;
    const { store, name, holder, url, ttlMs, monotonicNow = () => performance.now() } = options;
    this.#candidate = new Candidate({ store, name, holder, ...(url && { url }), ttlMs, monotonicNow });
    this.#finished = this.#run();
  }

  /** Looks at the clock, so it is right even in the first instant after this process was stopped for a while. */
  get leads(): boolean {
    return this.#candidate.leads;
  }

  /** @throws LeaseNotHeld unless this process leads */
  assertHeld(): void {
    if (!this.leads) throw new LeaseNotHeld(`the lease ${this.options.name} is not held`);
  }

  /** Of the newest holder known, this process or another one. */
  get epoch(): number | undefined {
    return this.holder()?.epoch;
  }

  /** Where the leading process is reached, when it is another one and known. */
  get leaderUrl(): string | undefined {
    const term = this.holder();
    return term?.holder === this.options.holder ? undefined : term?.url;
  }

  /** The newest holder known, this process or another one; none when the lease was never held, or was released. */
  holder(): LeaseTerm | undefined {
    return this.#candidate.term;
  }

  /** Stands no more. A holder releases the lease, so that a standby takes over at once: end first what only the leader may do. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
    try {
      await this.#candidate.release();
    } catch (error) {
      // The standbys take over when the lease's time is over.
      this.options.onOutage?.(error);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.#candidate.isLost) {
      const pauseMs = await this.#step();
      if (this.#candidate.leads && this.#candidate.term) this.#acquired.resolve(this.#candidate.term.epoch);
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    if (this.#candidate.isLost) this.#lost.resolve(new LeaseLost(`${describe(this.holder())} took ${this.options.name} over`));
  }

  async #step(): Promise<number> {
    try {
      return await this.#candidate.step();
    } catch (error) {
      this.options.onOutage?.(error);
      return this.options.ttlMs / 10;
    }
  }
}

const describe = (term: LeaseTerm | undefined): string => (term ? `${term.holder}, epoch ${term.epoch},` : 'somebody');
