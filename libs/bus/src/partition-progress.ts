/**
 * How far one partition has come with what a reader gave it. A lane settles in order, so the log positions of what is open form a queue.
 */
export class PartitionProgress {
  /** Set while the reader leaves the partition out: everything up to here was given to it, the rest has to be read again. */
  leftOutAfter: bigint | undefined;
  #open: bigint[] = [];
  #first = 0;
  /** Everything up to here is settled, as long as something is open. */
  #floor = 0n;

  get open(): number {
    return this.#open.length - this.#first;
  }

  /** A delivery begins; everything up to `before` was read earlier. */
  begin(position: bigint, before: bigint): void {
    if (this.open === 0) this.#floor = before;
    this.#open.push(position);
  }

  /** The oldest open delivery is settled. */
  settle(): void {
    const position = this.#open[this.#first];
    if (position === undefined) throw new Error('nothing is open in this partition');
    this.#first += 1;
    // One event may be several messages: it is done with its last.
    if (this.#open[this.#first] !== position) this.#floor = position;
    if (this.open === 0 || this.#first >= 1_000) {
      this.#open = this.#open.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Everything up to here is settled, when the reader has read up to `read`. */
  low(read: bigint): bigint {
    return this.open > 0 ? this.#floor : (this.leftOutAfter ?? read);
  }
}
