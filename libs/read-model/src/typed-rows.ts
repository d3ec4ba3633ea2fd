import type { RowKey, Rows } from './projection.js';

/** Tables of a projection by their names, as Drizzle types them. */
type TablesOf<Tables> = { [Name in keyof Tables]: { $inferSelect: object } };

/** The rows of a projection, typed by its tables. */
export class TypedRows<Tables extends TablesOf<Tables>> {
  constructor(private readonly rows: Rows) {}

  get<Name extends keyof Tables & string>(table: Name, ...key: RowKey): Promise<Tables[Name]['$inferSelect'] | undefined> {
    return this.rows.get<Tables[Name]['$inferSelect']>(table, key);
  }

  put<Name extends keyof Tables & string>(table: Name, row: Tables[Name]['$inferSelect']): void {
    this.rows.put(table, row);
  }

  delete(table: keyof Tables & string, ...key: RowKey): void {
    this.rows.delete(table, key);
  }

  /**
   * A row that an earlier event must have made.
   * @throws Error when it is not there: the log is not what this projection takes it for, and folding on would only hide that
   */
  async require<Name extends keyof Tables & string>(table: Name, ...key: RowKey): Promise<Tables[Name]['$inferSelect']> {
    const row = await this.get(table, ...key);
    if (!row) throw new Error(`${table} has no row ${key.join(', ')}`);
    return row;
  }
}
