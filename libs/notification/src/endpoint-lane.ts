import type { DeliverySubject } from './delivery.js';
import { EndpointPace, type PaceLimits } from './endpoint-pace.js';
import type { NewsItem } from './news.js';

/** One delivery whose attempt is due. */
export interface Job extends DeliverySubject {
  deliveryId: string;
  endpointId: string;
  /** Attempts so far in this round, and in all. */
  tries: number;
  attempts: number;
  /** At hand when the news has just come; else read from the log. */
  item?: NewsItem;
}

export interface LaneOptions {
  pace?: PaceLimits;
  /** Jobs held in memory; what does not fit stays in the projection. */
  capacity?: number;
  nowMs: () => number;
  /** Makes the attempt and records it. `sent` says that the request is over: the next may go out while the outcome is being recorded. */
  work: (job: Job, sent: () => void) => Promise<void>;
  /** There is room again, after jobs had to be turned away. */
  onRoom: () => void;
}

/** Outcomes of one endpoint that may wait for their record. */
const maxUnrecorded = 1_000;

/** The jobs of one endpoint: in order, a bounded number in memory and in flight, at the endpoint's own pace. */
export class EndpointLane {
  readonly pace: EndpointPace;
  readonly #capacity: number;
  readonly #working = new Set<Promise<void>>();
  #queue: Job[] = [];
  #inFlight = 0;
  #turnedAway = false;
  #stopped = false;

  constructor(private readonly options: LaneOptions) {
    this.pace = new EndpointPace(options.pace);
    this.#capacity = options.capacity ?? 256;
  }

  /** Jobs that can be taken now. */
  get room(): number {
    return this.#stopped ? 0 : this.#capacity - this.#queue.length;
  }

  /** False when there is no room: whoever offers must not hold it in memory either. */
  offer(job: Job): boolean {
    if (this.room <= 0) {
      this.#turnedAway = true;
      return false;
    }
    this.#queue.push(job);
    this.pump();
    return true;
  }

  /** More is due than was offered. */
  expectMore(): void {
    this.#turnedAway = true;
  }

  /** Starts what may start; to be called again when time has passed. */
  pump(): void {
    while (this.#mayStart()) {
      const job = this.#queue.shift();
      if (job) this.#start(job);
    }
    if (this.#turnedAway && this.#queue.length < this.#capacity / 4) {
      this.#turnedAway = false;
      this.options.onRoom();
    }
  }

  /** Starts nothing more; returns when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue = [];
    await Promise.all(this.#working);
  }

  #mayStart(): boolean {
    return (
      !this.#stopped &&
      this.#queue.length > 0 &&
      this.#working.size - this.#inFlight < maxUnrecorded &&
      this.#inFlight < this.pace.allowed(this.options.nowMs())
    );
  }

  #start(job: Job): void {
    this.#inFlight += 1;
    let over = false;
    const sent = () => {
      if (over) return;
      over = true;
      this.#inFlight -= 1;
      this.pump();
    };
    const work = this.options.work(job, sent).finally(() => {
      this.#working.delete(work);
      sent();
      this.pump();
    });
    this.#working.add(work);
  }
}
