/** How often a position is saved: what was handled after the last save is handled again after a crash. */
export interface SaveRhythm {
  everyMessages: number;
  everyMs: number;
}

/** Saves now and then instead of at every message, one save at a time. */
export class Saver {
  /** Why the last save failed. */
  error: unknown;
  #messages = 0;
  #unsaved = false;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;
  #closed = false;

  constructor(
    private readonly rhythm: SaveRhythm,
    private readonly save: () => Promise<void>,
  ) {}

  /** What is to be saved may have moved; by `messages` more dealt with. */
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
    this.#saving ??= this.#attempt().finally(() => {
      this.#saving = undefined;
      // What came while it was being saved.
      if (this.#unsaved) this.#arm();
    });
    return this.#saving;
  }

  /** A failure is told by the status and mended by the next save: a position saved late only means more repetition after a crash. */
  async #attempt(): Promise<void> {
    this.#unsaved = false;
    this.#messages = 0;
    try {
      await this.save();
      this.error = undefined;
    } catch (error) {
      this.error = error;
      this.#unsaved = true;
    }
  }

  #arm(): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => void this.#save(), this.rhythm.everyMs).unref();
  }
}
