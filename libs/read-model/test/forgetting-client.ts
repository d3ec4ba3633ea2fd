import { Outage } from '@tongbao/event-store';
import type { SqlClient } from '../src/index.js';

/** A client that loses the database just after a transaction was committed, before its answer. */
export class ForgettingClient implements SqlClient {
  forgotten = 0;
  #statement: string | undefined;

  constructor(private readonly client: SqlClient) {}

  /** The next transaction that holds a statement which begins so. */
  forgetAfter(statement: string): void {
    this.#statement = statement;
  }

  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    return this.client.query<Row>(sql, parameters);
  }

  arrays(sql: string, parameters?: readonly unknown[]): Promise<unknown[][]> {
    return this.client.arrays(sql, parameters);
  }

  async transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    const asked: string[] = [];
    const result = await this.client.transaction((tx) =>
      work({
        query: (sql, parameters) => {
          asked.push(sql);
          return tx.query(sql, parameters);
        },
        arrays: (sql, parameters) => tx.arrays(sql, parameters),
        transaction: (inner) => tx.transaction(inner),
        close: () => tx.close(),
      }),
    );
    const { length } = asked.filter((sql) => this.#statement !== undefined && sql.startsWith(this.#statement));
    if (length === 0) return result;
    this.#statement = undefined;
    this.forgotten += 1;
    throw new Outage('the connection was lost after the commit');
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
