import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { BoundedCache } from './bounded-cache.js';
import { categoryOf, NO_REVISION } from './events.js';
import type { Names } from './names.js';
import type { StreamMetadata } from './stream-metadata.js';

/** What the store knows of a stream, whether it exists or not. */
export interface StreamState {
  readonly name: string;
  /** Number in the streams table; undefined until the first event. */
  id: number | undefined;
  categoryId: number;
  /** Revision of the last event, or NO_REVISION. */
  last: number;
  tombstoned: boolean;
  /** Of a metastream: what its last event says, once read. */
  settings: StreamMetadata | undefined;
  /** Changed in the current transaction. */
  touched: boolean;
}

/** The streams table, with what was used lately in memory. Streams that do not exist are remembered as well. */
export class Streams {
  readonly #byName: BoundedCache<string, StreamState>;
  readonly #nameById: BoundedCache<number, string>;
  readonly #categories: Names;
  readonly #findByName;
  readonly #findById;
  readonly #insert;
  readonly #update;
  #nextId: number;
  #created: StreamState[] = [];
  #updated: StreamState[] = [];

  constructor(database: DatabaseSync, categories: Names, maxCached: number) {
    this.#byName = new BoundedCache(maxCached);
    this.#nameById = new BoundedCache(maxCached);
    this.#categories = categories;
    this.#findByName = database.prepare('SELECT id, category, last, tombstoned FROM streams WHERE name = ?');
    this.#findById = database.prepare('SELECT name FROM streams WHERE id = ?');
    this.#insert = database.prepare('INSERT INTO streams(id, name, category, last, tombstoned) VALUES (?, ?, ?, ?, ?)');
    this.#update = database.prepare('UPDATE streams SET last = ?, tombstoned = ? WHERE id = ?');
    this.#nextId = Number(database.prepare('SELECT coalesce(max(id), 0) + 1 AS next FROM streams').get()?.['next']);
  }

  get(name: string): StreamState {
    const cached = this.#byName.get(name);
    if (cached) return cached;
    const state = stateOf(name, this.#findByName.get(name));
    this.#byName.set(name, state);
    return state;
  }

  nameOf(id: number): string | undefined {
    const cached = this.#nameById.get(id);
    if (cached !== undefined) return cached;
    const name = this.#findById.get(id)?.['name'];
    if (typeof name !== 'string') return undefined;
    this.#nameById.set(id, name);
    return name;
  }

  /** Gives the stream the next revision. Inside a transaction; the row itself is written by `flush`. */
  advance(state: StreamState): { streamId: number; revision: number } {
    if (state.id === undefined) {
      state.id = this.#nextId++;
      // Its row is written at the end of the transaction, but its events may be read before that: another append may need its metadata.
      this.#nameById.set(state.id, state.name);
      state.categoryId = this.#categories.idOf(categoryOf(state.name));
      this.#created.push(state);
      state.touched = true;
    }
    if (!state.touched) this.#updated.push(state);
    state.touched = true;
    state.last += 1;
    return { streamId: state.id, revision: state.last };
  }

  /** Writes the rows of all streams that changed: one statement each, however many events they got. Just before COMMIT. */
  flush(): void {
    for (const { id = 0, name, categoryId, last, tombstoned } of this.#created)
      this.#insert.run(id, name, categoryId, last, Number(tombstoned));
    for (const { id = 0, last, tombstoned } of this.#updated) this.#update.run(last, Number(tombstoned), id);
  }

  /** Forgets what changed and what is too much to keep. After COMMIT. */
  settle(): void {
    for (const state of [...this.#created, ...this.#updated]) state.touched = false;
    this.#created = [];
    this.#updated = [];
    this.trim();
  }

  /**
   * Bounds the memory used. Never during a transaction: what it has changed is not in the table yet, so a state that is forgotten then
   * would come back as it was before, and a revision would be given twice.
   */
  trim(): void {
    this.#byName.trim();
    this.#nameById.trim();
  }
}

function stateOf(name: string, row: Record<string, SQLOutputValue> | undefined): StreamState {
  if (!row) return { name, id: undefined, categoryId: 0, last: NO_REVISION, tombstoned: false, settings: undefined, touched: false };
  return {
    name,
    id: Number(row['id']),
    categoryId: Number(row['category']),
    last: Number(row['last']),
    tombstoned: row['tombstoned'] === 1,
    settings: undefined,
    touched: false,
  };
}
