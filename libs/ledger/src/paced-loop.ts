import { setTimeout as delay } from 'node:timers/promises';
import { tracing, type Loop, type Loops } from '@tongbao/telemetry';

export interface PacedLoopOptions {
  name: string;
  /** Rounds begin at least so far apart. */
  everyMs: number;
  /** How long after a round that failed the next one begins, wanted or not. */
  retryMs: number;
  onError: (error: unknown) => void;
  loops?: Loops;
}

/** Does a round of work when it is wanted, one at a time; what is wanted during a round, and in the pause after it, is one more round. */
export class PacedLoop {
  readonly #stopping = new AbortController();
  #isWanted = false;
  #wake: () => void = () => undefined;
  #finished: Promise<void> = Promise.resolve();

  /** @param round is told when it is to come to an end */
  constructor(
    private readonly round: (stopping: AbortSignal) => Promise<void>,
    private readonly options: PacedLoopOptions,
  ) {}

  start(): void {
    const loop = this.options.loops?.register(this.options.name);
    // It outlives the request or message that may have had it begin.
    this.#finished = tracing.outside(() => this.#run(loop)).finally(() => loop?.end());
  }

  want(): void {
    this.#isWanted = true;
    this.#wake();
  }

  /** Lets the round that runs come to its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#finished;
  }

  async #run(loop: Loop | undefined): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#wanted(loop);
      if (this.#stopping.signal.aborted) return;
      this.#isWanted = false;
      loop?.beat();
      const begun = performance.now();
      const isDone = await this.#round(signal);
      loop?.idle();
      await this.#pause(isDone ? begun + this.options.everyMs - performance.now() : this.options.retryMs);
    }
  }

  async #wanted(loop: Loop | undefined): Promise<void> {
    while (!this.#isWanted && !this.#stopping.signal.aborted) {
      loop?.idle();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #round(signal: AbortSignal): Promise<boolean> {
    try {
      await this.round(signal);
      return true;
    } catch (error) {
      this.options.onError(error);
      this.#isWanted = true;
      return false;
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    if (ms > 0 && !signal.aborted) await delay(ms, undefined, { signal }).catch(() => undefined);
  }
}
