/** What was taken under a key until a time. */
export interface Window {
  readonly key: string;
  readonly endsAt: number;
  taken: number;
}

/** Windows of one length: they end in the order in which they begin. */
export class Windows {
  readonly #byKey = new Map<string, Window>();
  /** Oldest first, from `#first` on. A Map keeps this order as well, but to find its first entry V8 steps over all that were deleted before it. */
  #order: Window[] = [];
  #first = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Window | undefined {
    return this.#byKey.get(key);
  }

  begin(key: string, endsAt: number): Window {
    const window = { key, endsAt, taken: 0 };
    this.#byKey.set(key, window);
    this.#order.push(window);
    return window;
  }

  /** Forgets those that are over. @returns how many */
  forgetEnded(now: number): number {
    let forgotten = 0;
    while ((this.#order[this.#first]?.endsAt ?? Infinity) <= now) forgotten += this.forgetFirst();
    return forgotten;
  }

  /** Forgets the one that ends soonest. @returns how many that are: 0 when there is none */
  forgetFirst(): number {
    const first = this.#order[this.#first];
    if (!first) return 0;
    this.#byKey.delete(first.key);
    this.#first += 1;
    // Now and then, so that it costs little for each: what is forgotten must not stay in memory.
    if (this.#first > 1_000 && this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
    return 1;
  }
}
