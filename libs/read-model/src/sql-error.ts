import { Outage } from '@tongbao/event-store';
import type { SqlFailure } from './sql-failure.js';

/** What PostgreSQL refused, with its SQLSTATE. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  constructor(
    message: string,
    readonly code: string,
    readonly detail?: string,
  ) {
    super(message);
  }
}

/**
 * SQLSTATEs that say nothing against the statement: connection lost (08), serialization and deadlock (40), resources such as disk or memory
 * (53), intervention such as a shutdown or a statement that took too long (57), the system's I/O (58), a read-only standby (25006), a
 * transaction that its process left open for too long (25P03), a lock that others hold (55P03).
 */
const transient = /^(08|40|53|57|58)|^(25006|25P03|55P03)$/;

/** The error to throw for what the database answered. */
export function errorOf(failure: SqlFailure): Error {
  const error = new SqlError(failure.message, failure.code, failure.detail);
  return transient.test(failure.code) ? new Outage(`the database cannot answer now: ${failure.message}`, { cause: error }) : error;
}
