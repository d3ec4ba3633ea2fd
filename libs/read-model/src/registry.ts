import type { SqlClient } from './sql-client.js';

/** One generation of a projection's tables, as `hub.projections` knows it. */
export interface Registered {
  generation: number;
  version: number;
  /** Digest of the tables' definitions. */
  shape: string;
  position: bigint;
  live: boolean;
}

const createRegistry = [
  'CREATE SCHEMA IF NOT EXISTS hub',
  `CREATE TABLE IF NOT EXISTS hub.projections (
     name text NOT NULL, generation integer NOT NULL, version integer NOT NULL, shape text NOT NULL, tables text[] NOT NULL,
     position bigint NOT NULL, live boolean NOT NULL, PRIMARY KEY (name, generation))`,
  'CREATE UNIQUE INDEX IF NOT EXISTS projections_live ON hub.projections (name) WHERE live',
];

/** Any number that nobody else locks by: processes that start together create the registry one after the other. */
const registryLock = 5_402_771;

/** Runs work that changes which generations there are, alone. */
export async function changingGenerations<T>(client: SqlClient, work: (tx: SqlClient) => Promise<T>): Promise<T> {
  return client.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(${registryLock})`);
    for (const statement of createRegistry) await tx.query(statement);
    return work(tx);
  });
}

export async function registered(client: SqlClient, name: string): Promise<Registered[]> {
  const rows = await client.query<Omit<Registered, 'position'> & { position: string }>(
    'SELECT generation, version, shape, position, live FROM hub.projections WHERE name = $1 ORDER BY generation',
    [name],
  );
  return rows.map((row) => ({ ...row, position: BigInt(row.position) }));
}

/** Where a generation has got to; undefined when it is gone. */
export async function storedPosition(client: SqlClient, name: string, generation: number): Promise<bigint | undefined> {
  const [row] = await client.query<{ position: string }>('SELECT position FROM hub.projections WHERE name = $1 AND generation = $2', [
    name,
    generation,
  ]);
  return row && BigInt(row.position);
}

export async function register(tx: SqlClient, name: string, entry: Registered, tables: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO hub.projections (name, generation, version, shape, position, live, tables)
     SELECT $1, $2, $3, $4, $5, $6, ARRAY(SELECT json_array_elements_text($7::json))`,
    [name, entry.generation, entry.version, entry.shape, entry.position, entry.live, JSON.stringify(tables)],
  );
}

/** SQL names of the tables that a generation consists of, which may be others than today's. */
export async function tablesOf(tx: SqlClient, name: string, generation: number): Promise<string[]> {
  const rows = await tx.query<{ name: string }>('SELECT unnest(tables) AS name FROM hub.projections WHERE name = $1 AND generation = $2', [
    name,
    generation,
  ]);
  return rows.map((row) => row.name);
}

export async function unregister(tx: SqlClient, name: string, generation: number): Promise<void> {
  await tx.query('DELETE FROM hub.projections WHERE name = $1 AND generation = $2', [name, generation]);
}

export async function setLive(tx: SqlClient, name: string, generation: number): Promise<void> {
  await tx.query('UPDATE hub.projections SET live = false WHERE name = $1 AND live', [name]);
  await tx.query('UPDATE hub.projections SET live = true WHERE name = $1 AND generation = $2', [name, generation]);
}
