import { bundlePath, leafHash, LogRefused, TreeProver, verifyInclusion, type Checkpoint } from '@tongbao/transparency-log';
import type { Findings } from './findings.js';
import type { ServedLog } from './served-log.js';

const bundleWidth = 256;

/** The leaves that are served, against those that the journal makes. */
export class LeavesAudit {
  readonly #prover: TreeProver;
  #expected: (Uint8Array | undefined)[] = [];
  #bundle: { index: number; leaves: readonly Uint8Array[] | undefined } | undefined;
  compared = 0;

  constructor(
    private readonly served: Pick<ServedLog, 'bundle' | 'tiles'>,
    /** What is served first of all. */
    private readonly checkpoint: Pick<Checkpoint, 'size' | 'root'>,
    private readonly findings: Findings,
  ) {
    this.#prover = new TreeProver(served.tiles);
  }

  /** So many leaves are served. */
  get size(): number {
    return this.checkpoint.size;
  }

  /** The leaf of the next entry, as the journal makes it; undefined where nobody can make it. */
  async add(entry: number, leaf: Uint8Array | undefined): Promise<void> {
    if (entry >= this.checkpoint.size) return;
    this.#expected.push(leaf);
    if ((entry + 1) % bundleWidth !== 0 && entry + 1 < this.checkpoint.size) return;
    const expected = this.#expected;
    this.#expected = [];
    const first = entry + 1 - expected.length;
    const leaves = await this.#leavesOf(Math.floor(entry / bundleWidth));
    if (!leaves) return;
    for (const [at, made] of expected.entries()) {
      const number = first + at;
      const found = leaves[number % bundleWidth];
      if (made && found) await this.#compare(number, made, found);
    }
  }

  /** What the log serves as the leaf of an entry; undefined where it serves none. */
  async servedLeaf(entry: number): Promise<Uint8Array | undefined> {
    if (entry >= this.checkpoint.size) return undefined;
    return (await this.#leavesOf(Math.floor(entry / bundleWidth)))?.[entry % bundleWidth];
  }

  async #leavesOf(index: number): Promise<readonly Uint8Array[] | undefined> {
    if (this.#bundle?.index !== index) this.#bundle = { index, leaves: await this.#read(index) };
    return this.#bundle.leaves;
  }

  async #read(index: number): Promise<readonly Uint8Array[] | undefined> {
    const id = { index, width: Math.min(bundleWidth, this.checkpoint.size - index * bundleWidth) };
    try {
      return await this.served.bundle(id);
    } catch (error) {
      if (!(error instanceof LogRefused)) throw error;
      const finding = error.code === 'tile_missing' ? 'bundle_missing' : 'bundle_length';
      this.findings.add({ finding, at: bundlePath(id), detail: error.message });
      return undefined;
    }
  }

  async #compare(entry: number, made: Uint8Array, found: Uint8Array): Promise<void> {
    this.compared += 1;
    if (Buffer.compare(made, found) === 0) return;
    // Of two that differ, the one that the signed root proves is the one that was logged.
    if (await this.#isSigned(entry, found)) this.findings.addDifferences('journal_changed', `entry ${entry}`, shown(found), shown(made));
    else this.findings.addDifferences('leaf_differs', `entry ${entry}`, shown(made), shown(found));
  }

  async #isSigned(index: number, leaf: Uint8Array): Promise<boolean> {
    const { size, root } = this.checkpoint;
    try {
      return verifyInclusion({ index, size, root, leaf: leafHash(leaf), proof: await this.#prover.inclusionProof(index, size) });
    } catch (error) {
      if (error instanceof LogRefused) return false;
      throw error;
    }
  }
}

/** A leaf as JSON; as text where it is none. */
function shown(leaf: Uint8Array): unknown {
  const text = Buffer.from(leaf).toString();
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
