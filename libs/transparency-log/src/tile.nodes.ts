import { hashLength, nodeHash, type Hash } from './merkle.js';
import { tileHeight } from './tile.js';

/** The inner nodes of a tile: its hashes are row 0, and each row above has the nodes over two whole ones of the row below. */
export class TileNodes {
  readonly #rows: readonly Uint8Array[];

  /** @param hashes of the tile, 32 bytes each */
  constructor(hashes: Uint8Array) {
    const rows = [hashes];
    for (let row = hashes; rows.length < tileHeight && row.length >= 2 * hashLength; rows.push(row)) row = above(row);
    this.#rows = rows;
  }

  /** Root of the whole subtree over 2^height hashes, the `index`-th of its height in this tile. */
  at(height: number, index: number): Hash {
    const hash = this.#rows[height]?.subarray(index * hashLength, (index + 1) * hashLength);
    if (hash?.length !== hashLength) throw new RangeError(`the tile has no node ${index} at height ${height}`);
    return hash;
  }
}

function above(row: Uint8Array): Uint8Array {
  const nodes = new Uint8Array(Math.floor(row.length / (2 * hashLength)) * hashLength);
  for (let to = 0, from = 0; to < nodes.length; to += hashLength, from += 2 * hashLength) {
    const middle = from + hashLength;
    nodes.set(nodeHash(row.subarray(from, middle), row.subarray(middle, middle + hashLength)), to);
  }
  return nodes;
}
