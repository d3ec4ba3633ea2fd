import type { ColumnCodec } from './column-codec.js';
import type { RowKey, RowRef, Rows } from './projection.js';
import type { TableShape } from './table-sql.js';

type Row = Record<string, unknown>;

/** A row as its columns' values in the order of the table's columns; null: there is no such row. */
export type Cells = readonly unknown[];
type Known = Cells | null;

/** One table of one generation: its shape, how to load rows of it, and the newest rows seen. */
export interface CachedTable {
  shape: TableShape;
  load: (keysJson: string) => Promise<unknown[][]>;
  cache: RowCache;
}

/** The rows last used, dropped oldest first. */
export class RowCache {
  readonly #rows = new Map<string, Known>();

  constructor(private readonly capacity: number) {}

  get(id: string): Known | undefined {
    return this.#rows.get(id);
  }

  keep(rows: Iterable<readonly [string, Known]>): void {
    for (const [id, row] of rows) {
      this.#rows.delete(id);
      this.#rows.set(id, row);
    }
    for (const id of this.#rows.keys()) {
      if (this.#rows.size <= this.capacity) return;
      this.#rows.delete(id);
    }
  }

  clear(): void {
    this.#rows.clear();
  }
}

/** PostgreSQL's texts hold no NUL, so it can part the values of a key. */
const idOf = (values: readonly unknown[]): string => values.join('\0');

/** What one batch knows and has changed of one table. */
class TableBatch {
  readonly known = new Map<string, Known>();
  readonly changed = new Map<string, RowKey>();
  readonly #keyIndexes: number[];

  constructor(
    readonly name: string,
    readonly table: CachedTable,
  ) {
    const { columns, key } = table.shape;
    this.#keyIndexes = key.map((codec) => columns.indexOf(codec));
  }

  /** The key as the table's columns hold it, and the id that it is known by here. */
  keyOf(key: RowKey): { values: RowKey; id: string } {
    const codecs = this.table.shape.key;
    if (key.length !== codecs.length) throw new Error(`${this.name} has a key of ${codecs.length} columns, not ${key.length}`);
    const values = key.map((value, index) => this.#present(codecs[index], value));
    return { values, id: idOf(values) };
  }

  lookUp(id: string): Known | undefined {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const cached = this.table.cache.get(id);
    if (cached !== undefined) this.known.set(id, cached);
    return cached;
  }

  async load(keys: Map<string, RowKey>): Promise<void> {
    const { columns, key } = this.table.shape;
    const json = JSON.stringify(Array.from(keys.values(), (values) => objectOf(key, values)));
    for (const raw of await this.table.load(json)) {
      const cells = columns.map((codec, index) => codec.fromRaw(raw[index]));
      this.known.set(this.#idOfCells(cells), cells);
    }
    for (const id of keys.keys()) if (!this.known.has(id)) this.known.set(id, null);
  }

  put(row: Row): void {
    const cells = this.table.shape.columns.map((codec) => this.#normalised(codec, row[codec.property]));
    const id = this.#idOfCells(cells);
    this.known.set(id, cells);
    this.changed.set(id, this.#keyOfCells(cells));
  }

  delete(key: RowKey): void {
    const { values, id } = this.keyOf(key);
    this.known.set(id, null);
    this.changed.set(id, values);
  }

  /** JSON arrays for the statements of table-sql; undefined where there is nothing to write. */
  changes(): { upserts?: string; deletes?: string; rows: number } {
    const { columns, key } = this.table.shape;
    const upserts: object[] = [];
    const deletes: object[] = [];
    for (const [id, values] of this.changed) {
      const cells = this.known.get(id);
      if (cells) upserts.push(objectOf(columns, cells));
      else deletes.push(objectOf(key, values));
    }
    return {
      ...(upserts.length > 0 && { upserts: JSON.stringify(upserts) }),
      ...(deletes.length > 0 && { deletes: JSON.stringify(deletes) }),
      rows: this.changed.size,
    };
  }

  #present(codec: ColumnCodec | undefined, value: unknown): string | number | bigint {
    const normal = codec && this.#normalised(codec, value);
    if (typeof normal === 'string' || typeof normal === 'number' || typeof normal === 'bigint') return normal;
    throw new TypeError(`${this.name}: a key's column holds a text or an integer, not ${String(value)}`);
  }

  #normalised(codec: ColumnCodec, value: unknown): unknown {
    try {
      const normal = codec.normalise(value);
      if (normal === null && codec.notNull) throw new TypeError('must not be null');
      return normal;
    } catch (error) {
      throw new TypeError(`${this.name}.${codec.property}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #keyOfCells(cells: Cells): RowKey {
    return this.#keyIndexes.map((index, place) => this.#present(this.table.shape.key[place], cells[index]));
  }

  #idOfCells(cells: Cells): string {
    return idOf(this.#keyIndexes.map((index) => cells[index]));
  }
}

const objectOf = (columns: readonly ColumnCodec[], values: Cells): object =>
  Object.fromEntries(columns.map((codec, index) => [codec.name, codec.toJson(values[index])]));

/** The rows of one batch of events: read once, changed in memory, written once. */
export class RowBatch implements Rows {
  readonly #tables: ReadonlyMap<string, TableBatch>;

  constructor(tables: ReadonlyMap<string, CachedTable>) {
    this.#tables = new Map(Array.from(tables, ([name, table]) => [name, new TableBatch(name, table)]));
  }

  async prefetch(refs: Iterable<RowRef>): Promise<void> {
    const missing = new Map<TableBatch, Map<string, RowKey>>();
    for (const { table, key } of refs) {
      const batch = this.#table(table);
      const { values, id } = batch.keyOf(key);
      if (batch.lookUp(id) !== undefined) continue;
      const keys = missing.get(batch) ?? new Map<string, RowKey>();
      missing.set(batch, keys.set(id, values));
    }
    await Promise.all(Array.from(missing, ([batch, keys]) => batch.load(keys)));
  }

  async get<R extends object>(table: string, key: RowKey): Promise<R | undefined> {
    const batch = this.#table(table);
    const { values, id } = batch.keyOf(key);
    if (batch.lookUp(id) === undefined) await batch.load(new Map([[id, values]]));
    const cells = batch.known.get(id);
    if (!cells) return undefined;
    // The caller names the shape of its own table's rows.
    return Object.fromEntries(batch.table.shape.columns.map((codec, index) => [codec.property, cells[index]])) as R;
  }

  put(table: string, row: object): void {
    this.#table(table).put(row as Row);
  }

  delete(table: string, key: RowKey): void {
    this.#table(table).delete(key);
  }

  /** What is to be written, table by table. */
  changes(): { table: string; upserts?: string; deletes?: string; rows: number }[] {
    return Array.from(this.#tables.values(), (batch) => ({ table: batch.name, ...batch.changes() })).filter(({ rows }) => rows > 0);
  }

  /** The batch is stored: what it knows is what the tables hold. */
  keepInCache(): void {
    for (const { table, known } of this.#tables.values()) table.cache.keep(known);
  }

  #table(name: string): TableBatch {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`the projection has no table ${name}`);
    return table;
  }
}
