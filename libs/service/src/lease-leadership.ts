import { Lease, type EventStore } from '@tongbao/event-store';
import type { Leadership } from './leadership.js';

export interface LeaseLeadershipOptions {
  store: EventStore;
  /** The lease is the stream `lease-<service>`. */
  service: string;
  ttlMs: number;
  onLeading: (service: string, epoch: number) => void;
  /** The work could not begin, or the lead is lost: the process must end, and start again as a standby. */
  onLost: (why: unknown) => void;
  onOutage: (error: unknown) => void;
}

/** One of several processes of a service: whoever holds the lease leads. */
export class LeaseLeadership implements Leadership {
  readonly #work: ((epoch: number) => Promise<void>)[] = [];
  #lease: Lease | undefined;
  #epoch: number | undefined;

  constructor(private readonly options: LeaseLeadershipOptions) {}

  undertake(what: string, begin: (epoch: number) => Promise<void>): Promise<void> {
    const beginNamed = (epoch: number) =>
      begin(epoch).catch((error: unknown) => {
        throw new Error(`${what} could not begin`, { cause: error });
      });
    if (this.#epoch !== undefined) return beginNamed(this.#epoch);
    this.#work.push(beginNamed);
    return Promise.resolve();
  }

  get leads(): boolean {
    return this.#lease?.leads ?? false;
  }

  get leaderUrl(): string | undefined {
    return this.#lease?.leaderUrl;
  }

  /** Of the lead that this process has; undefined on a standby. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  /** Becomes a candidate; to be called once everything that the leader does has been undertaken. */
  stand(holder: string, url: string): void {
    const { store, service, ttlMs, onLost, onOutage } = this.options;
    const lease = (this.#lease = Lease.stand({ store, name: service, holder, url, ttlMs, onOutage }));
    lease.lost.then(onLost, onLost);
    lease.acquired.then((epoch) => this.#begin(epoch)).catch(onLost);
  }

  /** Stands no more: a standby takes over at once. To be called when what the leader does has ended. */
  async release(): Promise<void> {
    await this.#lease?.stop();
  }

  async #begin(epoch: number): Promise<void> {
    this.#epoch = epoch;
    this.options.onLeading(this.options.service, epoch);
    for (let begin = this.#work.shift(); begin; begin = this.#work.shift()) await begin(epoch);
  }
}
