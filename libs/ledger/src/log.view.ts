import { createHmac, type KeyObject } from 'node:crypto';
import type { EntriesPosted } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, Rows } from '@tongbao/read-model';
import { leafHash, leafOf, LogRefused, MerkleTree, numberedEntries, tilePath, type TileSource } from '@tongbao/transparency-log';
import { journalStream } from './journal.fold.js';
import { packLeaves } from './log.packed-leaves.js';
import { leaves, tiles, trees, type LeavesRow, type TileRow, type TreeRow } from './log.tables.js';

const journal = journalStream();

/** The transparency log's leaves and tiles, folded from the journal: off the path of what is posted. */
export function logProjection(key: KeyObject): Projection {
  const fold = new LogFold(key);
  return {
    name: 'log',
    version: 1,
    categories: ['journal'],
    tables: { trees, leaves, tiles },
    touches: (stored) => (isOurs(stored) ? [{ table: 'trees', key: [journal] }] : []),
    apply: async (stored, rows) => {
      if (isOurs(stored)) await fold.apply(stored, rows);
    },
  };
}

const isOurs = (stored: StoredEvent): stored is StoredEvent<EntriesPosted> =>
  stored.stream === journal && stored.event.type === 'EntriesPosted';

/** Live rows and a rebuild beside them, and one each whose batch was not stored. */
const treesInMemory = 4;

class LogFold {
  readonly #commitments: string;
  /**
   * Trees as a fold has left them, by what the rows say of them then. Rows that say otherwise (another generation's, or those of before a batch that was
   * not stored) have another tree, which is read from them.
   */
  readonly #grown = new Map<string, MerkleTree>();

  constructor(private readonly key: KeyObject) {
    this.#commitments = createHmac('sha256', key).update('which key this is').digest('base64url').slice(0, 16);
  }

  async apply({ event, revision }: StoredEvent<EntriesPosted>, rows: Rows): Promise<void> {
    const before = await rows.get<TreeRow>('trees', [journal]);
    this.#check(before, event, revision);
    const { length } = event.entries;
    if (length === 0) {
      if (before) rows.put('trees', { ...before, revision } satisfies TreeRow);
      return;
    }
    const tree = await this.#treeOf(before, rows);
    const added = numberedEntries(event).map((entry) => leafOf(entry, this.key));
    for (const leaf of added) tree.append(leafHash(leaf));
    rows.put('leaves', { first: event.firstEntry, count: length, leaves: packLeaves(added) } satisfies LeavesRow);
    for (const { level, index, width, hashes } of tree.takeTiles())
      rows.put('tiles', { level, index, width, hashes: toBase64(hashes) } satisfies TileRow);
    const root = toBase64(tree.root());
    rows.put('trees', {
      ...{ journal, size: tree.size, root, revision, grownRevision: revision },
      ...{ sourcePosition: BigInt(event.sourcePosition), commitments: this.#commitments },
    } satisfies TreeRow);
    this.#keep(tree, root);
  }

  /** @throws Error when the journal does not go on where the tree ends: what was signed would not be what is posted */
  #check(before: TreeRow | undefined, { firstEntry, entries }: EntriesPosted, revision: number): void {
    const size = before?.size ?? 0;
    if (firstEntry !== size) throw new Error(`journal event ${revision} begins with entry ${firstEntry}; the tree has ${size} leaves`);
    if (before && revision <= before.revision) throw new Error(`journal event ${revision} comes after ${before.revision}`);
    if (before && entries.length > 0 && before.commitments !== this.#commitments)
      throw new Error('LOG_COMMITMENT_KEY is not the one of the leaves that are there; it must never be changed');
  }

  async #treeOf(before: TreeRow | undefined, rows: Rows): Promise<MerkleTree> {
    if (!before) return new MerkleTree();
    const name = `${before.size} ${before.root}`;
    const known = this.#grown.get(name);
    // It grows now: until it is kept again, it is what no rows say.
    this.#grown.delete(name);
    return known ?? (await MerkleTree.resume(before.size, tilesIn(rows), Buffer.from(before.root, 'base64')));
  }

  #keep(tree: MerkleTree, root: string): void {
    this.#grown.set(`${tree.size} ${root}`, tree);
    const [oldest] = this.#grown.keys();
    if (this.#grown.size > treesInMemory && oldest !== undefined) this.#grown.delete(oldest);
  }
}

const tilesIn =
  (rows: Rows): TileSource =>
  async (id) => {
    const row = await rows.get<TileRow>('tiles', [id.level, id.index]);
    if (!row) throw new LogRefused('tile_missing', `there is no ${tilePath(id)}`);
    return Buffer.from(row.hashes, 'base64');
  };

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
