import { WrongRevision } from './errors.js';
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
    private readonly writer: string | undefined,
  ) {}

  /** @param writer unique to whoever holds it: without one, two that make the same move of the same checkpoint both succeed */
  static async load(store: EventStore, name: string, writer?: string): Promise<Checkpoint> {
    const checkpoint = new Checkpoint(store, name, writer);
    await checkpoint.#load();
    return checkpoint;
  }

  /** Loads it, and takes it over from whoever else holds it: the next move of any other fails. */
  static async claim(store: EventStore, name: string, writer: string): Promise<Checkpoint> {
    const checkpoint = await Checkpoint.load(store, name, writer);
    for (;;) {
      try {
        await checkpoint.#append(checkpoint.#position);
        return checkpoint;
      } catch (error) {
        if (!(error instanceof WrongRevision)) throw error;
        await checkpoint.#load();
      }
    }
  }

  get position(): bigint {
    return this.#position;
  }

  /**
   * A move of unknown outcome must be made again before one to another position, which would not know its own work.
   * @throws WrongRevision when somebody else moved it
   */
  async move(position: bigint): Promise<void> {
    if (position !== this.#position) await this.#append(position);
  }

  /**
   * Looks whether it is still where it was moved to; not to be asked after a move of unknown outcome.
   * @throws WrongRevision when somebody else moved it
   */
  async verify(): Promise<void> {
    const last = await this.store.readLast<CheckpointReached>(this.#stream);
    if (last?.revision !== this.#revision) throw new WrongRevision(this.#stream, last?.revision);
  }

  async #append(position: bigint): Promise<void> {
    const event: CheckpointReached = { type: 'CheckpointReached', position: String(position) };
    const first = this.#revision === undefined;
    const { revision } = await this.store.append(this.#stream, this.#revision ?? 'no_stream', [event], {
      commandId: `checkpoint ${this.name}${this.writer ? ` by ${this.writer}` : ''} after ${this.#revision ?? 'nothing'}`,
    });
    if (first) await this.store.keepNewest(this.#stream, 1);
    this.#revision = revision;
    this.#position = position;
  }

  async #load(): Promise<void> {
    const last = await this.store.readLast<CheckpointReached>(this.#stream);
    this.#revision = last?.revision;
    this.#position = BigInt(last?.event.position ?? 0);
  }

  get #stream(): string {
    return `checkpoint-${this.name}`;
  }
}
