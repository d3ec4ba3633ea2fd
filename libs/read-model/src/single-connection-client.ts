import type { SqlClient } from './sql-client.js';
import type { Answer, SqlConnection } from './sql-connection.js';

/** The client over a database with one connection: a transaction holds it, everybody else waits in the order of asking. */
export class SingleConnectionClient implements SqlClient {
  /** Settled when the newest transaction asked for has ended. */
  #free: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: SqlConnection) {}

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    await this.#free;
    return toObjects<Row>(await this.connection.ask(sql, parameters));
  }

  async arrays(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
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
      return await this.#transact(work);
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

  async #transact<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    await this.connection.ask('BEGIN', []);
    try {
      const result = await work(new OpenTransaction(this.connection));
      await this.connection.ask('COMMIT', []);
      return result;
    } catch (error) {
      await this.connection.ask('ROLLBACK', []).catch((rollback: unknown) => {
        throw new AggregateError([error, rollback], 'a transaction failed and could not be rolled back', { cause: error });
      });
      throw error;
    }
  }
}

class OpenTransaction implements SqlClient {
  constructor(private readonly connection: SqlConnection) {}

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return toObjects<Row>(await this.connection.ask(sql, parameters));
  }

  async arrays(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    return (await this.connection.ask(sql, parameters)).rows;
  }

  /** Joins the one that is open. */
  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    return work(this);
  }

  close(): Promise<void> {
    return Promise.reject(new Error('a transaction cannot close the database'));
  }
}

function toObjects<Row extends object>({ fields, rows }: Answer): Row[] {
  // The caller names the shape of the rows that its own select list makes.
  return rows.map((row) => Object.fromEntries(fields.map((field, index) => [field, row[index]])) as Row);
}
