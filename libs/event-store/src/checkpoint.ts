import type { EventStore } from './event-store.js';

interface CheckpointReached {
  type: 'CheckpointReached';
  /** Decimal. */
  position: string;
}

/**
 * A position that must survive what the truth survives: a stream `checkpoint-<name>` of which only the newest event is kept. Moves by
 * compare-and-swap: of two that hold the same name, the second one's move fails.
 */
export class Checkpoint {
  #revision: number | undefined;
  #position = 0n;

  private constructor(
    private readonly store: EventStore,
    private readonly name: string,
  ) {}

  static async load(store: EventStore, name: string): Promise<Checkpoint> {
    const checkpoint = new Checkpoint(store, name);
    const last = await store.readLast<CheckpointReached>(checkpoint.#stream);
    checkpoint.#revision = last?.revision;
    checkpoint.#position = BigInt(last?.event.position ?? 0);
    return checkpoint;
  }

  get position(): bigint {
    return this.#position;
  }

  /** @throws WrongRevision when somebody else moved it */
  async move(position: bigint): Promise<void> {
    if (position === this.#position) return;
    const event: CheckpointReached = { type: 'CheckpointReached', position: String(position) };
    const first = this.#revision === undefined;
    const { revision } = await this.store.append(this.#stream, this.#revision ?? 'no_stream', [event], {
      commandId: `checkpoint ${this.name} after ${this.#revision ?? 'nothing'}`,
    });
    if (first) await this.store.keepNewest(this.#stream, 1);
    this.#revision = revision;
    this.#position = position;
  }

  get #stream(): string {
    return `checkpoint-${this.name}`;
  }
}
