import type { Books } from './books.js';
import type { Snapshots } from './journal.snapshots.js';

/** A snapshot is due after so many entries or journal events since the last one: whichever comes first. A start folds what came after it. */
export interface SnapshotInterval {
  entries: number;
  events: number;
}

const usualInterval: SnapshotInterval = { entries: 150_000, events: 10_000 };

/** When the writer stops, so little is not worth one. */
const leastOnStop: SnapshotInterval = { entries: 1_000, events: 1_000 };

/** When snapshots are taken: beside the writer's work, one at a time. */
export class SnapshotSchedule {
  #last: SnapshotInterval;
  #taking: Promise<void> | undefined;
  #abort = new AbortController();

  /** @param last entries and events that are in the newest snapshot */
  constructor(
    private readonly snapshots: Pick<Snapshots, 'take'>,
    last: SnapshotInterval,
    private readonly interval = usualInterval,
  ) {
    this.#last = last;
  }

  isDue(books: Books): boolean {
    return this.#taking === undefined && this.#hasGrown(books, this.interval);
  }

  /** Begins to take a snapshot of books that are durable, all of them. What is done to them after this, only by `adopt`, is not in it. */
  begin(books: Books): void {
    this.#last = extentOf(books);
    this.#taking = this.snapshots.take(books, this.#abort.signal).then(() => {
      this.#taking = undefined;
    });
  }

  /** The last one, when there is something that an earlier one does not have; nothing comes after it. */
  async finish(books: Books): Promise<void> {
    const wasBusy = this.#taking !== undefined;
    this.#abort.abort();
    await this.#taking;
    if (wasBusy || this.#hasGrown(books, leastOnStop)) await this.snapshots.take(books);
  }

  /** Gives up what is under way. */
  async end(): Promise<void> {
    this.#abort.abort();
    await this.#taking;
  }

  #hasGrown(books: Books, by: SnapshotInterval): boolean {
    const now = extentOf(books);
    return now.events > 0 && (now.entries - this.#last.entries >= by.entries || now.events - this.#last.events >= by.events);
  }
}

const extentOf = ({ nextEntry, revision }: Books): SnapshotInterval => ({
  entries: nextEntry,
  events: revision === undefined ? 0 : revision + 1,
});
