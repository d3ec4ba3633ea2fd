import { fromDecimal } from './encoding.js';
import { LogRefused } from './log-refused.js';
import { checkSize, hashLength } from './merkle.js';

/** Hashes in a full tile; 8 levels of the tree. */
export const tileWidth = 256;
export const tileHeight = 8;
const maxLevel = 63;

/** Which hashes: `width` of them from `256 * index` on, each the root of a whole subtree of 256^level leaves. Full when the width is 256. */
export interface TileId {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

export interface Tile extends TileId {
  /** 32 bytes each, one after the other. */
  readonly hashes: Uint8Array;
}

/**
 * Gives the bytes of a tile; more of them than the width asks for when the tile has grown since.
 * @throws LogRefused `tile_missing`
 */
export type TileSource = (tile: TileId) => Promise<Uint8Array>;

/** The leaves of a level-0 tile. */
export type BundleId = Omit<TileId, 'level'>;

/**
 * Path of a tile below the log's prefix, as in C2SP tlog-tiles:
 *
 *     tile/<L>/<N>[.p/<W>]   L = 0..63   W = 1..255
 *     N = groups of three digits, each but the last after an x: 1234067 is x001/x234/067
 */
export const tilePath = ({ level, index, width }: TileId): string => `tile/${level}/${indexPath(index)}${widthPath(width)}`;

/** `tile/entries/<N>[.p/<W>]`, with N and W as in a tile's path. */
export const bundlePath = ({ index, width }: BundleId): string => `tile/entries/${indexPath(index)}${widthPath(width)}`;

export type ParsedPath = ({ readonly kind: 'tile' } & TileId) | ({ readonly kind: 'entries' } & BundleId);

const pathPattern = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The inverse of both. @throws LogRefused `tile_path` for what is not the one path of a tile */
export function parsePath(path: string): ParsedPath {
  const [, what, groups, suffix] = pathPattern.exec(path) ?? [];
  const index = Number(groups?.replaceAll(/[x/]/g, ''));
  const width = suffix === undefined ? tileWidth : (fromDecimal(suffix) ?? 0);
  const level = what === 'entries' ? 0 : fromDecimal(what ?? '');
  const isRange = Number.isSafeInteger(index) && level !== undefined && level <= maxLevel && width >= 1;
  const parsed: ParsedPath | undefined = !isRange
    ? undefined
    : what === 'entries'
      ? { kind: 'entries', index, width }
      : { kind: 'tile', level, index, width };
  // Only the one spelling: no group of zeroes before the others, no full width as a partial one.
  if (!parsed || pathOf(parsed) !== path) throw new LogRefused('tile_path', `${JSON.stringify(path)} is not the path of a tile`);
  return parsed;
}

const pathOf = (parsed: ParsedPath): string => (parsed.kind === 'tile' ? tilePath(parsed) : bundlePath(parsed));

function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

const widthPath = (width: number): string => (width === tileWidth ? '' : `.p/${width}`);

/** How many hashes a level of tiles has in a tree. */
export const hashesAt = (level: number, size: number): number => Math.floor(size / tileWidth ** level);

/** A tile as it is in a tree of this size. @throws LogRefused `out_of_range` when the tree has no such tile */
export function tileAt(level: number, index: number, size: number): TileId {
  const width = Math.min(tileWidth, hashesAt(level, size) - index * tileWidth);
  if (width < 1) throw new LogRefused('out_of_range', `a tree of ${size} leaves has no tile ${level}/${index}`);
  return { level, index, width };
}

/** The tiles that a tree makes or changes as it grows, level by level. What it had before stays as it was. */
export function tilesOfGrowth(oldSize: number, size: number): TileId[] {
  checkSize(oldSize);
  checkSize(size);
  const tiles: TileId[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const before = hashesAt(level, oldSize);
    const now = hashesAt(level, size);
    if (now === before) continue;
    for (let index = Math.floor(before / tileWidth); index * tileWidth < now; index++) tiles.push(tileAt(level, index, size));
  }
  return tiles;
}

/** The bundles of entries that a growth makes or changes. */
export const bundlesOfGrowth = (oldSize: number, size: number): BundleId[] =>
  tilesOfGrowth(oldSize, size)
    .filter(({ level }) => level === 0)
    .map(({ index, width }) => ({ index, width }));

/**
 * The bytes of a tile, cut to its width.
 * @throws LogRefused `tile_length` when there are fewer, or no whole number of hashes, or more than a full tile has
 */
export function hashesOfTile(tile: TileId, bytes: Uint8Array): Uint8Array {
  const length = tile.width * hashLength;
  if (bytes.length < length || bytes.length > tileWidth * hashLength || bytes.length % hashLength !== 0) {
    throw new LogRefused('tile_length', `${tilePath(tile)} has ${length} bytes, not ${bytes.length}`);
  }
  return bytes.subarray(0, length);
}
