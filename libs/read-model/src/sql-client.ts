/**
 * A PostgreSQL database, in a worker of this process (PGlite) or elsewhere. Values come raw, as the same JavaScript types from every client:
 * int8 and numeric as decimal strings, json and jsonb parsed, timestamptz as ISO 8601 in UTC (`2026-01-02T03:04:05.678Z`), timestamp the same
 * without the Z, date as `2026-01-02`. Columns of a drizzle table get their JavaScript types (bigint, Date) through `drizzleOver`.
 */
export interface SqlClient {
  /** @throws SqlError, or Outage when the database cannot answer */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** The same with each row as an array in the order of the select list, where names may repeat. */
  arrays(sql: string, parameters?: readonly unknown[]): Promise<unknown[][]>;
  /** Commits when the work returns, rolls back when it throws. Inside, only `tx` may be awaited: others wait for the transaction to end. */
  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T>;
  /** Reclaims the space of dead rows and refreshes the planner's statistics; present only where the database does not do so by itself. */
  vacuum?(table: string): Promise<void>;
  close(): Promise<void>;
}
