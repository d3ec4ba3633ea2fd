import { Checkpoint, WrongRevision, type EventStore } from '@tongbao/event-store';

/** How often a position is saved: what was handled after the last save is handled again after a crash. */
export interface SaveRhythm {
  everyMessages: number;
  everyMs: number;
}

export const defaultRhythm: SaveRhythm = { everyMessages: 2_000, everyMs: 1_000 };

/** A checkpoint that is moved now and then instead of at every message. It never moves back. */
export class SavedPosition {
  /** Why the last save failed. */
  error: unknown;
  #messages = 0;
  #unsaved = false;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;
  #closed = false;

  private constructor(
    private readonly store: EventStore,
    private readonly name: string,
    private readonly rhythm: SaveRhythm,
    private checkpoint: Checkpoint,
    private readonly reached: () => bigint,
  ) {}

  /** @param reached asked when it is time to save: everything up to there is durably dealt with */
  static async load(store: EventStore, name: string, rhythm: SaveRhythm, reached: () => bigint): Promise<SavedPosition> {
    return new SavedPosition(store, name, rhythm, await Checkpoint.load(store, name), reached);
  }

  /** Where a restart begins. */
  get position(): bigint {
    return this.checkpoint.position;
  }

  /** The reached position may have moved; by `messages` more dealt with. */
  moved(messages: number): void {
    this.#unsaved = true;
    this.#messages += messages;
    if (this.#messages >= this.rhythm.everyMessages && !this.#closed) void this.#save();
    else this.#arm();
  }

  /** Saves what has been reached. No further save follows by itself. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#saving;
    await this.#save();
  }

  #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving ??= this.#move().finally(() => {
      this.#saving = undefined;
      // What came while it was being saved.
      if (this.#unsaved) this.#arm();
    });
    return this.#saving;
  }

  /** A failure is told by the status and mended by the next save: a position saved late only means more repetition after a crash. */
  async #move(): Promise<void> {
    this.#unsaved = false;
    this.#messages = 0;
    try {
      await this.#moveTo(this.reached());
      this.error = undefined;
    } catch (error) {
      this.error = error;
      this.#unsaved = true;
    }
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

  #arm(): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => void this.#save(), this.rhythm.everyMs).unref();
  }
}
