import { setTimeout as delay } from 'node:timers/promises';
import { digest, rowsShown, type TableDifference } from './compare.js';
import { physicalNameOf, shapeDigestOf } from './generation.js';
import { registered, type Registered } from './registry.js';
import type { ScratchProjection } from './scratch-projection.js';
import type { SqlClient } from './sql-client.js';
import { SqlError } from './sql-error.js';
import { qualified, quoted, type TableShape } from './table-sql.js';

export interface LiveComparison {
  /** Where both were compared. */
  position: bigint;
  differences: TableDifference[];
}

/** The live rows cannot be compared with these: they are of another version, or stand still. */
export class NotComparable extends Error {
  override readonly name = 'NotComparable';
}

const lookEveryMs = 200;
/** Tables that differ are looked at in so many parts, chosen by their keys. */
const parts = 256;

/**
 * Compares the rows that queries read in another database, as they are at one moment, with those of a scratch projection at the same position.
 * The live rows go on meanwhile.
 * @param reach folds the log into the scratch projection exactly up to a position; best when only little is missing
 * @param waitMs how long the live rows may take to come up to where the scratch projection is already
 * @throws NotComparable; Outage when the database cannot be reached
 */
export async function compareWithLive(
  live: SqlClient,
  scratch: ScratchProjection,
  reach: (position: bigint) => Promise<void>,
  waitMs: number,
): Promise<LiveComparison> {
  const giveUpAt = performance.now() + waitMs;
  for (;;) {
    const compared = await (live.unlimited ?? live).transaction((tx) => compareAtOneMoment(tx, scratch, reach));
    if (typeof compared === 'object') return compared;
    if (performance.now() > giveUpAt)
      throw new NotComparable(`the live rows of ${scratch.projection.name} stand still at ${compared}, before ${scratch.position}`);
    await delay(lookEveryMs);
  }
}

/** @returns the position of the live rows when it lies before that of the others */
async function compareAtOneMoment(
  tx: SqlClient,
  scratch: ScratchProjection,
  reach: (position: bigint) => Promise<void>,
): Promise<LiveComparison | bigint> {
  const { projection } = scratch;
  const { generation, position, version, shape } = await liveOf(tx, projection.name);
  if (version !== projection.version || shape !== shapeDigestOf(projection))
    throw new NotComparable(`the live rows of ${projection.name} are another version's (${version}), or in other tables`);
  if (position < scratch.position) return position;
  await reach(position);
  const differences: TableDifference[] = [];
  for (const table of scratch.generation.shapes) {
    const difference = await differenceOf(table, rowsIn(tx, table, generation), rowsIn(scratch.client, table, scratch.generation.number));
    if (difference) differences.push(difference);
  }
  return { position, differences };
}

async function liveOf(tx: SqlClient, projection: string): Promise<Registered> {
  const none = new NotComparable(`there are no live rows of ${projection}`);
  const entries = await registered(tx, projection).catch((error: unknown) => {
    throw error instanceof SqlError && notThere.has(error.code) ? none : error;
  });
  const shown = entries.find(({ live }) => live);
  if (!shown) throw none;
  return shown;
}

/** SQLSTATE of a table or schema that does not exist. */
const notThere = new Set(['42P01', '3F000']);

/** The rows of a table in one of the databases. */
interface TableRows {
  digest(): Promise<{ rows: number; digest: string | null }>;
  /** Of the parts: `[part, rows, digest]` each. */
  parts(): Promise<unknown[][]>;
  /** Those of one part: as text that tells them apart, and as JSON to show. */
  part(number: number): Promise<[text: string, json: string][]>;
}

function rowsIn(client: SqlClient, { schema, name, key }: TableShape, generation: number): TableRows {
  const table = qualified(schema, physicalNameOf(name, generation));
  const partOf = `(hashtextextended(ROW(${key.map((column) => `t.${quoted(column.name)}`).join(', ')})::text, 0) & ${parts - 1})::integer`;
  const byKey = key.map((column) => `t.${quoted(column.name)}`).join(', ');
  return {
    digest: () => digest(client, table),
    parts: () =>
      client.arrays(
        `SELECT ${partOf} AS part, count(*)::integer, sum(hashtextextended(t::text, 0)::numeric)::text FROM ${table} t GROUP BY 1 ORDER BY 1`,
      ),
    // The select list makes the shape.
    part: async (number) =>
      (await client.arrays(`SELECT t::text, to_jsonb(t)::text FROM ${table} t WHERE ${partOf} = $1 ORDER BY ${byKey}`, [number])) as [
        string,
        string,
      ][],
  };
}

async function differenceOf({ name }: TableShape, live: TableRows, scratch: TableRows): Promise<TableDifference | undefined> {
  const [before, after] = [await live.digest(), await scratch.digest()];
  if (before.rows === after.rows && before.digest === after.digest) return undefined;
  const difference: TableDifference = {
    table: name,
    liveRows: before.rows,
    rebuiltRows: after.rows,
    onlyLive: { count: 0, rows: [] },
    onlyRebuilt: { count: 0, rows: [] },
  };
  for (const part of differingParts(await live.parts(), await scratch.parts())) {
    const [here, there] = [new Map(await live.part(part)), new Map(await scratch.part(part))];
    add(difference.onlyLive, here, there);
    add(difference.onlyRebuilt, there, here);
  }
  return difference;
}

function differingParts(live: readonly unknown[][], scratch: readonly unknown[][]): number[] {
  const figures = new Map(live.map(([part, ...rest]) => [Number(part), rest.join(' ')]));
  const others = new Map(scratch.map(([part, ...rest]) => [Number(part), rest.join(' ')]));
  return [...new Set([...figures.keys(), ...others.keys()])].filter((part) => figures.get(part) !== others.get(part));
}

/** Rows have a key, so no two of a table are the same. */
function add(only: { count: number; rows: object[] }, here: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): void {
  for (const [text, json] of here) {
    if (there.has(text)) continue;
    only.count += 1;
    // What PostgreSQL makes of a row is an object.
    if (only.rows.length < rowsShown) only.rows.push(JSON.parse(json) as object);
  }
}
