import { TypedRows } from '@tongbao/read-model';
import type { settlementTables } from './settlement.tables.js';

type Tables = typeof settlementTables;
export type TableName = keyof Tables;
export type RowOf<Name extends TableName> = Tables[Name]['$inferSelect'];

/** The rows of the projection, typed by its tables. */
export class SettlementRows extends TypedRows<Tables> {}
