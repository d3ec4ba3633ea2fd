import { LogRefused } from './log-refused.js';
import { checkSize, emptyRoot, hashLength, nodeHash, sameHash, type Hash } from './merkle.js';
import { TileNodes } from './tile.nodes.js';
import { hashesAt, hashesOfTile, tileAt, tileHeight, tileWidth, type Tile, type TileSource } from './tile.js';

/** The last tile of a level, while it is filled. */
interface Edge {
  readonly index: number;
  readonly hashes: Uint8Array;
  width: number;
  /** Its width when it was last taken. */
  taken: number;
}

const newEdge = (index: number): Edge => ({ index, hashes: new Uint8Array(tileWidth * hashLength), width: 0, taken: 0 });

/**
 * A tree that grows leaf by leaf. It keeps only its right edge: the roots of the whole subtrees that it is made of (a compact range), and the last tile
 * of each level. An append costs one hash on average, and as many as the tree is high at most.
 */
export class MerkleTree {
  #size = 0;
  /** By height; that of a height is of use where the size has that bit. */
  readonly #peaks: Hash[] = [];
  /** By level. */
  readonly #edges: Edge[] = [];
  #full: Tile[] = [];

  /**
   * The tree as its tiles have it, to go on from there.
   * @param root that the tree must have, as in the last checkpoint
   * @throws LogRefused `root_differs`, `tile_missing`, `tile_length`
   */
  static async resume(size: number, tiles: TileSource, root?: Hash): Promise<MerkleTree> {
    checkSize(size);
    const tree = new MerkleTree();
    tree.#size = size;
    for (let level = 0; hashesAt(level, size) > 0; level++) await tree.#readEdge(level, tiles);
    if (root && !sameHash(tree.root(), root)) throw new LogRefused('root_differs', `the tiles of ${size} leaves have another root`);
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** @param leaf its hash (`leafHash`) */
  append(leaf: Hash): void {
    let hash = leaf;
    let height = 0;
    for (let rest = this.#size; ; rest = (rest - 1) / 2) {
      if (height % tileHeight === 0) this.#intoTile(height / tileHeight, hash);
      if (rest % 2 === 0) break;
      hash = nodeHash(this.#peak(height), hash);
      height++;
    }
    this.#peaks[height] = hash;
    this.#size++;
  }

  root(): Hash {
    let root: Hash | undefined;
    for (let height = 0, rest = this.#size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) root = root ? nodeHash(this.#peak(height), root) : this.#peak(height);
    }
    return root ?? emptyRoot;
  }

  /**
   * The tiles that were made or have grown since this was last called: `tilesOfGrowth` from then to now. Whoever stores them before the checkpoint of
   * this size is published keeps what C2SP tlog-tiles asks. They are held in memory until they are taken.
   */
  takeTiles(): Tile[] {
    const tiles = this.takeFullTiles();
    for (const [level, edge] of this.#edges.entries()) {
      if (edge.width === edge.taken) continue;
      edge.taken = edge.width;
      tiles.push({ level, index: edge.index, width: edge.width, hashes: edge.hashes.slice(0, edge.width * hashLength) });
    }
    return tiles;
  }

  /** Of these only the full ones: they will never change. */
  takeFullTiles(): Tile[] {
    const tiles = this.#full;
    this.#full = [];
    return tiles;
  }

  #peak(height: number): Hash {
    const peak = this.#peaks[height];
    if (!peak) throw new Error(`a tree of ${this.#size} leaves has no subtree of height ${height}`);
    return peak;
  }

  #intoTile(level: number, hash: Hash): void {
    const edge = (this.#edges[level] ??= newEdge(0));
    edge.hashes.set(hash, edge.width * hashLength);
    if (++edge.width < tileWidth) return;
    this.#full.push({ level, index: edge.index, width: tileWidth, hashes: edge.hashes });
    this.#edges[level] = newEdge(edge.index + 1);
  }

  async #readEdge(level: number, tiles: TileSource): Promise<void> {
    const index = Math.floor(hashesAt(level, this.#size) / tileWidth);
    const width = hashesAt(level, this.#size) % tileWidth;
    const edge = (this.#edges[level] = newEdge(index));
    if (width === 0) return;
    const id = tileAt(level, index, this.#size);
    edge.hashes.set(hashesOfTile(id, await tiles(id)));
    edge.width = edge.taken = width;
    const nodes = new TileNodes(edge.hashes.subarray(0, width * hashLength));
    let from = 0;
    for (let height = tileHeight - 1; height >= 0; height--) {
      const span = 2 ** height;
      if (Math.floor(width / span) % 2 === 0) continue;
      this.#peaks[level * tileHeight + height] = nodes.at(height, from / span).slice();
      from += span;
    }
  }
}
