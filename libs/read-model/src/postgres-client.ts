import { Outage } from '@tongbao/event-store';
import { Pool, types, type PoolClient } from 'pg';
import { toObjects, transact } from './open-transaction.js';
import { PostgresConnection, reasonOf } from './postgres-connection.js';
import { typeParsers } from './postgres-types.js';
import type { PostgresOptions } from './postgres.js';
import type { SqlClient } from './sql-client.js';
import type { Answer } from './sql-connection.js';
import { refuseArrays } from './sql-parameters.js';
import { StatementNames } from './statement-names.js';

/** Until a connection is made, or one of those that there may be is free. */
const connectTimeoutMs = 3_000;
const defaultStatementTimeoutMs = 10_000;
/** The server is given this much longer to say that a statement took too long. */
const silenceGraceMs = 2_000;
const unlimitedMs = 24 * 3_600_000;
/** Connections come and go, so that a server that has joined a cluster gets its share. */
const connectionLifetimeSeconds = 1_800;
const idleTimeoutMs = 30_000;
const openTransactionTimeoutMs = 60_000;

/** What every session needs, whatever the configuration of the server, the database or the role says. */
const sessionSettings = (statementTimeoutMs: number): Record<string, string> => ({
  // Rows and checkpoint are in one transaction, so what a crash of the server undoes is folded again.
  synchronous_commit: 'off',
  statement_timeout: String(statementTimeoutMs),
  // A process that was cut off must not hold its locks for ever.
  idle_in_transaction_session_timeout: String(openTransactionTimeoutMs),
  default_transaction_isolation: 'read\\ committed',
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  jit: 'off',
});

/** PostgreSQL through a pool of connections. */
export class PostgresClient implements SqlClient {
  readonly forgetful = true;
  readonly unlimited: SqlClient;
  readonly #pool: Pool;
  readonly #names = new StatementNames();
  readonly #inHand = new Set<Promise<unknown>>();
  readonly #silenceMs: number;
  #closed: Promise<void> | undefined;

  constructor(options: PostgresOptions) {
    const statementTimeoutMs = options.statementTimeoutMs ?? defaultStatementTimeoutMs;
    this.#silenceMs = statementTimeoutMs + silenceGraceMs;
    this.#pool = poolOf(options, statementTimeoutMs);
    this.unlimited = unlimitedOver((work) => this.#use(unlimitedMs, (connection) => transact(connection, snapshot, work)));
    // A connection that breaks while it is used tells its user; one that is idle has nobody else to tell.
    this.#pool.on('error', (error) =>
      options.onOutage?.(new Outage(`the database ended a connection: ${reasonOf(error)}`, { cause: error })),
    );
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return toObjects<Row>(await this.#ask(sql, parameters));
  }

  async arrays(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    return (await this.#ask(sql, parameters)).rows;
  }

  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T> {
    return this.#use(this.#silenceMs, (connection) => transact(connection, snapshot, work));
  }

  /** Takes nothing new and lets what is in hand come to its end. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#inHand).then(() => this.#pool.end());
    return this.#closed;
  }

  async #ask(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    refuseArrays(parameters);
    return this.#use(this.#silenceMs, (connection) => connection.ask(sql, parameters));
  }

  async #use<T>(silenceMs: number, work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Outage('the read-model database has been closed');
    const result = this.#withConnection(silenceMs, work);
    this.#inHand.add(result);
    try {
      return await result;
    } finally {
      this.#inHand.delete(result);
    }
  }

  async #withConnection<T>(silenceMs: number, work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    const connection = new PostgresConnection(client, this.#names, silenceMs);
    try {
      return await work(connection);
    } finally {
      client.release(connection.isSpent);
    }
  }

  /** Whatever keeps a connection from being made, a wrong password too, says nothing against the statement. */
  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw new Outage(`no connection to the database: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** One view of the database for all statements, as a client with one connection gives it. */
const snapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ';

function poolOf({ url, connections, applicationName }: PostgresOptions, statementTimeoutMs: number): Pool {
  const { address, settings } = withoutOptions(url);
  const own = Object.entries(sessionSettings(statementTimeoutMs)).map(([name, value]) => `-c ${name}=${value}`);
  // The types of pg list no arrays.
  const parserOfPg = types.getTypeParser as (oid: number, format: 'text') => (text: string) => unknown;
  return new Pool({
    connectionString: address,
    max: connections,
    application_name: applicationName,
    options: [settings, ...own].join(' ').trim(),
    types: { getTypeParser: typeParsers(parserOfPg(textArray, 'text')) },
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    maxLifetimeSeconds: connectionLifetimeSeconds,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
}

const textArray = 1009;

/** The session's settings that a connection string names (`?options=-c …`) stay, but do not displace those that the client needs. */
function withoutOptions(url: string): { address: string; settings: string } {
  const address = URL.parse(url);
  // Not the error of URL itself, which repeats the password.
  if (!address) throw new TypeError('the address of the database is no URL');
  const settings = address.searchParams.get('options') ?? '';
  address.searchParams.delete('options');
  return { address: address.href, settings };
}

function unlimitedOver(transaction: SqlClient['transaction']): SqlClient {
  const inTransaction = <T>(work: (tx: SqlClient) => Promise<T>): Promise<T> =>
    transaction(async (tx) => {
      await tx.query('SET LOCAL statement_timeout = 0');
      return work(tx);
    });
  return {
    query: <Row extends object>(sql: string, parameters?: readonly unknown[]) => inTransaction((tx) => tx.query<Row>(sql, parameters)),
    arrays: (sql, parameters) => inTransaction((tx) => tx.arrays(sql, parameters)),
    transaction: inTransaction,
    close: () => Promise.reject(new Error('the client itself is to be closed')),
  };
}
