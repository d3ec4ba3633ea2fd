import { getTableColumns, is, SQL } from 'drizzle-orm';
import { getTableConfig, PgDialect, type Index, type IndexedColumn, type PgTable } from 'drizzle-orm/pg-core';
import { codecOf, type ColumnCodec } from './column-codec.js';

/** Quoted, so that any name is taken as it is. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const qualified = (schema: string, name: string): string => `${quoted(schema)}.${quoted(name)}`;

/** What a projection's table is made of. */
export interface TableShape {
  schema: string;
  /** Name in SQL, which queries know. */
  name: string;
  columns: ColumnCodec[];
  /** The primary key's columns, in its order. */
  key: ColumnCodec[];
}

/** @throws Error when the table is one that a projection cannot keep */
export function shapeOf(table: PgTable): TableShape {
  const { name, schema, primaryKeys, columns, uniqueConstraints, foreignKeys, checks, indexes } = getTableConfig(table);
  const refuse = (why: string): never => {
    throw new Error(`table ${name} ${why}`);
  };
  if (schema === undefined) return refuse('has no schema: declare it with pgSchema(…).table(…)');
  const constrained = uniqueConstraints.length + foreignKeys.length + checks.length > 0 || columns.some((column) => column.isUnique);
  if (constrained || indexes.some((index) => index.config.unique))
    refuse('has a constraint besides its primary key, which could refuse a batch');
  const codecs = Object.entries(getTableColumns(table)).map(([property, column]) => codecOf(property, column));
  const keyNames =
    primaryKeys[0]?.columns.map((column) => column.name) ?? columns.filter((column) => column.primary).map((column) => column.name);
  const key = keyNames.flatMap((keyName) => codecs.filter((codec) => codec.name === keyName));
  if (key.length === 0) refuse('has no primary key');
  return { schema, name, columns: codecs, key };
}

const longestName = 63;

/** Texts are in the order of their bytes, whatever language a database was made for: pages by a key are the same everywhere. */
const collation = ({ sqlType }: ColumnCodec): string => (/^(text|varchar)/.test(sqlType) ? ' COLLATE "C"' : '');

/** The statements that create a table under another name: the table with its primary key, then its indexes. */
export function createTableSql(table: PgTable, physicalName: string): string[] {
  const { schema, columns, key } = shapeOf(table);
  if (physicalName.length > longestName - 4) throw new Error(`${physicalName} is too long for a name in PostgreSQL`);
  const physical = qualified(schema, physicalName);
  const lines = columns.map((column) => `${quoted(column.name)} ${column.sqlType}${collation(column)}${column.notNull ? ' NOT NULL' : ''}`);
  const primaryKey = `PRIMARY KEY (${key.map(({ name }) => quoted(name)).join(', ')})`;
  const indexes = getTableConfig(table).indexes.map((index, number) => createIndexSql(index, physical, `${physicalName}_i${number}`));
  return [`CREATE TABLE ${physical} (${[...lines, primaryKey].join(', ')})`, ...indexes];
}

function createIndexSql({ config }: Index, physical: string, name: string): string {
  const columns = config.columns.map((column) => (is(column, SQL) ? `(${inline(column)})` : indexedColumnSql(column as IndexedColumn)));
  const where = config.where ? ` WHERE ${inline(config.where)}` : '';
  return `CREATE INDEX ${quoted(name)} ON ${physical} USING ${config.method ?? 'btree'} (${columns.join(', ')})${where}`;
}

function indexedColumnSql(column: Partial<IndexedColumn>): string {
  const { order, nulls, opClass } = column.indexConfig ?? {};
  return [quoted(column.name ?? ''), opClass, order?.toUpperCase(), nulls && `NULLS ${nulls.toUpperCase()}`].filter(Boolean).join(' ');
}

/** An index's expression as text, its columns unqualified. */
const inline = (expression: SQL): string => new PgDialect().sqlToQuery(expression.inlineParams(), 'indexes').sql;

const namesOf = (columns: readonly ColumnCodec[]): string => columns.map(({ name }) => quoted(name)).join(', ');

const recordOf = (columns: readonly ColumnCodec[]): string => columns.map(({ name, sqlType }) => `${quoted(name)} ${sqlType}`).join(', ');

/**
 * Rows `r` for the keys in a JSON array of objects, each found through the primary key. OFFSET 0 keeps the planner from making one join of it,
 * which it would do by reading the whole table: it knows nothing of how few the keys are.
 */
function byKeys(schema: string, key: readonly ColumnCodec[], physicalName: string, parameter: number, selected: string): string {
  const keys = `json_to_recordset($${parameter}::json) AS k(${recordOf(key)})`;
  const onKey = key.map(({ name }) => `t.${quoted(name)} = k.${quoted(name)}`).join(' AND ');
  return `${keys} CROSS JOIN LATERAL (SELECT ${selected} FROM ${qualified(schema, physicalName)} t WHERE ${onKey} OFFSET 0) r`;
}

/** Rows by their keys; the parameter is a JSON array of objects that hold the key's columns. */
export function loadSql({ schema, key, columns }: TableShape, physicalName: string): string {
  return `SELECT r.* FROM ${byKeys(schema, key, physicalName, 1, namesOf(columns))}`;
}

/** Inserts or replaces rows; the parameter is a JSON array of whole rows. `guard` is a condition that must hold for anything to be written. */
export function upsertSql({ schema, key, columns }: TableShape, physicalName: string, parameter: number, guard: string): string {
  const others = columns.filter((column) => !key.includes(column));
  const set = others.map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ');
  return (
    `INSERT INTO ${qualified(schema, physicalName)} (${namesOf(columns)}) ` +
    `SELECT ${namesOf(columns)} FROM json_to_recordset($${parameter}::json) AS r(${recordOf(columns)}) WHERE ${guard} ` +
    `ON CONFLICT (${namesOf(key)}) DO ${others.length > 0 ? `UPDATE SET ${set}` : 'NOTHING'}`
  );
}

/** Deletes rows; the parameter is a JSON array of objects that hold the key's columns. */
export function deleteSql({ schema, key }: TableShape, physicalName: string, parameter: number, guard: string): string {
  const found = `SELECT r.ctid FROM ${byKeys(schema, key, physicalName, parameter, 'ctid')}`;
  return `DELETE FROM ${qualified(schema, physicalName)} WHERE ctid = ANY(ARRAY(${found})) AND ${guard}`;
}

/** The view that queries read a table by, over one generation of it. */
export function createViewSql({ schema, name, columns }: TableShape, physicalName: string): string {
  return `CREATE VIEW ${qualified(schema, name)} AS SELECT ${namesOf(columns)} FROM ${qualified(schema, physicalName)}`;
}
