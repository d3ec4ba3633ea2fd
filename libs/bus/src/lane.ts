import type { Loop } from '@tongbao/telemetry';
import { Stopped } from './retry.js';
import type { Delivery } from './transport.js';

/** Why a lane stands still, and since when. */
export interface Pause {
  partition: number;
  since: Date;
  attempts: number;
  error: string;
}

export interface LaneOptions {
  process: (lane: Lane, delivery: Delivery) => Promise<void>;
  onFailure: (lane: Lane, error: unknown) => void;
  /** The lane begins when this has ended: an earlier lane of the partition may still have a delivery in hand. */
  after?: Promise<void>;
  /** Is told of progress. */
  loop?: Loop;
}

interface Task {
  run: () => Promise<void>;
  abandon: () => void;
}

/** One partition's way through a group: strictly one delivery, or one task of ops, after the other. */
export class Lane {
  pause: Pause | undefined;
  /** Something failed that nothing should make fail: the lane stands until the process is restarted. */
  failure: unknown;
  readonly #ending = new AbortController();
  #deliveries: Delivery[] = [];
  #next = 0;
  #inHand: Delivery | undefined;
  #tasks: Task[] = [];
  #running: Promise<void> | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly options: LaneOptions,
  ) {
    options.loop?.idle();
  }

  get queued(): number {
    return this.#deliveries.length - this.#next;
  }

  /** What is being dealt with, else what comes next. */
  get oldest(): Delivery | undefined {
    return this.#inHand ?? this.#deliveries[this.#next];
  }

  /** A try that failed is progress too. */
  beat(): void {
    this.options.loop?.beat();
  }

  /** Aborted when nothing more may begin. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  push(delivery: Delivery): void {
    if (this.#ending.signal.aborted) return;
    this.#deliveries.push(delivery);
    this.#start();
  }

  /** Does something between two deliveries, before those that wait. Rejects with Stopped when the lane ends before that. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#ending.signal.aborted || this.failure !== undefined) reject(new Stopped());
    else {
      const run = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      this.#tasks.push({ run, abandon: () => reject(new Stopped()) });
      this.#start();
    }
    return promise;
  }

  /** Begins nothing more: what waits is dropped. */
  end(): void {
    this.#ending.abort();
    this.#deliveries = [];
    this.#next = 0;
    if (!this.#running) this.options.loop?.end();
  }

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    await this.options.after;
    await this.#running;
  }

  #start(): void {
    if (this.failure === undefined) this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    const ending = this.#ending.signal;
    try {
      // The caller first ends what it is at.
      await this.options.after;
      while (!ending.aborted) {
        this.beat();
        const task = this.#tasks.shift();
        if (task) await task.run();
        else {
          const delivery = this.#take();
          if (!delivery) break;
          this.#inHand = delivery;
          await this.options.process(this, delivery);
          this.#inHand = undefined;
        }
      }
    } catch (error) {
      if (!(error instanceof Stopped)) {
        this.failure = error;
        this.options.onFailure(this, error);
      }
    } finally {
      this.#running = undefined;
      this.#rest(ending.aborted);
      if (ending.aborted || this.failure !== undefined) for (const { abandon } of this.#tasks.splice(0)) abandon();
    }
  }

  /** A lane that failed is told by `failure`: it must not look busy besides. */
  #rest(isOver: boolean): void {
    this.#inHand = undefined;
    if (isOver) this.options.loop?.end();
    else this.options.loop?.idle();
  }

  #take(): Delivery | undefined {
    const delivery = this.#deliveries[this.#next];
    this.#next += 1;
    if (this.#next >= this.#deliveries.length || this.#next >= 1_000) {
      this.#deliveries = this.#deliveries.slice(this.#next);
      this.#next = 0;
    }
    return delivery;
  }
}
