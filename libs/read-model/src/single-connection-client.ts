import { toObjects, transact } from './open-transaction.js';
import type { SqlClient } from './sql-client.js';
import type { SqlConnection } from './sql-connection.js';
import { refuseArrays } from './sql-parameters.js';

/** The client over a database with one connection: a transaction holds it, everybody else waits in the order of asking. */
export class SingleConnectionClient implements SqlClient {
  /** Settled when the newest transaction asked for has ended. */
  #free: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: SqlConnection) {}

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    refuseArrays(parameters);
    await this.#free;
    return toObjects<Row>(await this.connection.ask(sql, parameters));
  }

  async arrays(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    refuseArrays(parameters);
    await this.#free;
    return (await this.connection.ask(sql, parameters)).rows;
  }

  async transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    const before = this.#free;
    let release: () => void = () => undefined;
    this.#free = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    try {
      return await transact(this.connection, 'BEGIN', work);
    } finally {
      release();
    }
  }

  async vacuum(table: string): Promise<void> {
    await this.query(`VACUUM (ANALYZE) ${table}`);
  }

  async close(): Promise<void> {
    await this.#free;
    await this.connection.close();
  }
}
