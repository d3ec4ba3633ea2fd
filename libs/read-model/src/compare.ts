import type { SqlClient } from './sql-client.js';
import { qualified, quoted, type TableShape } from './table-sql.js';
import { physicalNameOf } from './generation.js';

/** How one table differs between the live rows and those folded again from the log. */
export interface TableDifference {
  table: string;
  liveRows: number;
  rebuiltRows: number;
  /** How many rows are only there, and up to 20 of them, as the client gives them raw. */
  onlyLive: { count: number; rows: object[] };
  onlyRebuilt: { count: number; rows: object[] };
}

/** Of what differs. */
export const rowsShown = 20;

/** Compares two generations table by table, row by row; what is equal is not reported. Meaningful only at the same position. */
export async function compareGenerations(
  limited: SqlClient,
  shapes: readonly TableShape[],
  live: number,
  rebuilt: number,
): Promise<TableDifference[]> {
  const client = limited.unlimited ?? limited;
  const differences: TableDifference[] = [];
  for (const shape of shapes) {
    const liveTable = qualified(shape.schema, physicalNameOf(shape.name, live));
    const rebuiltTable = qualified(shape.schema, physicalNameOf(shape.name, rebuilt));
    const [before, after] = [await digest(client, liveTable), await digest(client, rebuiltTable)];
    if (before.rows === after.rows && before.digest === after.digest) continue;
    const onlyLive = await onlyIn(client, shape, liveTable, rebuiltTable);
    const onlyRebuilt = await onlyIn(client, shape, rebuiltTable, liveTable);
    differences.push({ table: shape.name, liveRows: before.rows, rebuiltRows: after.rows, onlyLive, onlyRebuilt });
  }
  return differences;
}

/** Count and an order-free digest of the whole table in one pass: much quicker than a set difference, which only unequal tables need. */
export async function digest(client: SqlClient, table: string): Promise<{ rows: number; digest: string | null }> {
  const [result] = await client.query<{ rows: number; digest: string | null }>(
    `SELECT count(*)::integer AS rows, sum(hashtextextended(t::text, 0)::numeric)::text AS digest FROM ${table} t`,
  );
  if (!result) throw new Error(`${table} gave no digest`);
  return result;
}

async function onlyIn(client: SqlClient, shape: TableShape, here: string, there: string): Promise<{ count: number; rows: object[] }> {
  const difference = `SELECT * FROM ${here} EXCEPT ALL SELECT * FROM ${there}`;
  const [counted] = await client.query<{ count: number }>(`SELECT count(*)::integer AS count FROM (${difference}) d`);
  const order = shape.key.map(({ name }) => quoted(name)).join(', ');
  const rows = await client.query(`SELECT * FROM (${difference}) d ORDER BY ${order} LIMIT ${rowsShown}`);
  return { count: counted?.count ?? 0, rows };
}
