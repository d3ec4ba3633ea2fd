import type { CheckpointSigned, CheckpointWitnessed, EntriesPosted, LogEvent } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { loadConfig, soleLeader, type HealthCheck } from '@tongbao/service';
import { eventually } from '@tongbao/testing';
import { formatSignerKey, formatVerifierKey, generateSignerKey, leafHash, MerkleTree, parseSignerKey } from '@tongbao/transparency-log';
import pino from 'pino';
import { journalStream } from '../src/journal.fold.js';
import { LogQueries } from '../src/log.queries.js';
import { TransparencyLog } from '../src/log.service.js';
import { logSettings, type LogSettings } from '../src/log.settings.js';
import { logStream } from '../src/log.stream.js';
import { logProjection } from '../src/log.view.js';

export const origin = 'hub.example/log';
export const signingKey = formatSignerKey(generateSignerKey(origin, 'ed25519'));
export const logVerifierKey = formatVerifierKey(parseSignerKey(signingKey).verifier);
const commitmentKey = 'ab'.repeat(32);

export interface LogOptions {
  /** `<verifier key>=<address>`. */
  witnesses?: readonly string[];
  quorum?: number;
  signingKey?: string;
  commitmentKey?: string;
  origin?: string;
}

export const settingsOf = ({ witnesses = [], quorum = 0, ...keys }: LogOptions = {}): LogSettings =>
  logSettings(
    loadConfig({
      LOG_ORIGIN: keys.origin ?? origin,
      LOG_SIGNING_KEY: keys.signingKey ?? signingKey,
      LOG_COMMITMENT_KEY: keys.commitmentKey ?? commitmentKey,
      LOG_WITNESSES: witnesses.join(','),
      LOG_WITNESS_QUORUM: String(quorum),
    }),
  );

/** Entries of one journal event, from a number on. */
export const batchOf = (firstEntry: number, count: number, note = ''): EntriesPosted => ({
  type: 'EntriesPosted',
  epoch: 1,
  sourcePosition: String(firstEntry + count),
  firstEntry,
  entries: Array.from({ length: count }, (_, at) => ({
    kind: 'PaymentCaptured',
    ref: `pay_${firstEntry + at}${note}`,
    position: String(firstEntry + at + 1),
    transfers: [
      { from: 'provider:alipay', to: 'platform:A', amountMinor: 100, currency: 'CNY', kind: 'purchase' },
      { from: 'platform:A', to: 'creator:K', amountMinor: 70, currency: 'CNY', kind: 'royalty' },
      { from: 'platform:A', to: 'hub:fees', amountMinor: 10, currency: 'CNY', kind: 'platform-service-fee' },
    ],
  })),
  holds: [],
  limits: [],
  accounts: [],
  outcomes: [],
  alarms: [],
  postedAt: '2026-01-01T00:00:00Z',
});

/** An event store in memory: the truth of one hub. */
export class Store {
  #commands = 0;
  /** Of the journal: its events and its entries. */
  events = 0;
  entries = 0;

  private constructor(
    readonly server: EventStoreServer,
    readonly store: EventStore,
  ) {}

  static async start(): Promise<Store> {
    const server = await startEventStoreServer({ dataDir: ':memory:' });
    return new Store(server, EventStore.connect(server.connectionString));
  }

  /** One journal event. @returns its position */
  async post(count: number, note?: string): Promise<bigint> {
    const expected = this.events === 0 ? 'no_stream' : this.events - 1;
    const context = { commandId: `post ${(this.#commands += 1)}` };
    const { position } = await this.store.append(journalStream(), expected, [batchOf(this.entries, count, note)], context);
    this.events += 1;
    this.entries += count;
    return position;
  }

  /** The log's events are written by somebody else. */
  async say(...events: LogEvent[]): Promise<void> {
    await this.store.append(logStream, 'any', events, { commandId: `say ${(this.#commands += 1)}` });
  }

  async said(): Promise<LogEvent[]> {
    return (await this.store.read<LogEvent>(logStream)).map(({ event }) => event);
  }

  async signed(): Promise<CheckpointSigned[]> {
    return (await this.said()).filter((event) => event.type === 'CheckpointSigned');
  }

  async witnessed(): Promise<CheckpointWitnessed[]> {
    return (await this.said()).filter((event) => event.type === 'CheckpointWitnessed');
  }

  /** Waits for a checkpoint of so many entries. */
  async untilSigned(size = this.entries): Promise<CheckpointSigned> {
    const signed = await eventually(
      () => this.signed(),
      (all) => all.some((event) => event.size === size),
    );
    return signed.find((event) => event.size === size)!;
  }

  async untilWitnessed(size = this.entries): Promise<CheckpointWitnessed> {
    const witnessed = await eventually(
      () => this.witnessed(),
      (all) => all.some((event) => event.size === size),
    );
    return witnessed.find((event) => event.size === size)!;
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.server.close();
  }
}

/** One process of the ledger, as far as the log is concerned: the projection, and what publishes it. */
export class LogProcess {
  private constructor(
    readonly sql: SqlClient,
    readonly feed: LogFeed,
    readonly runner: ProjectionRunner,
    readonly log: TransparencyLog,
    readonly check: HealthCheck,
  ) {}

  static async start(store: Store, tables: SqlClient, options: LogOptions = {}): Promise<LogProcess> {
    const settings = settingsOf(options);
    const feed = new LogFeed(store.store, { categories: ['journal', 'log'] });
    await feed.start();
    const runner = await ProjectionRunner.start(tables, feed, logProjection(settings.commitments));
    const healthChecks: HealthCheck[] = [];
    const log = new TransparencyLog({
      ...{ store: store.store, feed, sql: tables, projection: runner, settings, healthChecks },
      clock: { now: () => new Date() },
      logger: pino({ level: 'silent' }),
      leadership: soleLeader,
    });
    await log.onApplicationBootstrap();
    return new LogProcess(tables, feed, runner, log, healthChecks[0]!);
  }

  get queries(): LogQueries {
    return new LogQueries(this.sql);
  }

  problem(): Promise<string | undefined> {
    return this.check.problem();
  }

  /** Waits for a problem. */
  untilProblem(matches: RegExp): Promise<string | undefined> {
    return eventually(
      () => this.problem(),
      (problem) => problem !== undefined && matches.test(problem),
    );
  }

  /** Ends the process; its tables stay. */
  async stop(): Promise<void> {
    await this.log.beforeApplicationShutdown();
    await this.runner.stop();
    await this.feed.stop();
  }
}

/** Databases of a spec, each emptied before it is given out again: to make one takes seconds. */
export class Databases {
  readonly #free: SqlClient[] = [];
  readonly #used: SqlClient[] = [];

  async empty(): Promise<SqlClient> {
    const sql = this.#free.pop() ?? (await openPglite('memory'));
    this.#used.push(sql);
    for (const schema of ['log', 'ledger']) await sql.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    return sql;
  }

  /** Nobody uses any of them any more. */
  release(): void {
    this.#free.push(...this.#used.splice(0));
  }

  async close(): Promise<void> {
    this.release();
    await Promise.all(this.#free.map((sql) => sql.close()));
  }
}

/** The root that leaves make, base64. */
export function rootOf(leaves: readonly Uint8Array[]): string {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(leafHash(leaf));
  return Buffer.from(tree.root()).toString('base64');
}
