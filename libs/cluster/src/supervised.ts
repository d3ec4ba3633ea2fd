import { setTimeout as delay } from 'node:timers/promises';
import { NodeProcess, type NodeProgram } from './node-process.js';

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** One that ran this long has not failed at its start. */
const lastedMs = 10_000;

/** Keeps a program running: one that ends without having been told to is started again, after pauses that grow while it does not last. */
export class Supervised {
  #process: NodeProcess | undefined;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #restarts = 0;

  private constructor(
    readonly program: NodeProgram,
    private readonly onRestart: (program: NodeProgram, why: unknown) => void,
  ) {}

  /**
   * Resolves when it is ready.
   * @throws NotReady when its first start fails
   */
  static async start(program: NodeProgram, onRestart: (program: NodeProgram, why: unknown) => void): Promise<Supervised> {
    const supervised = new Supervised(program, onRestart);
    supervised.#process = await NodeProcess.start(program);
    supervised.#running = supervised.#keep();
    return supervised;
  }

  /** The present process; undefined between its end and when the next one is ready. */
  get process(): NodeProcess | undefined {
    return this.#process;
  }

  /** How often it has been started again. */
  get restarts(): number {
    return this.#restarts;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop();
    await this.#running;
    // It may have been starting when it was told to stop.
    await this.#process?.stop();
  }

  /** Pulls the plug, and does not start it again. */
  async kill(): Promise<void> {
    this.#stopping.abort();
    await this.#process?.kill();
    await this.#running;
    await this.#process?.kill();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    for (let pauseMs = firstPauseMs; !this.#isStopping(); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const began = performance.now();
      await this.#process?.ended;
      this.#process = undefined;
      if (this.#isStopping()) return;
      this.onRestart(this.program, 'it ended');
      if (performance.now() - began > lastedMs) pauseMs = firstPauseMs;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (!this.#isStopping()) await this.#again();
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #again(): Promise<void> {
    try {
      this.#process = await NodeProcess.start(this.program);
      this.#restarts += 1;
    } catch (error) {
      this.onRestart(this.program, error);
    }
  }
}
