export interface Expiry {
  readonly atMs: number;
  readonly holdId: string;
}

/** Holds by the time at which they expire: a binary heap. Holds that ended earlier stay in it until they come to the top. */
export class Expiries {
  readonly #heap: Expiry[] = [];

  /** The next to come; its time is in milliseconds since 1970. */
  get earliest(): Expiry | undefined {
    return this.#heap[0];
  }

  add(holdId: string, atMs: number): void {
    const heap = this.#heap;
    let index = heap.push({ atMs, holdId }) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  /** Holds that are due, without taking them out; those with nothing due above them are not looked at. */
  *due(nowMs: number, index = 0): Generator<Expiry> {
    const expiry = this.#heap[index];
    if (!expiry || expiry.atMs > nowMs) return;
    yield expiry;
    yield* this.due(nowMs, 2 * index + 1);
    yield* this.due(nowMs, 2 * index + 2);
  }

  removeEarliest(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let index = 0; ;) {
      const child = this.#earlierChild(index);
      if (this.#at(child) >= this.#at(index)) return;
      this.#swap(child, index);
      index = child;
    }
  }

  #earlierChild(index: number): number {
    const left = 2 * index + 1;
    return this.#at(left + 1) < this.#at(left) ? left + 1 : left;
  }

  #at(index: number): number {
    return this.#heap[index]?.atMs ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (!first || !second) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
