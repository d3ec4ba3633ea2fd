import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTools, startPostgres } from '@tongbao/local-services';
import pg from 'pg';
import { LatencyRecorder, type Latency } from './latency-recorder.js';
import { purchase, type Accounts } from './ledger-purchases.js';

export interface SqlCase {
  /** Entries of one call: one, or so many in a call of the batched function. */
  entries: number;
  accounts: Accounts;
  clients: number;
}

export interface SqlResult extends SqlCase {
  perSecond: number[];
  latency: Latency;
}

/** What both functions do to the balances: locks them in one order, moves them, and looks whether a wallet fell too far. */
const moveBalances = `
    PERFORM 1 FROM accounts WHERE (name, currency) IN (SELECT * FROM unnest(p_from || p_to, p_currency || p_currency)) ORDER BY name, currency FOR UPDATE;
    UPDATE accounts a SET posted = a.posted + d.delta FROM (
      SELECT name, currency, sum(amount) AS delta FROM (
        SELECT * FROM unnest(p_to, p_currency, p_amount) AS t (name, currency, amount)
        UNION ALL SELECT name, currency, -amount FROM unnest(p_from, p_currency, p_amount) AS f (name, currency, amount)) legs
      GROUP BY name, currency) d
    WHERE a.name = d.name AND a.currency = d.currency;
    IF EXISTS (SELECT 1 FROM accounts WHERE name = ANY (p_from) AND name LIKE 'user:%' AND posted < 0) THEN
      RAISE EXCEPTION 'insufficient_funds';
    END IF;`;

/*
 * A double-entry ledger as one writes it in SQL: entries with a unique command id, their transfers, and a balance for each account, in a row that is locked
 * before it is changed; always in the order of the names, so that no two wait for each other. A wallet may not fall below zero. All in one function, so
 * that a posting is one round trip and one transaction.
 */
const schema = `
  CREATE TABLE accounts (name text, currency text, posted bigint NOT NULL DEFAULT 0, PRIMARY KEY (name, currency));
  CREATE TABLE entries (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, command_id text NOT NULL UNIQUE, ref text NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE transfers (entry bigint NOT NULL, ordinal int NOT NULL, from_account text NOT NULL, to_account text NOT NULL, currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0), kind text NOT NULL, PRIMARY KEY (entry, ordinal));

  CREATE FUNCTION post_entry(p_command text, p_ref text, p_from text[], p_to text[], p_amount bigint[], p_currency text[], p_kind text[])
  RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE v_entry bigint;
  BEGIN
    INSERT INTO entries (command_id, ref) VALUES (p_command, p_ref) ON CONFLICT (command_id) DO NOTHING RETURNING id INTO v_entry;
    IF v_entry IS NULL THEN
      SELECT id INTO v_entry FROM entries WHERE command_id = p_command;
      RETURN v_entry;
    END IF;
    ${moveBalances}
    INSERT INTO transfers SELECT v_entry, ordinal, f, t, c, a, k
      FROM unnest(p_from, p_to, p_currency, p_amount, p_kind) WITH ORDINALITY AS u (f, t, c, a, k, ordinal);
    RETURN v_entry;
  END $$;

  CREATE FUNCTION post_entries(p_commands text[], p_refs text[], p_index int[], p_from text[], p_to text[], p_amount bigint[], p_currency text[], p_kind text[])
  RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE v_ids bigint[];
  BEGIN
    WITH inserted AS (INSERT INTO entries (command_id, ref) SELECT * FROM unnest(p_commands, p_refs) RETURNING id)
    SELECT array_agg(id ORDER BY id) INTO v_ids FROM inserted;
    ${moveBalances}
    INSERT INTO transfers SELECT v_ids[i], row_number() OVER (PARTITION BY i ORDER BY ordinal), f, t, c, a, k
      FROM unnest(p_index, p_from, p_to, p_currency, p_amount, p_kind) WITH ORDINALITY AS u (i, f, t, c, a, k, ordinal);
    RETURN v_ids[1];
  END $$;
`;

let numbers = 0;

/** The same postings by PostgreSQL, with the settings and the durability that it has by default. */
export async function measureSql(
  cases: readonly SqlCase[],
  { groups, seconds, rounds }: { groups: number; seconds: number; rounds: number },
): Promise<SqlResult[]> {
  await ensureTools(['postgres']);
  const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-bench-postgres-'));
  const server = await startPostgres({ dataDir });
  const pool = new pg.Pool({ connectionString: server.url, max: Math.max(...cases.map(({ clients }) => clients)) });
  // A connection that breaks fails the query it is used for, too.
  pool.on('error', () => undefined);
  try {
    await pool.query(schema);
    await openAccounts(pool, groups);
    const results = cases.map((each) => ({ ...each, perSecond: [] as number[], recorder: new LatencyRecorder() }));
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const each of results) {
        const rate = await measureRound(pool, each, groups, (seconds * 1_000) / rounds, round > 0 ? each.recorder : undefined);
        if (round > 0) each.perSecond.push(rate);
      }
    }
    return results.map(({ recorder, ...result }) => ({ ...result, latency: recorder.latency() }));
  } finally {
    await pool.end();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** They are all there before: an entry need not look whether it is the first of an account. */
async function openAccounts(pool: pg.Pool, groups: number): Promise<void> {
  const names = new Set<string>();
  for (const accounts of ['spread', 'hot'] as const)
    for (let group = 0; group < groups; group += 1) for (const { from, to } of purchase(group, groups, accounts)) names.add(from).add(to);
  await pool.query(`INSERT INTO accounts (name, currency) SELECT unnest($1::text[]), 'CNY'`, [[...names]]);
  await pool.query('VACUUM ANALYZE accounts');
}

async function measureRound(
  pool: pg.Pool,
  { entries, accounts, clients }: SqlCase,
  groups: number,
  milliseconds: number,
  recorder: LatencyRecorder | undefined,
): Promise<number> {
  let posted = 0;
  const startedMs = performance.now();
  const caller = async () => {
    const client = await pool.connect();
    try {
      for (let sentMs = startedMs; sentMs < startedMs + milliseconds;) {
        sentMs = performance.now();
        await (entries === 1 ? postOne(client, groups, accounts) : postMany(client, entries, groups, accounts));
        recorder?.record(performance.now() - sentMs);
        posted += entries;
      }
    } finally {
      client.release();
    }
  };
  await Promise.all(Array.from({ length: clients }, caller));
  return (posted * 1_000) / (performance.now() - startedMs);
}

async function postOne(client: pg.PoolClient, groups: number, accounts: Accounts): Promise<void> {
  numbers += 1;
  const transfers = purchase(numbers, groups, accounts);
  const values = [`c-${numbers}`, `pay_${numbers}`, ...columnsOf(transfers)];
  await client.query({ name: 'post_entry', text: 'SELECT post_entry($1, $2, $3, $4, $5, $6, $7)', values });
}

async function postMany(client: pg.PoolClient, entries: number, groups: number, accounts: Accounts): Promise<void> {
  const all = Array.from({ length: entries }, () => {
    numbers += 1;
    return { number: numbers, transfers: purchase(numbers, groups, accounts) };
  });
  const index = all.flatMap(({ transfers }, entry) => transfers.map(() => entry + 1));
  const values = [
    all.map(({ number }) => `c-${number}`),
    all.map(({ number }) => `pay_${number}`),
    index,
    ...columnsOf(all.flatMap(({ transfers }) => transfers)),
  ];
  await client.query({ name: 'post_entries', text: 'SELECT post_entries($1, $2, $3, $4, $5, $6, $7, $8)', values });
}

const columnsOf = (transfers: ReturnType<typeof purchase>): unknown[][] => [
  transfers.map(({ from }) => from),
  transfers.map(({ to }) => to),
  transfers.map(({ amountMinor }) => amountMinor),
  transfers.map(({ currency }) => currency),
  transfers.map(({ kind }) => kind),
];
