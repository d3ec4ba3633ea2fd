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
  stopping: AbortSignal;
  onFailure: (lane: Lane, error: unknown) => void;
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
  #deliveries: Delivery[] = [];
  #next = 0;
  #tasks: Task[] = [];
  #running: Promise<void> | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly options: LaneOptions,
  ) {}

  get queued(): number {
    return this.#deliveries.length - this.#next;
  }

  push(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    this.#start();
  }

  /** Does something between two deliveries, before those that wait. Rejects with Stopped when the lane ends before that. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.options.stopping.aborted || this.failure !== undefined) reject(new Stopped());
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

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #start(): void {
    if (this.failure === undefined) this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    try {
      // The caller first ends what it is at.
      await Promise.resolve();
      while (!this.options.stopping.aborted) {
        const task = this.#tasks.shift();
        if (task) await task.run();
        else {
          const delivery = this.#take();
          if (!delivery) break;
          await this.options.process(this, delivery);
        }
      }
    } catch (error) {
      if (!(error instanceof Stopped)) {
        this.failure = error;
        this.options.onFailure(this, error);
      }
    } finally {
      this.#running = undefined;
      if (this.options.stopping.aborted || this.failure !== undefined) for (const { abandon } of this.#tasks.splice(0)) abandon();
    }
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
