import { partOfKey, StagedParts } from './staged-parts.js';

/** Which payment a key of ours belongs to, of all movements of a day: as many as there are, and not in memory. */
export class PaymentIds {
  readonly #staged: StagedParts<string>;

  constructor(folder: string) {
    this.#staged = new StagedParts(folder);
  }

  add(ourKey: string, paymentId: string): Promise<void> | undefined {
    return this.#staged.add('id', ourKey, paymentId);
  }

  /** Of those keys that the day has. */
  async find(keys: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const [part, wanted] of Map.groupBy(new Set(keys), partOfKey)) {
      const missing = new Set(wanted);
      for await (const [key, paymentId] of this.#staged.read('id', part)) if (missing.delete(key)) found.set(key, paymentId);
    }
    return found;
  }

  close(): Promise<void> {
    return this.#staged.close();
  }
}
