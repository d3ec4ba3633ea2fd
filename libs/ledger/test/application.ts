import { Controller, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Bus, busCategories, Consume, EmbeddedTransport, type Message } from '@tongbao/bus';
import { generateKey, publicKeyOf, RequestSigner } from '@tongbao/client';
import { topics, type CapUseChangedMessage, type PlatformKeyRegistered } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner } from '@tongbao/read-model';
import {
  CommandRefusals,
  createHttpApplication,
  HubModule,
  soleLeader,
  loadConfig,
  OperatorDirectory,
  PlatformKeys,
  systemClock,
  type HealthCheck,
} from '@tongbao/service';
import pino from 'pino';
import { ledgerCategories, LedgerModule } from '../src/ledger.module.js';
import { ledgerPublisher } from '../src/ledger.publish.js';
import { ledgerProjection } from '../src/ledger.view.js';
import type { AnyFact } from '../src/posting-rules.js';

const host = 'hub.example';

/** What the ledger answered over the bus, as another service hears it. */
const heard: Message[] = [];
const heardOfCaps: CapUseChangedMessage[] = [];
let onHeard: () => void = () => undefined;

@Controller()
class Listener {
  @Consume({ group: 'listener', topic: topics.ledgerEvents, type: ['HoldPlaced', 'HoldRefused'] })
  hear(message: Message): Promise<void> {
    heard.push(message);
    onHeard();
    return Promise.resolve();
  }

  @Consume({ group: 'listener', topic: topics.ledgerEvents, type: 'CapUseChanged' })
  hearOfCap({ data }: Message<CapUseChangedMessage>): Promise<void> {
    heardOfCaps.push(data);
    onHeard();
    return Promise.resolve();
  }
}

@Module({ controllers: [Listener] })
class ListenerModule {}

@Module({})
class RootModule {}

/** The fields of answers that specs look into one by one. */
interface Body {
  code?: string;
  field?: string;
  outcomes?: unknown[];
  balances?: unknown[];
  availableMinor?: number;
  items?: unknown[];
  points?: unknown[];
  currencies?: unknown[];
  journalRevision?: number;
  entry?: number;
  position?: string;
}

interface Reply {
  status: number;
  body: Body;
}

/** A whole ledger service on an empty log. */
export async function openApplication() {
  const server = await startEventStoreServer({ dataDir: ':memory:' });
  const store = EventStore.connect(server.connectionString);
  const categories = [...new Set([...ledgerCategories, 'command', ...busCategories([ledgerPublisher], [topics.ledgerCommands])])];
  const feed = new LogFeed(store, { categories });
  await feed.start();
  const sql = await openPglite('memory');
  const runner = await ProjectionRunner.start(sql, feed, ledgerProjection);
  const bus = new Bus({ transport: new EmbeddedTransport({ store, feed, publishers: [ledgerPublisher] }), store });
  const logger = pino({ level: 'silent' });
  const healthChecks: HealthCheck[] = [];
  const hub = HubModule.register({
    config: loadConfig({}),
    ...{ store, feed, sql, bus, logger, healthChecks },
    clock: systemClock,
    operators: new OperatorDirectory([
      { name: 'jo', roles: ['finance'], token: 'finance' },
      { name: 'al', roles: ['auditor'], token: 'auditor' },
    ]),
    platformKeys: new PlatformKeys(store),
    refusals: new CommandRefusals(store),
    projections: new Map([['ledger', runner]]),
    leaderships: new Map([['ledger', soleLeader]]),
  });
  const module = { module: RootModule, imports: [hub, LedgerModule.register(), ListenerModule] };
  const app: NestFastifyApplication = await createHttpApplication(module, { logger, bodyLimitBytes: 65_536 });
  for (const group of ['ledger', 'listener']) app.connectMicroservice({ strategy: bus.server(group) });
  await app.startAllMicroservices();
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  let requests = 0;
  let facts = 0;

  const ask = async (method: 'GET' | 'POST', url: string, token: string, body?: object, key?: string): Promise<Reply> => {
    requests += 1;
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (method === 'POST') headers['idempotency-key'] = key ?? `key-${requests}`;
    if (body) headers['content-type'] = 'application/json';
    const reply = await app.inject({ method, url, headers, ...(body && { payload: JSON.stringify(body) }) });
    return { status: reply.statusCode, body: reply.json<Body>() };
  };

  return {
    bus,
    healthChecks,
    get: (url: string, token = 'auditor') => ask('GET', `/v1/ledger${url}`, token),
    post: (url: string, body?: object, { key, token = 'finance' }: { key?: string; token?: string } = {}) =>
      ask('POST', `/v1/ledger${url}`, token, body, key),
    /** A platform that signs what it asks; its key is registered first. */
    async platform(platformId: string): Promise<{ get: (url: string) => Promise<Reply> }> {
      const key = generateKey();
      const { kid, ...jwk } = publicKeyOf(key);
      const registered: PlatformKeyRegistered = { type: 'PlatformKeyRegistered', party: `platform:${platformId}`, kid, jwk };
      await store.append(`participant-platform:${platformId}`, 'no_stream', [registered], { commandId: `key of ${platformId}` });
      const signer = new RequestSigner(platformId, key);
      return {
        get: async (url) => {
          const path = `/v1/ledger${url}`;
          const headers = { host, ...signer.sign({ method: 'GET', authority: host, path }) };
          const reply = await app.inject({ method: 'GET', url: path, headers });
          return { status: reply.statusCode, body: reply.json<Body>() };
        },
      };
    },

    postWithoutKey: async (url: string): Promise<Reply> => {
      const reply = await app.inject({ method: 'POST', url: `/v1/ledger${url}`, headers: { authorization: 'Bearer finance' } });
      return { status: reply.statusCode, body: reply.json<Body>() };
    },

    /** Facts in the log, and in the books as queries show them. */
    async happened(...recorded: AnyFact[]): Promise<void> {
      const closed: AnyFact = {
        type: 'WindowClosed',
        windowId: 'w',
        model: 'm',
        currency: 'CNY',
        sequence: 1,
        nextWindowId: 'w2',
        closedAt: '',
        by: 'op',
      };
      let last = 0n;
      for (const fact of [...recorded, closed]) {
        facts += 1;
        const category = fact.type.startsWith('Participant') ? 'participant' : fact === closed ? 'window' : 'payment';
        ({ position: last } = await store.append(`${category}-${facts}`, 'no_stream', [fact], { commandId: `fact ${facts}` }));
      }
      await untilTrue(async () =>
        (await sql.query<{ source: string }>('SELECT source_position AS source FROM ledger.progress')).some(
          ({ source }) => BigInt(source) >= last,
        ),
      );
    },

    /** The answers over the bus, once there are so many. */
    async answers(count: number): Promise<Message[]> {
      while (heard.length < count) await new Promise<void>((resolve) => (onHeard = resolve));
      return heard;
    },

    /** What was told of caps, once there is so much. */
    async capNews(count: number): Promise<CapUseChangedMessage[]> {
      while (heardOfCaps.length < count) await new Promise<void>((resolve) => (onHeard = resolve));
      return heardOfCaps;
    },

    /** The ledger's dead letters, once there are so many. */
    async deadLetters(count: number) {
      const list = async () => (await bus.deadLetters('ledger').list()).items;
      await untilTrue(async () => (await list()).length >= count);
      return list();
    },

    async close(): Promise<void> {
      heard.length = 0;
      heardOfCaps.length = 0;
      await app.close();
      await bus.stop();
      await runner.stop();
      await feed.stop();
      await sql.close();
      void store.close();
      await server.close();
    },
  };
}

async function untilTrue(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await new Promise((resolve) => setImmediate(resolve));
}
