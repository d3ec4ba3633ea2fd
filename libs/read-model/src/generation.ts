import { Outage, type FeedBatch, type StoredEvent } from '@tongbao/event-store';
import { createHash } from 'node:crypto';
import { Checkpoint, firstParameter, guard, type GuardedWrites } from './checkpoint.js';
import { FoldFailed, Rewound } from './projection-errors.js';
import type { Projection, RowRef } from './projection.js';
import { register, setLive, tablesOf, unregister, type Registered } from './registry.js';
import { RowBatch, RowCache, type CachedTable } from './rows.js';
import type { SqlClient } from './sql-client.js';
import { SqlError } from './sql-error.js';
import { createTableSql, createViewSql, deleteSql, loadSql, qualified, shapeOf, upsertSql, type TableShape } from './table-sql.js';

export interface GenerationOptions {
  /** Rows kept in memory of each table. */
  cacheRows?: number;
  /** Of the lead under which this process writes, higher than that of every earlier leader; 0 where there is only one process. */
  epoch?: number;
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

const undefinedTable = '42P01';

const isMissingTable = (error: unknown): boolean =>
  error instanceof SqlError ? error.code === undefinedTable : error instanceof FoldFailed && isMissingTable(error.cause);

/** One generation of a projection: its tables and how far the log is folded into them. Used by one at a time. */
export class Generation {
  readonly #tables = new Map<string, CachedTable>();
  readonly #checkpoint: Checkpoint;
  #position: bigint;
  #rewound: Rewound | undefined;
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
    this.#checkpoint = new Checkpoint(client, { projection: projection.name, epoch: options.epoch ?? 0 }, number, position);
    for (const [name, table] of Object.entries(projection.tables)) {
      const shape = shapeOf(table);
      const sql = loadSql(shape, physicalNameOf(shape.name, number));
      this.#tables.set(name, { shape, load: (keys) => client.arrays(sql, [keys]), cache: new RowCache(options.cacheRows ?? 5_000) });
    }
  }

  /** Creates the tables and the entry in the registry. */
  static async create(tx: SqlClient, projection: Projection, entry: Registered): Promise<void> {
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
   * Folds a batch, which must follow on `position`, and stores rows and checkpoint together. What was stored before is passed over.
   * @throws Outage: the same batch may be tried again; Rewound; CheckpointLost, or what the fold threw: nothing was stored
   */
  async fold({ events, position }: FeedBatch): Promise<void> {
    await this.#orForget(async () => {
      if (this.#checkpoint.isDoubtful) await this.#verify();
      if (position <= this.#position) return;
      const rows = new RowBatch(this.#tables);
      const missing = events.filter((event) => event.position > this.#position);
      await rows.prefetch(missing.flatMap((event): RowRef[] => [...(this.projection.touches?.(event) ?? [])]));
      for (const event of missing) await this.#apply(event, rows);
      const changes = rows.changes();
      if (changes.length > 0 || this.#checkpoint.ageMs >= storeEmptyAfterMs) await this.#checkpoint.moveTo(position, this.#writes(changes));
      rows.keepInCache();
      this.#position = position;
    });
    await this.#vacuum();
  }

  /**
   * Stores a checkpoint that lags, or else looks whether the stored one is still there.
   * @throws Outage, Rewound, CheckpointLost
   */
  async settle(): Promise<void> {
    await this.#orForget(async () => {
      if (this.#checkpoint.isDoubtful || this.#position === this.#checkpoint.stored) await this.#verify();
      else await this.#checkpoint.moveTo(this.#position, this.#writes([]));
    });
  }

  /** After Rewound: the position that folding goes on from. */
  goOn(): bigint {
    this.#rewound = undefined;
    return this.#position;
  }

  /** Refreshes the planner's statistics after many rows were written. */
  async analyse(): Promise<void> {
    for (const { shape } of this.#tables.values()) {
      const table = this.#physical(shape);
      await (this.client.vacuum?.(table) ?? (this.client.unlimited ?? this.client).query(`ANALYZE ${table}`));
    }
    this.#changedRows.clear();
  }

  async #orForget(work: () => Promise<void>): Promise<void> {
    if (this.#rewound) throw this.#rewound;
    try {
      await work();
    } catch (error) {
      for (const { cache } of this.#tables.values()) cache.clear();
      if (error instanceof Rewound) {
        this.#position = this.#checkpoint.stored;
        this.#rewound = error;
      }
      // Tables that are gone are not what is wrong: whoever leads by now has dropped them, and the checkpoint says so.
      if (isMissingTable(error)) await this.#checkpoint.verify();
      throw error;
    }
  }

  async #verify(): Promise<void> {
    await this.#checkpoint.verify();
    // The write whose answer never came was done after all.
    if (this.#checkpoint.stored > this.#position) this.#position = this.#checkpoint.stored;
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

  #writes(changes: ReturnType<RowBatch['changes']>): GuardedWrites {
    const writes: GuardedWrites = { parts: [], parameters: [] };
    const add = (json: string, sqlOf: (parameter: number) => string): void => {
      const parameter = firstParameter - 1 + writes.parameters.push(json);
      writes.parts.push(`part_${parameter} AS (${sqlOf(parameter)})`);
    };
    for (const { table, upserts, deletes, rows } of changes) {
      const { shape } = this.#tables.get(table) as CachedTable; // changes come from these tables
      const physical = physicalNameOf(shape.name, this.number);
      if (upserts) add(upserts, (parameter) => upsertSql(shape, physical, parameter, guard));
      if (deletes) add(deletes, (parameter) => deleteSql(shape, physical, parameter, guard));
      this.#changedRows.set(table, (this.#changedRows.get(table) ?? 0) + rows);
    }
    return writes;
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
}
