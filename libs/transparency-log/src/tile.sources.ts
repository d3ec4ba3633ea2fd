import { LogRefused } from './log-refused.js';
import { hashLength } from './merkle.js';
import { tilePath, tileWidth, type Tile, type TileId, type TileSource } from './tile.js';

/** Tiles in memory; each as wide as it has grown. */
export class MemoryTiles {
  readonly #tiles = new Map<string, Tile>();

  put(tile: Tile): void {
    const key = keyOf(tile);
    if ((this.#tiles.get(key)?.width ?? 0) < tile.width) this.#tiles.set(key, tile);
  }

  readonly get: TileSource = (id) => {
    const tile = this.#tiles.get(keyOf(id));
    if (tile === undefined || tile.width < id.width) return Promise.reject(missing(id));
    return Promise.resolve(tile.hashes);
  };
}

const keyOf = ({ level, index }: TileId): string => `${level}/${index}`;

const missing = (id: TileId): LogRefused => new LogRefused('tile_missing', `there is no ${tilePath(id)}`);

/**
 * The tiles that a log serves over HTTP.
 * @param prefix the log's URL prefix, such as `https://hub.example/log`
 * @throws LogRefused `tile_missing` for 404; Error when the log cannot be reached or answers with another status
 */
export const tilesAt =
  (prefix: string, timeoutMs = 10_000): TileSource =>
  async (id) => {
    const bytes = await fetchTile(prefix, id, timeoutMs);
    if (bytes) return bytes;
    // A partial tile may be gone once it is full: C2SP tlog-tiles, "Partial Tiles".
    const full = id.width < tileWidth ? await fetchTile(prefix, { ...id, width: tileWidth }, timeoutMs) : undefined;
    if (!full) throw missing(id);
    return full;
  };

async function fetchTile(prefix: string, id: TileId, timeoutMs: number): Promise<Uint8Array | undefined> {
  const url = `${prefix}/${tilePath(id)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length !== id.width * hashLength) {
    throw new LogRefused('tile_length', `${tilePath(id)} has ${id.width * hashLength} bytes, not ${bytes.length}`);
  }
  return bytes;
}
