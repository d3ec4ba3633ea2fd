import { Checkpoint, WrongRevision, type EventStore } from '@tongbao/event-store';
import { Saver, type SaveRhythm } from './saver.js';

export const defaultRhythm: SaveRhythm = { everyMessages: 2_000, everyMs: 1_000 };

/** A checkpoint that is moved now and then instead of at every message. It never moves back. */
export class SavedPosition {
  readonly #saver: Saver;

  private constructor(
    private readonly store: EventStore,
    private readonly name: string,
    rhythm: SaveRhythm,
    private checkpoint: Checkpoint,
    private readonly reached: () => bigint,
  ) {
    this.#saver = new Saver(rhythm, () => this.#moveTo(this.reached()));
  }

  /** @param reached asked when it is time to save: everything up to there is durably dealt with */
  static async load(store: EventStore, name: string, rhythm: SaveRhythm, reached: () => bigint): Promise<SavedPosition> {
    return new SavedPosition(store, name, rhythm, await Checkpoint.load(store, name), reached);
  }

  /** Where a restart begins. */
  get position(): bigint {
    return this.checkpoint.position;
  }

  /** Why the last save failed. */
  get error(): unknown {
    return this.#saver.error;
  }

  /** The reached position may have moved; by `messages` more dealt with. */
  moved(messages: number): void {
    this.#saver.moved(messages);
  }

  /** Saves what has been reached. No further save follows by itself. */
  async close(): Promise<void> {
    await this.#saver.close();
  }

  async #moveTo(position: bigint): Promise<void> {
    try {
      if (position > this.checkpoint.position) await this.checkpoint.move(position);
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error;
      // An earlier move was stored without our knowing, or another process consumes as the same group: go on from what is stored.
      this.checkpoint = await Checkpoint.load(this.store, this.name);
      if (position > this.checkpoint.position) await this.checkpoint.move(position);
    }
  }
}
