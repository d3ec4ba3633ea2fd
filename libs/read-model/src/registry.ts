import { CheckpointLost } from './projection-errors.js';
import type { SqlClient } from './sql-client.js';
import { qualified, quoted } from './table-sql.js';

/** One generation of a projection's tables, as the table `hub_generations` in the projection's own schema knows it. */
export interface Registered {
  generation: number;
  version: number;
  /** Digest of the tables' definitions. */
  shape: string;
  position: bigint;
  live: boolean;
  /** Of the newest leader that has opened the projection: only that one may write. */
  epoch: number;
  /** What it is built for beside the live rows; null for those that a version begins with. */
  build: BuildReason | null;
}

/** Why rows are folded again that are there already. */
export type BuildReason = 'rebuild' | 'compare';

/** Who writes a projection. */
export interface Writer {
  projection: string;
  /** Of its lead; 0 where there is only one process. */
  epoch: number;
}

export const registryOf = (projection: string): string => qualified(projection, 'hub_generations');

/** How long a change of tables waits for those who use them. */
const lockTimeout = '2s';

/**
 * Refuses every write of earlier leaders from now on. To be done before anything that needs their tables: a write of theirs that has the tables may
 * be waiting for the registry.
 * @throws CheckpointLost when a later leader has opened the projection
 */
export async function takeOver(client: SqlClient, writer: Writer): Promise<void> {
  await changingGenerations(client, writer, () => Promise.resolve());
}

/**
 * Runs work that changes which generations of a projection there are: one process at a time, and none whose lead is over.
 * @throws CheckpointLost when a later leader has opened the projection
 */
export async function changingGenerations<T>(
  client: SqlClient,
  { projection, epoch }: Writer,
  work: (tx: SqlClient) => Promise<T>,
): Promise<T> {
  return client.transaction(async (tx) => {
    // Whoever has waited for the lock must see what was done meanwhile.
    await tx.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
    // A crash of the database may undo batches, which are folded again, but not take the tables from under them.
    await tx.query('SET LOCAL synchronous_commit = on');
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`tongbao projection ${projection}`]);
    await tx.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
    await createRegistry(tx, projection);
    await claim(tx, projection, epoch);
    return work(tx);
  });
}

/** `IF NOT EXISTS` would do, but asks for the right to create a schema even if there is one. */
async function createRegistry(tx: SqlClient, projection: string): Promise<void> {
  const registry = registryOf(projection);
  const [found] = await tx.query<{ schema: boolean; registry: boolean; build: boolean }>(
    `SELECT to_regnamespace($1) IS NOT NULL AS schema, to_regclass($2) IS NOT NULL AS registry,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($2) AND attname = 'build') AS build`,
    [quoted(projection), registry],
  );
  if (!found?.schema) await tx.query(`CREATE SCHEMA ${quoted(projection)}`);
  if (found?.registry) {
    // Earlier releases kept nothing of a build that had been stopped.
    if (!found.build) await tx.query(`ALTER TABLE ${registry} ADD COLUMN build text`);
    return;
  }
  await tx.query(
    `CREATE TABLE ${registry} (generation integer PRIMARY KEY, version integer NOT NULL, shape text NOT NULL, tables text[] NOT NULL,
       position bigint NOT NULL, live boolean NOT NULL, epoch bigint NOT NULL, build text)`,
  );
  await tx.query(`CREATE UNIQUE INDEX hub_generations_live ON ${registry} (live) WHERE live`);
  await moveFromSharedRegistry(tx, projection);
}

/** Data folders of the first releases have one registry for all projections. */
async function moveFromSharedRegistry(tx: SqlClient, projection: string): Promise<void> {
  const [shared] = await tx.query<{ found: boolean }>(`SELECT to_regclass('hub.projections') IS NOT NULL AS found`);
  if (!shared?.found) return;
  await tx.query(
    `INSERT INTO ${registryOf(projection)} (generation, version, shape, tables, position, live, epoch)
     SELECT generation, version, shape, tables, position, live, 0 FROM hub.projections WHERE name = $1`,
    [projection],
  );
  await tx.query('DELETE FROM hub.projections WHERE name = $1', [projection]);
}

async function claim(tx: SqlClient, projection: string, epoch: number): Promise<void> {
  const registry = registryOf(projection);
  await tx.query(`UPDATE ${registry} SET epoch = $1 WHERE epoch < $1`, [epoch]);
  const [later] = await tx.query<{ epoch: string | null }>(`SELECT max(epoch) AS epoch FROM ${registry} WHERE epoch > $1`, [epoch]);
  if (later?.epoch) throw new CheckpointLost(`${projection} is led under epoch ${later.epoch}, and this process under ${epoch}`);
}

/** By their numbers. @throws SqlError 42P01 or 3F000 when the projection was never opened */
export async function registered(client: SqlClient, projection: string): Promise<Registered[]> {
  const rows = await client.query<Omit<Registered, 'position' | 'epoch'> & { position: string; epoch: string }>(
    // Also of a registry that has no such column yet: who reads may be of a newer release than who leads.
    `SELECT generation, version, shape, position, live, epoch, to_jsonb(g) ->> 'build' AS build FROM ${registryOf(projection)} g ORDER BY generation`,
  );
  return rows.map((row) => ({ ...row, position: BigInt(row.position), epoch: Number(row.epoch) }));
}

export async function register(tx: SqlClient, projection: string, entry: Registered, tables: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO ${registryOf(projection)} (generation, version, shape, position, live, epoch, build, tables)
     SELECT $1, $2, $3, $4, $5, $6, $7, ARRAY(SELECT json_array_elements_text($8::json))`,
    [entry.generation, entry.version, entry.shape, entry.position, entry.live, entry.epoch, entry.build, JSON.stringify(tables)],
  );
}

/** SQL names of the tables that a generation consists of, which may be others than today's. */
export async function tablesOf(tx: SqlClient, projection: string, generation: number): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(`SELECT unnest(tables) AS name FROM ${registryOf(projection)} WHERE generation = $1`, [
    generation,
  ]);
  return rows.map((row) => row.name);
}

export async function unregister(tx: SqlClient, projection: string, generation: number): Promise<void> {
  await tx.query(`DELETE FROM ${registryOf(projection)} WHERE generation = $1`, [generation]);
}

export async function setLive(tx: SqlClient, projection: string, generation: number): Promise<void> {
  await tx.query(`UPDATE ${registryOf(projection)} SET live = false WHERE live`);
  await tx.query(`UPDATE ${registryOf(projection)} SET live = true, build = NULL WHERE generation = $1`, [generation]);
}
