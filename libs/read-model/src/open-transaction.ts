import { Exclusive } from './exclusive.js';
import type { SqlClient } from './sql-client.js';
import type { Answer, SqlConnection } from './sql-connection.js';
import { refuseArrays } from './sql-parameters.js';

/**
 * Runs work between BEGIN and COMMIT on a connection that nobody else uses meanwhile. A statement that was refused ends the transaction, even if
 * the work goes on as if nothing were: PostgreSQL would answer its COMMIT with a rollback.
 */
export async function transact<T>(connection: SqlConnection, begin: string, work: (tx: SqlClient) => Promise<T>): Promise<T> {
  await connection.ask(begin, []);
  const transaction = new OpenTransaction(connection);
  try {
    const result = await work(transaction);
    if (transaction.refusal) throw transaction.refusal.error;
    await connection.ask('COMMIT', []);
    return result;
  } catch (error) {
    // A connection that cannot even roll back is lost, and the transaction with it: what went wrong first is what the caller must know.
    await connection.ask('ROLLBACK', []).catch(() => undefined);
    throw error;
  }
}

class OpenTransaction implements SqlClient {
  /** What the first statement that failed was refused with. */
  refusal: { error: unknown } | undefined;
  readonly #inOrder = new Exclusive();

  constructor(private readonly connection: SqlConnection) {}

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return toObjects<Row>(await this.#ask(sql, parameters));
  }

  async arrays(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    return (await this.#ask(sql, parameters)).rows;
  }

  /** Joins the one that is open. */
  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    return work(this);
  }

  close(): Promise<void> {
    return Promise.reject(new Error('a transaction cannot close the database'));
  }

  #ask(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    refuseArrays(parameters);
    return this.#inOrder.run(async () => {
      try {
        return await this.connection.ask(sql, parameters);
      } catch (error) {
        this.refusal ??= { error };
        throw error;
      }
    });
  }
}

export function toObjects<Row extends object>({ fields, rows }: Answer): Row[] {
  // The caller names the shape of the rows that its own select list makes.
  return rows.map((row) => Object.fromEntries(fields.map((field, index) => [field, row[index]])) as Row);
}
