/**
 * A PostgreSQL database, in a worker of this process (PGlite) or elsewhere. Values come raw, as the same JavaScript types from every client:
 * int8 and numeric as decimal strings, json and jsonb parsed, timestamptz as ISO 8601 in UTC (`2026-01-02T03:04:05.678Z`), timestamp the same
 * without the Z, date as `2026-01-02`, arrays as arrays of these, bytea as bytes, what has no type here as PostgreSQL's text. Columns of a drizzle
 * table get their JavaScript types (bigint, Date) through `drizzleOver`. Parameters are null, texts, numbers, bigints, booleans, Dates, bytes and
 * plain objects (as JSON).
 */
export interface SqlClient {
  /** @throws SqlError, or Outage when the database cannot answer; TypeError for an array as a parameter, which is to be given as JSON text */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** The same with each row as an array in the order of the select list, where names may repeat. */
  arrays(sql: string, parameters?: readonly unknown[]): Promise<unknown[][]>;
  /**
   * Commits when the work returns, rolls back when it throws or a statement was refused. Everything inside sees the database as it was at the first
   * statement. Inside, only `tx` may be awaited: others may have to wait for the transaction to end.
   */
  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T>;
  /** Reclaims the space of dead rows and refreshes the planner's statistics; present only where the database does not do so by itself. */
  vacuum?(table: string): Promise<void>;
  /** The same database without a limit on the time of a statement, for work over whole tables; absent where there is no limit. */
  readonly unlimited?: SqlClient;
  /**
   * The database is a server of its own, used by other processes too, and a crash of it may undo the newest transactions (a later one never without
   * those after it): whoever remembers what he has written must look again now and then.
   */
  readonly forgetful?: boolean;
  close(): Promise<void>;
}
