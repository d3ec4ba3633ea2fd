import { Outage, type FeedBatch, type StoredEvent } from '@tongbao/event-store';
import { createHash } from 'node:crypto';
import type { Projection, RowRef } from './projection.js';
import { register, setLive, storedPosition, tablesOf, unregister, type Registered } from './registry.js';
import { RowBatch, RowCache, type CachedTable } from './rows.js';
import type { SqlClient } from './sql-client.js';
import { createTableSql, createViewSql, deleteSql, loadSql, qualified, quoted, shapeOf, upsertSql, type TableShape } from './table-sql.js';

/** Somebody else moves this projection's checkpoint, or its tables were taken away: this one must stop. */
export class CheckpointLost extends Error {
  override readonly name = 'CheckpointLost';
}

/** The fold threw: a bug, or a fact that it does not know. Nothing is skipped, so it ends here. */
export class FoldFailed extends Error {
  override readonly name = 'FoldFailed';
}

export interface GenerationOptions {
  /** Rows kept in memory of each table. */
  cacheRows?: number;
}

/** A checkpoint without rows is stored only after this long: until then a restart would merely pass over the same empty stretch again. */
const storeEmptyAfterMs = 10_000;
/** Changed rows after which a table is vacuumed for the first time, doubled each time up to the second: plans made for an empty table go soon. */
const firstVacuumAfterRows = 1_000;
const vacuumAfterRows = 64_000;

/** Name of a table's rows of one generation. */
export const physicalNameOf = (table: string, generation: number): string => `${table}_g${generation}`;

export const shapesOf = (projection: Projection): TableShape[] => Object.values(projection.tables).map(shapeOf);

/** Digest of the tables' definitions: it changes when the tables do, even if nobody raised the version. */
export function shapeDigestOf(projection: Projection): string {
  const statements = Object.values(projection.tables).flatMap((table) => createTableSql(table, shapeOf(table).name));
  return createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16);
}

/** One generation of a projection: its tables and how far the log is folded into them. Used by one at a time. */
export class Generation {
  readonly #tables = new Map<string, CachedTable>();
  #position: bigint;
  #stored: bigint;
  #storedAtMs = performance.now();
  /** The outcome of the last write is not known. */
  #doubtful = false;
  readonly #changedRows = new Map<string, number>();
  readonly #vacuumAfter = new Map<string, number>();

  constructor(
    private readonly client: SqlClient,
    private readonly projection: Projection,
    readonly number: number,
    position: bigint,
    options: GenerationOptions = {},
  ) {
    this.#position = position;
    this.#stored = position;
    for (const [name, table] of Object.entries(projection.tables)) {
      const shape = shapeOf(table);
      const sql = loadSql(shape, physicalNameOf(shape.name, number));
      this.#tables.set(name, { shape, load: (keys) => client.arrays(sql, [keys]), cache: new RowCache(options.cacheRows ?? 5_000) });
    }
  }

  /** Creates the tables and the entry in the registry. */
  static async create(tx: SqlClient, projection: Projection, entry: Registered): Promise<void> {
    await tx.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(projection.name)}`);
    for (const table of Object.values(projection.tables)) {
      for (const statement of createTableSql(table, physicalNameOf(shapeOf(table).name, entry.generation))) await tx.query(statement);
    }
    const names = shapesOf(projection).map(({ name }) => name);
    await register(tx, projection.name, entry, names);
  }

  /** Lets queries read this generation: all its views in place of all that there were. */
  static async show(tx: SqlClient, projection: Projection, number: number, before: number | undefined): Promise<void> {
    const old = before === undefined ? [] : await tablesOf(tx, projection.name, before);
    const shapes = shapesOf(projection);
    for (const name of new Set([...old, ...shapes.map((shape) => shape.name)])) {
      await tx.query(`DROP VIEW IF EXISTS ${qualified(projection.name, name)}`);
    }
    for (const shape of shapes) await tx.query(createViewSql(shape, physicalNameOf(shape.name, number)));
    await setLive(tx, projection.name, number);
  }

  static async drop(tx: SqlClient, projection: Projection, number: number): Promise<void> {
    for (const name of await tablesOf(tx, projection.name, number)) {
      await tx.query(`DROP TABLE IF EXISTS ${qualified(projection.name, physicalNameOf(name, number))}`);
    }
    await unregister(tx, projection.name, number);
  }

  /** Everything up to here is folded; the stored checkpoint may lag behind where there was nothing to fold. */
  get position(): bigint {
    return this.#position;
  }

  get shapes(): TableShape[] {
    return Array.from(this.#tables.values(), ({ shape }) => shape);
  }

  /**
   * Folds a batch and stores rows and checkpoint together. A batch that was stored before is passed over.
   * @throws Outage: the same batch may be tried again; CheckpointLost, or what the fold threw: nothing was stored
   */
  async fold({ events, position }: FeedBatch): Promise<void> {
    if (this.#doubtful) await this.#resolveDoubt(position);
    if (position <= this.#position) return;
    const rows = new RowBatch(this.#tables);
    try {
      await rows.prefetch(events.flatMap((event): RowRef[] => [...(this.projection.touches?.(event) ?? [])]));
      for (const event of events) await this.#apply(event, rows);
      const changes = rows.changes();
      const store = changes.length > 0 || performance.now() - this.#storedAtMs >= storeEmptyAfterMs;
      if (store) await this.#store(changes, position);
    } catch (error) {
      for (const { cache } of this.#tables.values()) cache.clear();
      this.#doubtful = error instanceof Outage;
      throw error;
    }
    rows.keepInCache();
    this.#position = position;
    await this.#vacuum();
  }

  /** Refreshes the planner's statistics after many rows were written. */
  async analyse(): Promise<void> {
    for (const { shape } of this.#tables.values()) await this.client.vacuum?.(this.#physical(shape));
    this.#changedRows.clear();
  }

  async #apply(event: StoredEvent, rows: RowBatch): Promise<void> {
    try {
      await this.projection.apply(event, rows);
    } catch (error) {
      if (error instanceof Outage) throw error;
      const where = `${event.event.type}, ${event.stream}@${event.revision}`;
      throw new FoldFailed(`${this.projection.name} cannot fold ${where}: ${String(error)}`, { cause: error });
    }
  }

  /** One statement, so one transaction and one round trip: the checkpoint by compare-and-swap, and the rows only if that succeeded. */
  async #store(changes: ReturnType<RowBatch['changes']>, position: bigint): Promise<void> {
    const parameters: unknown[] = [position, this.projection.name, this.number, this.#stored];
    const parts = ['moved AS (UPDATE hub.projections SET position = $1 WHERE name = $2 AND generation = $3 AND position = $4 RETURNING 1)'];
    const guard = 'EXISTS (SELECT FROM moved)';
    for (const { table, upserts, deletes, rows } of changes) {
      const { shape } = this.#tables.get(table) as CachedTable; // changes come from these tables
      const physical = physicalNameOf(shape.name, this.number);
      if (upserts) parts.push(`put_${parts.length} AS (${upsertSql(shape, physical, parameters.push(upserts), guard)})`);
      if (deletes) parts.push(`del_${parts.length} AS (${deleteSql(shape, physical, parameters.push(deletes), guard)})`);
      this.#changedRows.set(table, (this.#changedRows.get(table) ?? 0) + rows);
    }
    const [[moved] = []] = await this.client.arrays(`WITH ${parts.join(', ')} SELECT count(*)::integer FROM moved`, parameters);
    if (moved !== 1) throw new CheckpointLost(`${this.#title} is not at ${this.#stored} any more: somebody else writes it`);
    this.#stored = position;
    this.#storedAtMs = performance.now();
  }

  /** After an outage: either the last batch was stored after all, or it was not. */
  async #resolveDoubt(attempted: bigint): Promise<void> {
    const stored = await storedPosition(this.client, this.projection.name, this.number);
    if (stored === attempted) this.#position = attempted;
    else if (stored !== this.#stored) throw new CheckpointLost(`${this.#title} is at ${stored ?? 'no position'}, not at ${this.#stored}`);
    this.#stored = stored;
    this.#doubtful = false;
  }

  async #vacuum(): Promise<void> {
    for (const [table, changed] of this.#changedRows) {
      const limit = this.#vacuumAfter.get(table) ?? firstVacuumAfterRows;
      if (changed < limit) continue;
      this.#changedRows.set(table, 0);
      this.#vacuumAfter.set(table, Math.min(limit * 2, vacuumAfterRows));
      const shape = this.#tables.get(table)?.shape;
      if (shape) await this.client.vacuum?.(this.#physical(shape));
    }
  }

  #physical({ schema, name }: TableShape): string {
    return qualified(schema, physicalNameOf(name, this.number));
  }

  get #title(): string {
    return `${this.projection.name}, generation ${this.number},`;
  }
}
