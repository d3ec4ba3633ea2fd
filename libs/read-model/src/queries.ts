import { Outage } from '@tongbao/event-store';
import type { SqlClient } from './sql-client.js';
import { SqlError } from './sql-error.js';

/** A table, schema or column that is not there. */
const missing: readonly string[] = ['42P01', '3F000', '42703'];

/**
 * A client for queries of projections whose tables another process may still have to make: until they are there, a query that finds none is an
 * outage, and only after that an error.
 */
export function queriesOver(client: SqlClient, projections: Iterable<{ readonly isReady: boolean }>): SqlClient {
  const all = [...projections];
  const orOutage = (error: unknown): never => {
    const isAwaited = error instanceof SqlError && missing.includes(error.code) && all.some(({ isReady }) => !isReady);
    throw isAwaited ? new Outage(`the read model is being made: ${error.message}`, { cause: error }) : error;
  };
  const over = (inner: SqlClient): SqlClient => ({
    query: <Row extends object>(sql: string, parameters?: readonly unknown[]) => inner.query<Row>(sql, parameters).catch(orOutage),
    arrays: (sql, parameters) => inner.arrays(sql, parameters).catch(orOutage),
    transaction: (work) => inner.transaction((tx) => work(over(tx))).catch(orOutage),
    close: () => inner.close(),
  });
  return over(client);
}
