import type { SqlClient } from '@tongbao/read-model';
import { LogRefused, tilePath, tileWidth, type BundleId, type TileSource } from '@tongbao/transparency-log';
import { journalStream } from './journal.fold.js';
import { unpackLeaves } from './log.packed-leaves.js';

/** The tree as the projection has it. */
export interface GrownTree {
  size: number;
  /** Base64. */
  rootHash: string;
  /** Of the newest journal event that it knows. */
  journalRevision: number;
  /** Of the newest that has made it grow, and its `sourcePosition`. */
  grownRevision: number;
  sourcePosition: string;
}

/** Leaves and tiles of the transparency log. */
export class LogQueries {
  constructor(private readonly sql: SqlClient) {}

  /** Undefined before the first entry. */
  async tree(): Promise<GrownTree | undefined> {
    const [row] = await this.sql.query<{ size: string; root: string; revision: number; grown: number; source: string }>(
      'SELECT size, root, revision, grown_revision AS grown, source_position AS source FROM log.trees WHERE journal = $1',
      [journalStream()],
    );
    if (!row) return undefined;
    const { size, root, revision, grown, source } = row;
    return { size: Number(size), rootHash: root, journalRevision: revision, grownRevision: grown, sourcePosition: source };
  }

  /** As wide as it has grown. */
  readonly tiles: TileSource = async (id) => {
    const [row] = await this.sql.query<{ width: number; hashes: string }>(
      'SELECT width, hashes FROM log.tiles WHERE level = $1 AND index = $2',
      [id.level, id.index],
    );
    if (!row || row.width < id.width) throw new LogRefused('tile_missing', `there is no ${tilePath(id)}`);
    return Buffer.from(row.hashes, 'base64');
  };

  /** The leaves of a level-0 tile, cut to its width; undefined where there are not so many. */
  async bundle({ index, width }: BundleId): Promise<Uint8Array[] | undefined> {
    const begin = index * tileWidth;
    const found = await this.#leaves(begin, begin + width);
    return found.length === width ? found : undefined;
  }

  /** One leaf; undefined where there is none yet. */
  async leaf(entry: number): Promise<Uint8Array | undefined> {
    const [leaf] = await this.#leaves(entry, entry + 1);
    return leaf;
  }

  async #leaves(begin: number, end: number): Promise<Uint8Array[]> {
    const rows = await this.sql.query<{ first: string; leaves: string }>(
      `SELECT first, leaves FROM log.leaves
       WHERE first < $2 AND first >= coalesce((SELECT max(first) FROM log.leaves WHERE first <= $1), 0) ORDER BY first`,
      [begin, end],
    );
    return rows.flatMap(({ first, leaves }) => unpackLeaves(leaves).slice(Math.max(0, begin - Number(first)), end - Number(first)));
  }
}
