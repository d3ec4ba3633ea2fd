import { getTableColumns } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import { type RowKey, type Rows } from '@tongbao/read-model';
import type { RowOf, TableName } from '../src/settlement.rows.js';
import { settlementTables } from '../src/settlement.tables.js';

/** The projection's rows without a database: for specs of the fold alone. */
export class MemoryRows implements Rows {
  readonly #tables = new Map<string, Map<string, object>>();

  get<Row extends object>(table: string, key: RowKey): Promise<Row | undefined> {
    // Rows are put and read under the same table name, whose type the caller states.
    return Promise.resolve(this.#table(table).get(key.join('\n')) as Row | undefined);
  }

  put(table: string, row: object): void {
    const key = keyProperties(table).map((property) => String(Object.entries(row).find(([name]) => name === property)?.[1]));
    this.#table(table).set(key.join('\n'), row);
  }

  delete(table: string, key: RowKey): void {
    this.#table(table).delete(key.join('\n'));
  }

  all<Name extends TableName>(table: Name): RowOf<Name>[] {
    return [...this.#table(table).values()] as RowOf<Name>[];
  }

  #table(name: string): Map<string, object> {
    const table = this.#tables.get(name) ?? new Map<string, object>();
    this.#tables.set(name, table);
    return table;
  }
}

function keyProperties(name: string): string[] {
  const table: PgTable = Object.entries(settlementTables).find(([each]) => each === name)![1];
  const { columns, primaryKeys } = getTableConfig(table);
  const keys = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  return keys.map((key) => Object.entries(getTableColumns(table)).find(([, column]) => column.name === key.name)![0]);
}
