import { controlSum } from './decimal.js';

/** What one file may hold. A bank says so; a file that is over is refused as a whole. */
export interface BatchLimits {
  /** 10,000 if not given. */
  readonly transactionsPerFile?: number;
  /** Minor units by currency; a currency that is not named has no limit. */
  readonly sumMinorPerFile?: Readonly<Record<string, bigint>>;
}

export interface Batched<Item> {
  readonly transactions: number;
  readonly sumsMinor: ReadonlyMap<string, bigint>;
  readonly blocks: readonly { readonly key: string; readonly items: readonly Item[] }[];
}

export interface BatchFacts {
  /** Instructions with the same key go into one payment block. */
  readonly block: string;
  /** Orders the instructions of a block. */
  readonly id: string;
  readonly amountMinor: number;
  readonly currency: string;
}

export const defaultTransactionsPerFile = 10_000;
/** `CtrlSum` has at most 18 digits. */
const controlSumDigits = 18;

/**
 * Divides instructions into files. The same instructions come into the same files, in whatever order they are given: they are sorted by block and id, and a
 * file is closed when the next one would pass a limit. An instruction that alone passes a limit gets a file of its own: refuse it before.
 */
export function splitBatches<Item>(items: readonly Item[], factsOf: (item: Item) => BatchFacts, limits: BatchLimits): Batched<Item>[] {
  const sorted = items.map((item) => ({ item, ...factsOf(item) })).sort((a, b) => compare(a.block, b.block) || compare(a.id, b.id));
  const files: OpenBatch<Item>[] = [];
  for (const { item, ...facts } of sorted) {
    let file = files.at(-1);
    if (file?.hasRoomFor(facts, limits) !== true) files.push((file = new OpenBatch()));
    file.add(item, facts);
  }
  return files;
}

/** By code units: no locale has a say in which file an instruction is. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

class OpenBatch<Item> implements Batched<Item> {
  transactions = 0;
  readonly sumsMinor = new Map<string, bigint>();
  readonly blocks: { key: string; items: Item[] }[] = [];

  hasRoomFor(facts: BatchFacts, { transactionsPerFile = defaultTransactionsPerFile, sumMinorPerFile = {} }: BatchLimits): boolean {
    if (this.transactions + 1 > transactionsPerFile) return false;
    const sums = this.#with(facts);
    const limit = sumMinorPerFile[facts.currency];
    if (limit !== undefined && (sums.get(facts.currency) ?? 0n) > limit) return false;
    return controlSum(sums).replace('.', '').length <= controlSumDigits;
  }

  add(item: Item, facts: BatchFacts): void {
    this.transactions++;
    for (const [currency, sum] of this.#with(facts)) this.sumsMinor.set(currency, sum);
    const last = this.blocks.at(-1);
    if (last?.key === facts.block) last.items.push(item);
    else this.blocks.push({ key: facts.block, items: [item] });
  }

  #with({ currency, amountMinor }: BatchFacts): Map<string, bigint> {
    return new Map(this.sumsMinor).set(currency, (this.sumsMinor.get(currency) ?? 0n) + BigInt(amountMinor));
  }
}
