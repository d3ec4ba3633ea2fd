import { LogRefused } from './log-refused.js';
import { checkSize, emptyRoot, nodeHash, splitOf, type Hash } from './merkle.js';
import { TileNodes } from './tile.nodes.js';
import { hashesOfTile, tileAt, tileHeight, tilePath, tileWidth, type TileId, type TileSource } from './tile.js';

/** The leaves from `begin` to before `end`; `begin` is a multiple of the largest whole subtree in it, as RFC 6962 splits trees. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A whole subtree: over the leaves from index * 2^height on, 2^height of them. */
interface NodeId {
  readonly height: number;
  readonly index: number;
}

export interface ProverOptions {
  /** Tiles that are kept with their inner nodes, 16 KiB each; the ones used last. Default 512. */
  readonly tilesInMemory?: number;
}

/** Roots and proofs of a tree at any size that its tiles reach, in the forms of RFC 6962, section 2.1. It believes its tiles: verify what goes out. */
export class TreeProver {
  readonly #memory = new Map<string, TileNodes>();
  readonly #tilesInMemory: number;

  constructor(
    private readonly tiles: TileSource,
    { tilesInMemory = 512 }: ProverOptions = {},
  ) {
    this.#tilesInMemory = tilesInMemory;
  }

  /** @throws LogRefused `out_of_range`; `tile_missing`, `tile_length` */
  async root(size: number): Promise<Hash> {
    checkSize(size);
    if (size === 0) return emptyRoot;
    const [root = emptyRoot] = await this.#hashes([{ begin: 0, end: size }], size);
    return root;
  }

  /** Of the leaf at an index, in the tree of this size. @throws LogRefused `out_of_range`; `tile_missing`, `tile_length` */
  inclusionProof(index: number, size: number): Promise<Hash[]> {
    checkSize(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
      return Promise.reject(new LogRefused('out_of_range', `a tree of ${size} leaves has no leaf ${index}`));
    }
    return this.#hashes(inclusionRanges(index, size), size);
  }

  /** Empty from size 0, which begins every tree. @throws LogRefused `out_of_range`; `tile_missing`, `tile_length` */
  consistencyProof(oldSize: number, size: number): Promise<Hash[]> {
    checkSize(oldSize);
    checkSize(size);
    if (oldSize > size) return Promise.reject(new LogRefused('out_of_range', `${oldSize} leaves are more than ${size}`));
    return this.#hashes(oldSize === 0 ? [] : consistencyRanges(oldSize, size), size);
  }

  /** Roots of ranges. First all tiles, side by side; then the hashing. */
  async #hashes(ranges: readonly Range[], size: number): Promise<Hash[]> {
    const subtrees = ranges.map(wholeSubtrees);
    const needed = new Map<string, TileId>();
    for (const node of subtrees.flat()) {
      const tile = tileWith(node, size);
      needed.set(tilePath(tile), tile);
    }
    const nodes = new Map<string, TileNodes>();
    await Promise.all(Array.from(needed, async ([path, tile]) => nodes.set(path, await this.#nodes(path, tile))));
    return subtrees.map((range) =>
      range
        .map((node) => {
          const tile = nodes.get(tilePath(tileWith(node, size)));
          if (!tile) throw new Error(`the tile of node ${node.index} at height ${node.height} was not read`);
          const height = node.height % tileHeight;
          return tile.at(height, node.index % (tileWidth / 2 ** height));
        })
        .reduceRight((right, left) => nodeHash(left, right))
        .slice(),
    );
  }

  async #nodes(path: string, tile: TileId): Promise<TileNodes> {
    const known = this.#memory.get(path);
    const nodes = known ?? new TileNodes(hashesOfTile(tile, await this.tiles(tile)));
    // Set anew, it is the last to be forgotten.
    this.#memory.delete(path);
    this.#memory.set(path, nodes);
    const [oldest] = this.#memory.keys();
    if (this.#memory.size > this.#tilesInMemory && oldest !== undefined) this.#memory.delete(oldest);
    return nodes;
  }
}

function tileWith({ height, index }: NodeId, size: number): TileId {
  const first = index * 2 ** (height % tileHeight);
  return tileAt(Math.floor(height / tileHeight), Math.floor(first / tileWidth), size);
}

/** From left to right, each smaller than the one before. */
function wholeSubtrees({ begin, end }: Range): NodeId[] {
  const nodes: NodeId[] = [];
  let from = begin;
  while (from < end) {
    let height = 0;
    while (2 ** (height + 1) <= end - from) height++;
    nodes.push({ height, index: from / 2 ** height });
    from += 2 ** height;
  }
  return nodes;
}

/** What PATH(index, D[size]) names, from the leaf's sibling upwards. */
function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const split = begin + splitOf(end - begin);
    if (index < split) {
      ranges.push({ begin: split, end });
      end = split;
    } else {
      ranges.push({ begin, end: split });
      begin = split;
    }
  }
  return ranges.reverse();
}

/** What PROOF(oldSize, D[size]) names. */
function consistencyRanges(oldSize: number, size: number): Range[] {
  const ranges: Range[] = [];
  let [begin, end] = [0, size];
  while (oldSize < end) {
    const split = begin + splitOf(end - begin);
    if (oldSize <= split) {
      ranges.push({ begin: split, end });
      end = split;
    } else {
      ranges.push({ begin, end: split });
      begin = split;
    }
  }
  // The old root itself is known to who asks; what ends with it is not.
  if (begin > 0) ranges.push({ begin, end });
  return ranges.reverse();
}
