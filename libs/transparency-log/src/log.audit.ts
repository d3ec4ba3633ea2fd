import type { Checkpoint } from './checkpoint.js';
import { LogRefused } from './log-refused.js';
import { hashLength, sameHash, type Hash } from './merkle.js';
import { MerkleTree } from './merkle.tree.js';
import { hashesOfTile, tilePath, tileWidth, type Tile, type TileSource } from './tile.js';
import { TreeProver } from './tree.prover.js';

/** What is wrong with a log. */
export type LogFinding =
  /** There are fewer leaves than the checkpoint says. */
  | { readonly finding: 'leaves_missing'; readonly leaves: number; readonly size: number }
  /** A tile is not what the leaves make; `differing` are the first places in it, at level 0 the leaves that differ. */
  | { readonly finding: 'tile_differs'; readonly tile: string; readonly differing: readonly number[] }
  | { readonly finding: 'tile_missing' | 'tile_length'; readonly tile: string }
  /** The leaves do not make the checkpoint's root: they are not those that were logged. Without this finding, it is the tiles that are damaged. */
  | { readonly finding: 'root_differs'; readonly size: number };

const maxPlaces = 10;

/**
 * Rebuilds the log of a checkpoint from its leaves, and says where its tiles and its root are something else.
 * @param leaves hashes of leaves, from the first on; more than the checkpoint has are not read
 * @param tiles of the log
 */
export async function* auditLog(
  leaves: Iterable<Hash> | AsyncIterable<Hash>,
  tiles: TileSource,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
): AsyncGenerator<LogFinding> {
  const tree = new MerkleTree();
  if (size > 0) {
    for await (const leaf of leaves) {
      tree.append(leaf);
      yield* differences(tree.takeFullTiles(), tiles);
      if (tree.size === size) break;
    }
  }
  if (tree.size < size) yield { finding: 'leaves_missing', leaves: tree.size, size };
  else yield* differences(tree.takeTiles(), tiles);
  if (tree.size === size && !sameHash(tree.root(), root)) yield { finding: 'root_differs', size };
}

async function* differences(rebuilt: readonly Tile[], tiles: TileSource): AsyncGenerator<LogFinding> {
  for (const tile of rebuilt) {
    const served = await tileAsServed(tile, tiles);
    if (typeof served === 'string') yield { finding: served, tile: tilePath(tile) };
    else if (!sameHash(served, tile.hashes)) yield { finding: 'tile_differs', tile: tilePath(tile), differing: places(tile, served) };
  }
}

async function tileAsServed(tile: Tile, tiles: TileSource): Promise<Uint8Array | 'tile_missing' | 'tile_length'> {
  try {
    return hashesOfTile(tile, await tiles(tile));
  } catch (error) {
    if (error instanceof LogRefused && (error.code === 'tile_missing' || error.code === 'tile_length')) return error.code;
    throw error;
  }
}

/** Numbers of the hashes that differ, within their level. */
function places({ index, width, hashes }: Tile, served: Uint8Array): number[] {
  const hashOf = (of: Uint8Array, place: number): Uint8Array => of.subarray(place * hashLength, (place + 1) * hashLength);
  const differing: number[] = [];
  for (let place = 0; place < width && differing.length < maxPlaces; place++) {
    if (!sameHash(hashOf(hashes, place), hashOf(served, place))) differing.push(index * tileWidth + place);
  }
  return differing;
}

/**
 * What became of a log between two of its checkpoints, by its tiles:
 * - `continued`: the newer one has all leaves of the older, in their places
 * - `rolled_back`: it has fewer leaves than were there before
 * - `forked`: it has other leaves in the places of some that were there before
 * - `tiles_damaged`: the tiles do not make the newer root, and nothing can be said by them
 */
export type LogHistory = 'continued' | 'rolled_back' | 'forked' | 'tiles_damaged';

/** @param tiles of the log as it is now */
export async function historyOf(older: Checkpoint, newer: Checkpoint, tiles: TileSource): Promise<LogHistory> {
  if (older.origin !== newer.origin) throw new LogRefused('origin_differs', `${older.origin} and ${newer.origin} are two logs`);
  if (newer.size < older.size) return 'rolled_back';
  if (newer.size === older.size) return sameHash(newer.root, older.root) ? 'continued' : 'forked';
  const prover = new TreeProver(tiles);
  if (!sameHash(await prover.root(newer.size), newer.root)) return 'tiles_damaged';
  return sameHash(await prover.root(older.size), older.root) ? 'continued' : 'forked';
}
