import { drizzle, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy';
import type { SqlClient } from './sql-client.js';

export type Database = PgRemoteDatabase;

/** Typed reads over a client. For reads only: rows of projections are written by their runner alone. */
export function drizzleOver(client: SqlClient): Database {
  return drizzle(async (sql, parameters, method) => ({
    rows: method === 'all' ? await client.arrays(sql, parameters) : await client.query(sql, parameters),
  }));
}
