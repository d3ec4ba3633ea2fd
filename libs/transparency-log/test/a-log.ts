import { MerkleTree } from '../src/merkle.tree.js';
import { leafHash, type Hash } from '../src/merkle.js';
import { generateSignerKey, type SignerKey } from '../src/note.keys.js';
import { formatNote, parseNote, signNote } from '../src/note.js';
import { signCheckpoint } from '../src/checkpoint.js';
import { MemoryTiles } from '../src/tile.sources.js';
import { TreeProver } from '../src/tree.prover.js';

export const origin = 'hub.example/log';
export const logKey = generateSignerKey(origin, 'ed25519');
export const log = { origin, key: logKey.verifier };
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const leafText = (index: number): Buffer => Buffer.from(`leaf ${index}`);
export const leavesTo = (size: number): Hash[] => Array.from({ length: size }, (_, index) => leafHash(leafText(index)));

/** A log whose tiles are in memory. */
export class ALog {
  readonly tree = new MerkleTree();
  readonly tiles = new MemoryTiles();
  readonly prover = new TreeProver(this.tiles.get);

  static of(leaves: readonly Hash[]): ALog {
    const made = new ALog();
    made.append(leaves);
    return made;
  }

  append(leaves: readonly Hash[]): this {
    for (const leaf of leaves) this.tree.append(leaf);
    for (const tile of this.tree.takeTiles()) this.tiles.put(tile);
    return this;
  }

  get checkpoint(): { origin: string; size: number; root: Hash } {
    return { origin, size: this.tree.size, root: this.tree.root() };
  }

  signed(): string {
    return signCheckpoint(this.checkpoint, logKey);
  }

  readonly prove = (oldSize: number, size: number): Promise<Hash[]> => this.prover.consistencyProof(oldSize, size);
}

export const aWitness = (name = 'witness.example/w1'): SignerKey => generateSignerKey(name, 'cosignature');

export function cosigned(signed: string, by: readonly SignerKey[], timestampSeconds = 1_679_315_147): string {
  const note = parseNote(signed);
  return formatNote({ ...note, signatures: [...note.signatures, ...by.map((key) => signNote(note.text, key, timestampSeconds))] });
}

/** The code with which something is refused; whatever else is thrown goes on. */
export async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.name === 'LogRefused') return String(error.code);
    throw error;
  }
  return 'nothing was refused';
}

/** The same bytes with one bit the other way. */
export function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const at = Math.floor(bit / 8) % bytes.length;
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8));
  return flipped;
}
