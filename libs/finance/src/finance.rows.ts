import { TypedRows } from '@tongbao/read-model';
import type { financeTables } from './finance.tables.js';

/** The rows of the projection, typed by its tables. */
export class FinanceRows extends TypedRows<typeof financeTables> {}
