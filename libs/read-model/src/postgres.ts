import type { SqlClient } from './sql-client.js';

export interface PostgresOptions {
  /** `postgresql://user:password@host:port/database?sslmode=…` */
  url: string;
  /** Most connections at a time. */
  connections: number;
  /** What the server shows of who is connected. */
  applicationName: string;
  /** How long one statement may take, in milliseconds; 10,000 when not given. */
  statementTimeoutMs?: number;
  /** The server has ended connections that were not in use. Those in use tell their users. */
  onOutage?: (error: Error) => void;
}

/**
 * A client for a PostgreSQL server. Connections are made when they are needed, so it opens while the server is down: every call is an Outage then,
 * after three seconds at most, and goes through once the server is back. Commits are asynchronous (`synchronous_commit = off`): a crash of the server
 * may undo those of the last moment, never a part of one and never one without those after it. Fit for read models only, whose checkpoint is
 * undone together with their rows.
 * @throws TypeError when the url is none
 */
export async function openPostgres(options: PostgresOptions): Promise<SqlClient> {
  // Loaded only here: a process with PGlite has no use for it.
  const { PostgresClient } = await import('./postgres-client.js');
  return new PostgresClient(options);
}
