import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AllStreamSubscription, RecordedEvent } from '@eventstore/db-client';

/** Events that wait for a slow reader before the stream is paused. */
const pauseAbove = 8_000;

/**
 * Turns the client's subscription, one event at a time, into batches of whatever has come since the last one was taken, with backpressure.
 * `caughtUp` is passed on only once the events that the client still buffers have been given.
 */
export class BatchedSubscription {
  #pending: RecordedEvent[] = [];
  #caughtUp = false;
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(
    private readonly subscription: AllStreamSubscription,
    signal: AbortSignal,
  ) {
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    signal.addEventListener('abort', end, { once: true });
    subscription
      .on('data', ({ event }: { event?: RecordedEvent }) => {
        if (event) this.#pending.push(event);
        if (this.#pending.length >= pauseAbove) subscription.pause();
        this.#wake();
      })
      .on('caughtUp', () => {
        this.#caughtUp = true;
        this.#wake();
      })
      .on('error', (error: Error) => {
        this.#error ??= error;
        end();
      })
      .on('end', end)
      .on('close', () => {
        signal.removeEventListener('abort', end);
        end();
      });
  }

  async *batches(): AsyncGenerator<{ recorded: RecordedEvent[]; caughtUp: boolean }> {
    try {
      for (;;) {
        const recorded = this.#pending;
        this.#pending = [];
        if (recorded.length > 0) yield { recorded, caughtUp: false };
        else if (this.#caughtUp && this.subscription.readableLength === 0) {
          this.#caughtUp = false;
          yield { recorded: [], caughtUp: true };
        } else if (this.#ended) break;
        else {
          await this.#change();
          // The client hands events over one by one: a turn of the loop later all that came with the first are there, and go out as one batch.
          await nextTurn();
        }
        if (this.subscription.isPaused()) this.subscription.resume();
      }
      if (this.#error) throw this.#error;
    } finally {
      await this.subscription.unsubscribe();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
