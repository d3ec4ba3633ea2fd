import { StoreUnavailable, WrongRevision } from './errors.js';

export interface Patience {
  /** How long the store may fail or say nothing before what is asked of it is given up. */
  silentForMs: number;
  /** How long one question that fails is put again, however many others are answered meanwhile. */
  retryForMs: number;
}

/** The timers of a process that was busy for longer than this share of its patience say nothing of the store. */
const busyShare = 0.5;

/**
 * What a process knows of the store's life. A store that is slow answers something, if not this: whoever asks waits. A store that is down fails or is silent:
 * everybody is told soon, and while it lasts every question is put only twice (the first try may have met what is left of a broken connection).
 */
export class StoreContact {
  #heardAt = -Infinity;
  /** Since when nothing but failures has been heard. */
  #downSince: number | undefined;
  readonly #silentForMs: number;

  constructor(private readonly patience: Patience) {
    this.#silentForMs = Math.min(patience.silentForMs, patience.retryForMs);
  }

  /** Whether nothing but failures has been heard since the store last said something. */
  get isLost(): boolean {
    return this.#downSince !== undefined;
  }

  /** The store has said something, to whomever. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#downSince = undefined;
  }

  /**
   * Asks until there is an answer. The question must be one that can be put again: nobody knows what became of a try that failed.
   * @throws StoreUnavailable when patience is over, and whatever the store refuses
   */
  async untilKnown<T>(ask: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + this.patience.retryForMs;
    for (let tries = 1, pauseMs = 50; ; tries += 1, pauseMs = Math.min(pauseMs * 2, 1_000)) {
      try {
        const answer = await this.#orSilence(ask());
        this.heard();
        return answer;
      } catch (error) {
        if (error instanceof WrongRevision) this.heard();
        if (!isTransient(error)) throw error;
        const now = performance.now();
        this.#downSince ??= now;
        if (tries > 1 && now + pauseMs > Math.min(giveUpAt, this.#downSince + this.#silentForMs))
          throw new StoreUnavailable('the event store cannot be reached', { cause: error });
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** @throws StoreUnavailable when the store has said nothing to anybody for too long, since this was asked */
  #orSilence<T>(answer: Promise<T>): Promise<T> {
    const silentForMs = this.#silentForMs;
    const began = performance.now();
    return new Promise<T>((resolve, reject) => {
      let timer = setTimeout(look, silentForMs, began + silentForMs);
      const contact = (): number => Math.max(began, this.#heardAt);
      const silent = (now: number): void => {
        this.#downSince ??= now - silentForMs;
        reject(new StoreUnavailable('the event store does not answer'));
      };
      function look(due: number): void {
        const now = performance.now();
        const wasBusy = now - due > silentForMs * busyShare;
        // What has come while this process was busy has not been read yet.
        const until = wasBusy ? now + silentForMs * busyShare : contact() + silentForMs;
        if (now >= until) silent(now);
        else timer = setTimeout(look, until - now, until);
      }
      answer.then(resolve, reject).finally(() => {
        clearTimeout(timer);
      });
    });
  }
}

/** gRPC status codes that say nothing about whether the request took effect: cancelled, unknown, deadline exceeded, aborted, internal, unavailable. */
const transientCodes = new Set([1, 2, 4, 10, 13, 14]);
const transientTypes = new Set(['unavailable', 'cancelled', 'deadline-exceeded', 'timeout', 'not-leader', 'unknown']);

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof WrongRevision) return false;
  if ('code' in error && typeof error.code === 'number') return transientCodes.has(error.code);
  return 'type' in error && typeof error.type === 'string' && transientTypes.has(error.type);
}
