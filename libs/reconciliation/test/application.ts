import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Bus, EmbeddedTransport } from '@tongbao/bus';
import { EventStore, LogFeed, type DomainEvent, type StoredEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import {
  CommandRefusals,
  createHttpApplication,
  HubModule,
  loadConfig,
  OperatorDirectory,
  PlatformKeys,
  soleLeader,
  type HealthCheck,
} from '@tongbao/service';
import pino from 'pino';
import { ReconciliationModule } from '../src/reconciliation.module.js';
import { reconciliationCategories, reconciliationProjection } from '../src/reconciliation.projection.js';
import { captured, paymentIdOf, refundAsked, refunded, type Sale } from './facts.js';

@Module({})
class RootModule {}

const operators = [
  { name: 'fin', roles: ['finance' as const], token: 'finance' },
  { name: 'boss', roles: ['approver' as const, 'finance' as const], token: 'approver' },
  { name: 'al', roles: ['auditor' as const], token: 'auditor' },
];

export interface Reply {
  status: number;
  // Specs look into answers one by one.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  text: string;
  headers: Record<string, unknown>;
}

const host = 'hub.example';

/** A store whose clock is the spec's, its read models, and a folder: what outlives the processes. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconciliation-'));
  #now = Date.parse('2026-03-01T00:00:00Z');
  #facts = 0;
  readonly clock = { now: () => new Date(this.#now) };

  private constructor(
    readonly server: EventStoreServer,
    readonly store: EventStore,
    readonly sql: SqlClient,
  ) {}

  static async begin(): Promise<World> {
    const time: { of?: World } = {};
    const server = await startEventStoreServer({ dataDir: ':memory:', clock: () => time.of?.clock.now().getTime() ?? 0 });
    const world = new World(server, EventStore.connect(server.connectionString), await openPglite('memory'));
    time.of = world;
    return world;
  }

  /** It is this time now, for the hub and for the store. */
  at(time: string): void {
    this.#now = Date.parse(time);
  }

  async happened(stream: string, ...events: DomainEvent[]): Promise<bigint> {
    const { position } = await this.store.append(stream, 'any', events, { commandId: `fact ${(this.#facts += 1)}` });
    return position;
  }

  /** A payment was captured, at the time that it says. */
  async sold(number: number, sale: Sale): Promise<string> {
    const paymentId = paymentIdOf(number);
    this.at(sale.at);
    await this.happened(`payment-${paymentId}`, captured(paymentId, sale));
    return paymentId;
  }

  async gaveBack(paymentId: string, sale: Sale): Promise<void> {
    this.at(sale.at);
    await this.happened(`payment-${paymentId}`, refundAsked(paymentId, sale), refunded(paymentId, sale));
  }

  /** All events of a category, in order. */
  async log<E extends DomainEvent>(category: string): Promise<StoredEvent<E>[]> {
    const all: StoredEvent[] = [];
    const done = new AbortController();
    for await (const { events, caughtUp } of this.store.follow([category], 0n, done.signal)) {
      all.push(...events);
      if (caughtUp) done.abort();
    }
    return all as StoredEvent<E>[]; // the spec knows what it asks for
  }

  async end(): Promise<void> {
    await this.sql.close();
    // Together: the client waits for reads that were left half way, which only the server ends.
    await Promise.all([this.store.close(), this.server.close()]);
    rmSync(this.folder, { recursive: true });
  }
}

export interface ApplicationOptions {
  /** In place of the world's, for a process that is killed. */
  store?: EventStore;
  maxBillBytes?: number;
  payoutsEveryMs?: number;
}

/** The reconciliation part in a process of its own. */
export async function openApplication(world: World, options: ApplicationOptions = {}) {
  const { sql, clock } = world;
  const store = options.store ?? world.store;
  const feed = new LogFeed(world.store, { categories: [...reconciliationCategories, 'participant', 'command'] });
  await feed.start();
  const runner = await ProjectionRunner.start(sql, feed, reconciliationProjection);
  const bus = new Bus({ transport: new EmbeddedTransport({ store: world.store, feed, publishers: [] }), store: world.store });
  const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  const platformKeys = new PlatformKeys(world.store);
  platformKeys.start(feed);
  const healthChecks: HealthCheck[] = [];
  const hub = HubModule.register({
    config: loadConfig({}),
    ...{ store, feed, sql, bus, logger, platformKeys, healthChecks, clock },
    operators: new OperatorDirectory(operators),
    refusals: new CommandRefusals(world.store),
    projections: new Map([['reconciliation', runner]]),
    leaderships: new Map([['settlement', soleLeader]]),
  });
  const part = ReconciliationModule.register({
    folder: join(world.folder, 'bills'),
    maxBillBytes: options.maxBillBytes ?? 50_000_000,
    ...(options.payoutsEveryMs !== undefined && { payoutsEveryMs: options.payoutsEveryMs }),
  });
  const app = await createHttpApplication({ module: RootModule, imports: [hub, part] }, { logger, bodyLimitBytes: 65_536 });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  let count = 0;

  const ask = async (
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    token: string,
    payload?: string | Buffer,
    headers = {},
  ): Promise<Reply> => {
    const reply = await app.inject({
      ...{ method, url },
      headers: { host, authorization: `Bearer ${token}`, ...headers },
      ...(payload !== undefined && { payload }),
    });
    const isJson = String(reply.headers['content-type']).includes('json');
    return { status: reply.statusCode, body: isJson ? reply.json() : {}, text: reply.body, headers: reply.headers };
  };

  const hubOf = {
    runner,
    healthChecks,
    get: (url: string, token = 'auditor', headers: Record<string, string> = {}) => ask('GET', url, token, undefined, headers),

    post: (url: string, body: object = {}, { token = 'finance', key = `key-${(count += 1)}` } = {}) =>
      ask('POST', url, token, JSON.stringify(body), { 'content-type': 'application/json', 'idempotency-key': key }),

    put: (url: string, body: object, token = 'approver') =>
      ask('PUT', url, token, JSON.stringify(body), { 'content-type': 'application/json', 'idempotency-key': `key-${(count += 1)}` }),

    /** Terms that finance proposes and another person approves. */
    async setTerms(provider: string, terms: object): Promise<Reply> {
      const { body } = await hubOf.put(`/v1/reconciliation/terms/${provider}`, terms, 'finance');
      return hubOf.post(`/v1/reconciliation/terms/${provider}/approve`, { proposalId: body.proposalId }, { token: 'approver' });
    },

    give: (query: Record<string, string>, file: Buffer, { token = 'finance', key = `key-${(count += 1)}` } = {}) =>
      ask('POST', `/v1/reconciliation/bills?${new URLSearchParams(query).toString()}`, token, file, {
        ...{ 'content-type': 'application/octet-stream', 'idempotency-key': key },
      }),

    /** Everything that is in the log has been folded. */
    async folded(): Promise<void> {
      const head = await world.store.head();
      if (!(await runner.reached(head, 10_000))) throw new Error(`the projection is at ${runner.status().position}, the log at ${head}`);
    },

    async close(): Promise<void> {
      await app.close();
      await bus.stop();
      await runner.stop();
      await feed.stop();
    },
  };
  return hubOf;
}

export type Application = Awaited<ReturnType<typeof openApplication>>;
