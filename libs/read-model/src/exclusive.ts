/** Work that must not overlap: each piece runs when those asked for before it have ended. */
export class Exclusive {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // Whoever asked for it hears of a failure; the next in line does not.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
