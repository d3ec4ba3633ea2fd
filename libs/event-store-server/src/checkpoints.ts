/**
 * When a filtered subscription tells its client how far it has come.
 *
 * Every event of $all after the start counts as considered, whether the filter had to look at it or the category index stepped over it:
 * a checkpoint is due each time `interval` more positions have been passed. Of several that fall due while nothing is sent in between,
 * only the last is told. All matching events up to a checkpoint have been sent before it.
 */
export class Checkpoints {
  readonly #start: number;
  readonly #interval: number;
  #told = 0;

  /** @param start the position that the subscription begins after */
  constructor(start: number, interval: number) {
    this.#start = start;
    this.#interval = interval;
  }

  /** The checkpoint that is due when all events up to this position have been dealt with. */
  due(considered: number): number | undefined {
    const steps = Math.floor((considered - this.#start) / this.#interval);
    if (steps <= this.#told) return undefined;
    this.#told = steps;
    return this.#start + steps * this.#interval;
  }
}
