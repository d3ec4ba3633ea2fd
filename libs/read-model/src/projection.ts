import type { StoredEvent } from '@tongbao/event-store';
import type { PgTable } from 'drizzle-orm/pg-core';

/** The values of a row's primary key, in the order in which the table names them. */
export type RowKey = readonly (string | number | bigint)[];

export interface RowRef {
  /** Name of the table in `Projection.tables`. */
  table: string;
  key: RowKey;
}

/**
 * The rows that a projection folds its events into. A row is a plain object with the property names of the drizzle table and the types that
 * drizzle gives its columns. What `get` gives is the caller's to change, but nothing is kept before `put`; values inside a json column are
 * never to be changed in place.
 */
export interface Rows {
  get<Row extends object>(table: string, key: RowKey): Promise<Row | undefined>;
  /** Inserts the row, or replaces the whole of it: a nullable column that is left out becomes null. */
  put(table: string, row: object): void;
  delete(table: string, key: RowKey): void;
}

/** A pure fold of events into keyed rows. The same events give the same rows, however they are cut into batches. */
export interface Projection {
  /** Also the PostgreSQL schema of its tables: declare them with `pgSchema(name).table(…)`. */
  name: string;
  /** Raise it when the fold changes: the new version is built beside the old one and takes its place once it has caught up. */
  version: number;
  categories: readonly string[];
  /** Each with a primary key; no other unique, foreign or check constraint, which could refuse a batch half way. */
  tables: Record<string, PgTable>;
  /**
   * Least time between two batches that are not full, while nobody waits for a position; 100 where it is left out. What only people look at may take
   * its time: longer batches change each row fewer times.
   */
  minIntervalMs?: number;
  /** Rows that `apply` will read: a batch loads them all in one query for each table. */
  touches?(event: StoredEvent): Iterable<RowRef>;
  apply(event: StoredEvent, rows: Rows): Promise<void>;
}
