import { Outage } from '@tongbao/event-store';
import { DatabaseError, type PoolClient } from 'pg';
import type { Answer, SqlConnection } from './sql-connection.js';
import { errorOf, SqlError } from './sql-error.js';
import type { StatementNames } from './statement-names.js';

/** "cached plan must not change result type": a view that the statement reads has been replaced by one with other columns. Nothing was done. */
const outdatedPlan = '0A000';

/** A connection taken from the pool, for one caller at a time. */
export class PostgresConnection implements SqlConnection {
  #broken = false;

  constructor(
    private readonly client: PoolClient,
    private readonly names: StatementNames,
    /** How long the server may be silent, in milliseconds; longer than it lets a statement run, so that it says so itself. */
    private readonly silenceMs: number,
  ) {}

  /** Not to be used again: the connection is lost, or somebody's transaction is still open. */
  get isSpent(): boolean {
    return this.#broken || this.client.getTransactionStatus() !== 'I';
  }

  async ask(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    const name = this.names.nameOf(sql);
    try {
      return await this.#run(sql, name, parameters);
    } catch (error) {
      if (name === undefined || !(error instanceof SqlError) || error.code !== outdatedPlan) throw error;
      this.names.renew(sql);
      if (this.client.getTransactionStatus() !== 'I')
        throw new Outage(`a table has changed under a transaction: ${error.message}`, { cause: error });
      return this.#run(sql, undefined, parameters);
    }
  }

  close(): Promise<void> {
    return Promise.reject(new Error('a connection goes back to its pool'));
  }

  async #run(text: string, name: string | undefined, parameters: readonly unknown[]): Promise<Answer> {
    // `queryMode` and `query_timeout` are missing in the types of pg. Extended: one statement only, as everywhere.
    const query = {
      text,
      name,
      values: parameters.map(toWire),
      rowMode: 'array' as const,
      queryMode: 'extended',
      query_timeout: this.silenceMs,
    };
    try {
      const { fields, rows } = await this.client.query<unknown[]>(query);
      return { fields: fields.map((field) => field.name), rows };
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): Error {
    if (error instanceof DatabaseError && error.code !== undefined) {
      this.#broken ||= error.severity === 'FATAL' || error.severity === 'PANIC';
      return errorOf({ message: error.message, code: error.code, ...(error.detail !== undefined && { detail: error.detail }) });
    }
    this.#broken = true;
    return new Outage(`the connection to the database was lost: ${reasonOf(error)}`, { cause: error });
  }
}

/** pg writes Dates in the process's time zone, which a timestamp without one would keep. */
const toWire = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

/** Some errors of sockets have a code and no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
