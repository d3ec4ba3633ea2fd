import type { RowKey, Rows } from '@tongbao/read-model';
import type { reconciliationTables } from './reconciliation.tables.js';

type Tables = typeof reconciliationTables;
export type TableName = keyof Tables;
export type RowOf<Name extends TableName> = Tables[Name]['$inferSelect'];

/** The rows of the projection, typed by its tables. */
export class ReconciliationRows {
  constructor(private readonly rows: Rows) {}

  get<Name extends TableName>(table: Name, ...key: RowKey): Promise<RowOf<Name> | undefined> {
    return this.rows.get<RowOf<Name>>(table, key);
  }

  put<Name extends TableName>(table: Name, row: RowOf<Name>): void {
    this.rows.put(table, row);
  }

  /**
   * A row that an earlier event must have made.
   * @throws Error when it is not there: the log is not what this projection takes it for, and folding on would only hide that
   */
  async require<Name extends TableName>(table: Name, ...key: RowKey): Promise<RowOf<Name>> {
    const row = await this.get(table, ...key);
    if (!row) throw new Error(`${table} has no row ${key.join(', ')}`);
    return row;
  }
}
