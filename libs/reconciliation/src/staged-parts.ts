import { partOf, Spill } from '@tongbao/provider-bills';

/** Parts that rows are divided into by their key: one of them fits into memory when a million rows are staged. */
const parts = 64;

/** Rows by key, in files where they are many: whoever needs them together takes them part by part. */
export class StagedParts<Row> {
  readonly #spill: Spill;

  constructor(folder: string) {
    this.#spill = new Spill(folder);
  }

  /** @returns what is to be awaited before the next, where the part goes to its file */
  add(kind: string, key: string, row: Row): Promise<void> | undefined {
    return this.#spill.add(`${kind}-${partOf(key, parts)}`, JSON.stringify([key, row]));
  }

  /** The numbers of all parts. */
  *numbers(): Generator<number> {
    for (let part = 0; part < parts; part += 1) yield part;
  }

  async *read(kind: string, part: number): AsyncGenerator<[key: string, row: Row]> {
    for await (const texts of this.#spill.read(`${kind}-${part}`)) {
      for (const text of texts) yield JSON.parse(text) as [string, Row]; // as `add` wrote it
    }
  }

  close(): Promise<void> {
    return this.#spill.close();
  }
}

export const partOfKey = (key: string): number => partOf(key, parts);
