import type { RecordedEvent } from './events.js';

export interface RecentEventsOptions {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/**
 * The events committed last, in memory, for the many subscribers that are nearly up to date: whoever finds its next event here
 * reads nothing from disk, and shares the encoded bytes with the others. Positions have no gaps, so a position is an index.
 */
export class RecentEvents {
  readonly #slots: (RecordedEvent | undefined)[];
  readonly #maxBytes: number;
  #first: number;
  #last: number;
  #bytes = 0;

  /** @param lastPosition the newest position that is on disk already and not here */
  constructor({ maxEvents, maxBytes }: RecentEventsOptions, lastPosition: number) {
    this.#slots = new Array<RecordedEvent | undefined>(Math.max(1, maxEvents));
    this.#maxBytes = maxBytes;
    this.#first = lastPosition + 1;
    this.#last = lastPosition;
  }

  add(event: RecordedEvent): void {
    if (this.#last - this.#first + 1 === this.#slots.length) this.#dropFirst();
    this.#last = event.position;
    this.#slots[event.position % this.#slots.length] = event;
    this.#bytes += sizeOf(event);
    while (this.#bytes > this.#maxBytes && this.#first < this.#last) this.#dropFirst();
  }

  /** Whether all events from this position on are here. */
  covers(position: number): boolean {
    return position >= this.#first;
  }

  /** The event at a position that is covered; undefined beyond the newest. */
  at(position: number): RecordedEvent | undefined {
    return position >= this.#first && position <= this.#last ? this.#slots[position % this.#slots.length] : undefined;
  }

  get count(): number {
    return this.#last - this.#first + 1;
  }

  #dropFirst(): void {
    const slot = this.#first % this.#slots.length;
    const event = this.#slots[slot];
    if (event) this.#bytes -= sizeOf(event);
    this.#slots[slot] = undefined;
    this.#first += 1;
  }
}

/** Payload and its encoded copy, and a guess of what the rest weighs. */
const sizeOf = (event: RecordedEvent): number => 2 * (event.data.length + event.metadata.length) + 600;
