import { Outage } from '@tongbao/event-store';
import type { SqlClient } from '../src/index.js';

/** A client that counts a projection's writes, and loses the database just before or just after one. */
export class FlakyClient implements SqlClient {
  /** Parameters of each write. */
  readonly writes: (readonly unknown[])[] = [];
  /** When the next writes fail, first one first. */
  failures: ('before' | 'after')[] = [];

  constructor(private readonly client: SqlClient) {}

  async arrays(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    if (!sql.startsWith('WITH moved')) return this.client.arrays(sql, parameters);
    const failure = this.failures.shift();
    if (failure === 'before') throw new Outage('the connection was lost before the write');
    this.writes.push(parameters);
    const rows = await this.client.arrays(sql, parameters);
    if (failure === 'after') throw new Outage('the connection was lost after the write');
    return rows;
  }

  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    return this.client.query<Row>(sql, parameters);
  }

  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    return this.client.transaction(work);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
