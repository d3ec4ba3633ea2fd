import type { KeyObject } from 'node:crypto';
import type { EntriesPosted } from '@tongbao/contracts';
import type { EventStore, StoredEvent } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { encodeBundle, leafOf, numberedEntries, tileWidth, type BundleId, type NumberedEntry } from '@tongbao/transparency-log';
import { journalStream } from './journal.fold.js';

/** Full bundles in memory, the ones last asked for: some 130 KB each, and whoever reads a log reads them one after another. */
const bundlesInMemory = 64;
const eventsAtOnce = 200;

/**
 * The entries of the log, made from the journal whenever they are asked for: a leaf is what its entry says, and costs more to keep a second time than to
 * make again. So nobody is ever served a leaf that the journal does not have; whether it is the one that was logged, the tiles tell.
 */
export class LogLeaves {
  readonly #full = new Map<number, Uint8Array>();

  constructor(
    private readonly sql: SqlClient,
    private readonly store: Pick<EventStore, 'read'>,
    private readonly key: KeyObject,
  ) {}

  /** The leaves of a level-0 tile, cut to its width; undefined where there are not so many. */
  async bundle({ index, width }: BundleId): Promise<Uint8Array | undefined> {
    const known = width === tileWidth ? this.#full.get(index) : undefined;
    if (known) return known;
    const found = await this.entries(index * tileWidth, width);
    if (found.length < width) return undefined;
    const bytes = encodeBundle(found.map((entry) => leafOf(entry, this.key)));
    if (width === tileWidth) this.#keep(index, bytes);
    return bytes;
  }

  /** The entries from a number on, up to so many of them: those that the tree has. */
  async entries(begin: number, count: number): Promise<NumberedEntry[]> {
    const end = begin + count;
    const [span] = await this.sql.query<{ first: number | null; last: number | null }>(
      `SELECT min(revision) AS first, max(revision) AS last FROM log.batches
       WHERE first < $2 AND first >= coalesce((SELECT max(first) FROM log.batches WHERE first <= $1), 0)`,
      [begin, end],
    );
    if (span?.first == null || span.last === null) return [];
    const found: NumberedEntry[] = [];
    for (let from = span.first; from <= span.last; from += eventsAtOnce)
      for (const { event } of await this.#events(from, Math.min(eventsAtOnce, span.last - from + 1)))
        if (event.firstEntry < end) found.push(...numberedEntries(event).filter(({ entry }) => entry >= begin && entry < end));
    return found;
  }

  leafOf(entry: NumberedEntry): Uint8Array {
    return leafOf(entry, this.key);
  }

  #events(from: number, limit: number): Promise<StoredEvent<EntriesPosted>[]> {
    return this.store.read<EntriesPosted>(journalStream(), { from, limit });
  }

  #keep(index: number, bytes: Uint8Array): void {
    this.#full.set(index, bytes);
    const [oldest] = this.#full.keys();
    if (this.#full.size > bundlesInMemory && oldest !== undefined) this.#full.delete(oldest);
  }
}
