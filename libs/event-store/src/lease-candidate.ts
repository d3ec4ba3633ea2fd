import { WrongRevision } from './errors.js';
import type { EventStore } from './event-store.js';

/** Who leads, as every event of a lease says it in full: the newest one alone is the state. */
export interface LeaseTerm {
  /** From 1, and higher with every change of the holder. */
  epoch: number;
  /** Unique to one start of one process. */
  holder: string;
  /** Where the holder is reached. */
  url?: string;
  /** How long the holder may be silent before another one may take over. */
  ttlMs: number;
}

export interface LeaseAcquired extends LeaseTerm {
  type: 'LeaseAcquired';
}

export interface LeaseRenewed extends LeaseTerm {
  type: 'LeaseRenewed';
}

export interface LeaseReleased extends LeaseTerm {
  type: 'LeaseReleased';
}

export type LeaseEvent = LeaseAcquired | LeaseRenewed | LeaseReleased;

interface Seen {
  event: LeaseEvent;
  revision: number;
}

export interface CandidateOptions {
  store: Pick<EventStore, 'append' | 'readLast' | 'keepNewest'>;
  /** Of the lease: its stream is `lease-<name>`. */
  name: string;
  /** Unique to this start of this process. */
  holder: string;
  /** Where this process is reached. */
  url?: string;
  ttlMs: number;
  /** Milliseconds of a clock that never goes back and that goes on while the process is stopped. */
  monotonicNow: () => number;
}

/** The newest events are enough to see the last changes of the holder; each append removes an older one. */
const keptEvents = 10;

/**
 * One candidate for a lease, moved on by `step`. The fence is the expected revision: whoever appends next to the event it saw last has the
 * lease, and of two that try one is refused. Clocks only decide who tries, and for how long a holder may believe that nobody else can have it:
 * it counts its time from the begin of the append that confirmed it, a standby from when it saw that append's event, which is later.
 */
export class Candidate {
  #state: 'standing by' | 'holding' | 'lost' | 'released' = 'standing by';
  #newest: Seen | undefined;
  /** The begin of the append that last confirmed this holder. */
  #confirmedAt = -Infinity;
  /** The begin of the first try of the renewal in hand: what a later try reports as written may have been written by the first. */
  #renewingSince: number | undefined;
  /** Since when this standby has seen nothing change, at every look. */
  #silentSince: number | undefined;

  constructor(private readonly options: CandidateOptions) {}

  /** Compares the clock, and nothing else: right even in the first instant after the process was stopped for a while. */
  get leads(): boolean {
    return this.#state === 'holding' && this.options.monotonicNow() < this.#confirmedAt + this.options.ttlMs;
  }

  /** Somebody else has taken over. */
  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** What is known of the holder, this candidate or another one. */
  get term(): LeaseTerm | undefined {
    const event = this.#newest?.event;
    return event?.type === 'LeaseReleased' ? undefined : event;
  }

  /**
   * Does what is due: looks, takes over, or renews. Never more than one at a time.
   * @returns milliseconds until the next step is due
   * @throws what the store throws; the next step goes on from there
   */
  async step(): Promise<number> {
    if (this.#state === 'standing by') return this.#watch();
    return this.#state === 'holding' ? this.#renew() : Infinity;
  }

  /** Gives the lease up, so that a standby need not wait. To be called when no step is under way, and followed by none. */
  async release(): Promise<void> {
    if (this.#state !== 'holding' || !this.#newest) return;
    this.#state = 'released';
    try {
      await this.#append('LeaseReleased', this.#newest.event.epoch, this.#newest.revision);
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error;
      const last = await this.#readNewest();
      if (last && this.#isOwn(last)) await this.#append('LeaseReleased', last.event.epoch, last.revision);
    }
  }

  async #watch(): Promise<number> {
    const { monotonicNow } = this.options;
    const silentSince = this.#silentSince;
    // Unless this look ends well: silence counts only while the store can be heard, so that its outage makes nobody take over.
    this.#silentSince = undefined;
    const before = this.#newest?.revision;
    const began = monotonicNow();
    const last = await this.#readNewest();
    const now = monotonicNow();
    if (last && this.#isOwn(last)) return this.#renew();
    const isUnbroken = last?.revision === before && now - began < this.options.ttlMs / 2;
    this.#silentSince = (isUnbroken ? silentSince : undefined) ?? now;
    const waitMs = !last || last.event.type === 'LeaseReleased' ? 0 : this.#silentSince + last.event.ttlMs - now;
    return waitMs > 0 ? Math.min(waitMs, this.#lookEveryMs) : this.#takeOver(last);
  }

  async #takeOver(last: Seen | undefined): Promise<number> {
    const { store, monotonicNow } = this.options;
    await store.keepNewest(this.#stream, keptEvents);
    const began = monotonicNow();
    try {
      await this.#append('LeaseAcquired', (last?.event.epoch ?? 0) + 1, last?.revision);
    } catch (error) {
      if (error instanceof WrongRevision) return 0;
      throw error;
    }
    this.#state = 'holding';
    this.#confirmedAt = began;
    return this.#untilRenewal;
  }

  async #renew(): Promise<number> {
    const newest = this.#newest;
    if (!newest) throw new Error(`${this.#stream} is held by nothing that was read`);
    this.#state = 'holding';
    this.#renewingSince ??= this.options.monotonicNow();
    try {
      await this.#append('LeaseRenewed', newest.event.epoch, newest.revision);
    } catch (error) {
      if (error instanceof WrongRevision) return this.#seeWhoWrote(newest.event.epoch);
      throw error;
    }
    this.#confirmedAt = this.#renewingSince;
    this.#renewingSince = undefined;
    return this.#untilRenewal;
  }

  async #seeWhoWrote(epoch: number): Promise<number> {
    const last = await this.#readNewest();
    if (last && this.#isOwn(last) && last.event.epoch === epoch) this.#renewingSince = undefined;
    else this.#state = 'lost';
    return 0;
  }

  /** The same bytes for the same revision: a try of unknown outcome can be made again, and takes effect once. */
  async #append(type: LeaseEvent['type'], epoch: number, after: number | undefined): Promise<void> {
    const { store, holder, url, ttlMs } = this.options;
    const event: LeaseEvent = { type, epoch, holder, ...(url && { url }), ttlMs };
    const commandId = `${this.#stream} by ${holder} after ${after ?? 'nothing'}`;
    const { revision } = await store.append(this.#stream, after ?? 'no_stream', [event], { commandId });
    this.#newest = { event, revision };
  }

  async #readNewest(): Promise<Seen | undefined> {
    this.#newest = await this.options.store.readLast<LeaseEvent>(this.#stream);
    return this.#newest;
  }

  #isOwn({ event }: Seen): boolean {
    return event.holder === this.options.holder;
  }

  get #stream(): string {
    return `lease-${this.options.name}`;
  }

  get #untilRenewal(): number {
    return Math.max(0, this.#confirmedAt + this.options.ttlMs / 3 - this.options.monotonicNow());
  }

  get #lookEveryMs(): number {
    return this.options.ttlMs / 8;
  }
}
