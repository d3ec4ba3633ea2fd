import { TypedRows } from '@tongbao/read-model';
import type { reconciliationTables } from './reconciliation.tables.js';

type Tables = typeof reconciliationTables;
export type TableName = keyof Tables;
export type RowOf<Name extends TableName> = Tables[Name]['$inferSelect'];

/** The rows of the projection, typed by its tables. */
export class ReconciliationRows extends TypedRows<Tables> {}
