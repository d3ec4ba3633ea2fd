import type { RecordedEvent } from './events.js';

/** Wakes those who wait for new events: all of them, or only those of the streams that got some. */
export class CommitSignal {
  readonly #all = new Set<() => void>();
  readonly #byStream = new Map<string, Set<() => void>>();

  /** Calls `wake` after every commit that wrote an event (of the stream, if one is named). Returns what ends that. */
  listen(stream: string | undefined, wake: () => void): () => void {
    if (stream === undefined) {
      this.#all.add(wake);
      return () => this.#all.delete(wake);
    }
    const listeners = this.#byStream.get(stream) ?? new Set();
    this.#byStream.set(stream, listeners.add(wake));
    return () => {
      listeners.delete(wake);
      if (listeners.size === 0 && this.#byStream.get(stream) === listeners) this.#byStream.delete(stream);
    };
  }

  emit(events: readonly RecordedEvent[]): void {
    if (events.length === 0) return;
    for (const wake of this.#all) wake();
    if (this.#byStream.size === 0) return;
    for (const name of new Set(events.map(({ stream }) => stream))) for (const wake of this.#byStream.get(name) ?? []) wake();
  }
}
