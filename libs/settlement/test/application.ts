import { Controller, Inject, Module } from '@nestjs/common';
import { Bus, busCategories, Consume, EmbeddedTransport, type Message, type Publisher } from '@tongbao/bus';
import { generateKey, publicKeyOf, RequestSigner } from '@tongbao/client';
import { isMoneyFactKind, topics, type EntriesPosted, type PlaceHold, type SettlementMessage } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner } from '@tongbao/read-model';
import { SandboxBank } from '@tongbao/sandbox';
import {
  CommandRefusals,
  createHttpApplication,
  EVENT_STORE,
  HubModule,
  soleLeader,
  loadConfig,
  OperatorDirectory,
  PlatformKeys,
  systemClock,
} from '@tongbao/service';
import pino from 'pino';
import type { FileBankSettings } from '../src/file-bank.settings.js';
import type { SettlementModel } from '../src/models.js';
import { SettlementModule } from '../src/settlement.module.js';
import { settlementCategories, settlementProjection } from '../src/settlement.projection.js';
import { settlementPublisher } from '../src/settlement.publish.js';
import { isPositionFact } from '../src/facts.js';
import { postedFor, type Fact } from './facts.js';
import { modelFor } from './hub.js';

/** A ledger that posts every fact as it comes, and places every hold. */
@Controller()
class FakeLedger {
  #source = 0n;

  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  @Consume({ group: 'ledger', topic: topics.ledgerCommands, type: 'PlaceHold' })
  async placeHold({ id, data: { holdId, purpose, ref } }: Message<PlaceHold>): Promise<void> {
    const outcome = { commandId: id, contentHash: '', command: 'PlaceHold', subject: holdId, purpose, ref, result: 'accepted' as const };
    await this.#append({ ...postedFor([], this.#source, 1), outcomes: [outcome] });
  }

  follow(feed: LogFeed): void {
    feed.consume({ name: 'fake-ledger', categories: ['payment', 'position'], after: 0n }, async ({ events, position }) => {
      this.#source = position;
      const facts = events.filter((stored) => isMoneyFactKind(stored.event.type) || isPositionFact(stored));
      if (facts.length > 0) await this.#append(postedFor(facts, position, 1));
    });
  }

  async #append(event: EntriesPosted): Promise<void> {
    await this.store.append('journal-main', 'any', [event], { commandId: `ledger ${JSON.stringify(event)}` });
  }
}

const fakeLedgerPublisher: Publisher = {
  service: 'ledger',
  categories: ['journal'],
  publish: ({ event }) =>
    'outcomes' in event
      ? (event as EntriesPosted).outcomes.map(({ subject, purpose, ref = '' }) => ({
          topic: topics.ledgerEvents,
          key: ref,
          type: 'HoldPlaced',
          data: { holdId: subject, purpose, ref },
        }))
      : [],
};

/** What settlement told the others. */
const heard: Message<SettlementMessage>[] = [];
let onHeard: () => void = () => undefined;

@Controller()
class Listener {
  @Consume({
    group: 'listener',
    topic: topics.settlementEvents,
    type: [
      'PaymentSideSettled',
      'WindowClosed',
      'SettlementStatusChanged',
      'PayoutStatusChanged',
      'WithdrawalStatusChanged',
      'ObligationStatusChanged',
    ],
  })
  hear(message: Message<SettlementMessage>): Promise<void> {
    heard.push(message);
    onHeard();
    return Promise.resolve();
  }
}

@Module({})
class RootModule {}

export interface Reply {
  status: number;
  // Specs look into answers one by one.
  body: Record<string, never> & { code?: string; position?: string; settlementId?: string; items?: object[]; next?: string };
  text: string;
  headers: Record<string, unknown>;
}

const operators = [
  { name: 'fin', roles: ['finance' as const], token: 'finance' },
  { name: 'boss', roles: ['approver' as const, 'finance' as const], token: 'approver' },
  { name: 'al', roles: ['auditor' as const], token: 'auditor' },
];

const host = 'hub.example';

/** A whole settlement service on an empty log, with a sandbox bank and a ledger that never refuses. */
export async function openApplication(fileBank?: FileBankSettings, otherModels: SettlementModel[] = []) {
  const server = await startEventStoreServer({ dataDir: ':memory:' });
  const store = EventStore.connect(server.connectionString);
  const publishers = [settlementPublisher, fakeLedgerPublisher];
  const feed = new LogFeed(store, {
    categories: [...new Set([...settlementCategories, 'command', ...busCategories(publishers, [topics.ledgerCommands])])],
  });
  await feed.start();
  const sql = await openPglite('memory');
  const runner = await ProjectionRunner.start(sql, feed, settlementProjection);
  const bus = new Bus({ transport: new EmbeddedTransport({ store, feed, publishers }), store });
  const logger = pino({ level: 'silent' });
  const bank = new SandboxBank({ file: ':memory:' });
  const platformKeys = new PlatformKeys(store);
  platformKeys.start(feed);
  const hub = HubModule.register({
    config: loadConfig({}),
    ...{ store, feed, sql, bus, logger, platformKeys },
    healthChecks: [],
    clock: systemClock,
    operators: new OperatorDirectory(operators),
    refusals: new CommandRefusals(store),
    projections: new Map([['settlement', runner]]),
    leaderships: new Map([['settlement', soleLeader]]),
  });
  const firstModels = [...['USD', 'CNY'].map((currency) => modelFor(currency, { automaticApprovalUpToMinor: 0 })), ...otherModels];
  const settlement = SettlementModule.register({ bank: fileBank ?? bank, firstModels, bankPollMs: 20, scheduleEveryMs: 20 });
  const module = { module: RootModule, imports: [hub, settlement], controllers: [FakeLedger, Listener] };
  const app = await createHttpApplication(module, { logger, bodyLimitBytes: 65_536 });
  for (const group of ['settlement', 'ledger', 'listener']) app.connectMicroservice({ strategy: bus.server(group) });
  await app.startAllMicroservices();
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  app.get(FakeLedger).follow(feed);
  let count = 0;

  const ask = async (
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    who: string | RequestSigner,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const signed = body && { body: JSON.stringify(body), contentType: 'application/json' };
    const idempotencyKey = headers['idempotency-key'];
    const proof =
      typeof who === 'string'
        ? { authorization: `Bearer ${who}` }
        : who.sign({ method, authority: host, path: url, ...signed, ...(idempotencyKey !== undefined && { idempotencyKey }) });
    const sent = { host, ...proof, ...(body && { 'content-type': 'application/json' }), ...headers };
    const reply = await app.inject({ method, url, headers: sent, ...(body && { payload: JSON.stringify(body) }) });
    const isJson = String(reply.headers['content-type']).includes('json');
    return { status: reply.statusCode, body: isJson ? reply.json() : {}, text: reply.body, headers: reply.headers };
  };

  const hubOf = {
    bank,
    get: (url: string, who: string | RequestSigner = 'auditor', headers: Record<string, string> = {}) =>
      ask('GET', url, who, undefined, headers),
    /** @property token an operator's, or what a platform signs with */
    post: (url: string, body?: object, { token = 'finance', key }: { token?: string | RequestSigner; key?: string } = {}) =>
      ask('POST', url, token, body, { 'idempotency-key': key ?? `key-${(count += 1)}` }),
    put: (url: string, body: object, token = 'finance') => ask('PUT', url, token, body, { 'idempotency-key': `key-${(count += 1)}` }),
    postWithoutKey: (url: string) => ask('POST', url, 'finance'),
    /** A file, as whoever uploads one sends it. */
    async upload(url: string, file: string, token = 'finance'): Promise<Reply> {
      const headers = { host, authorization: `Bearer ${token}`, 'content-type': 'application/xml', 'file-name': 'uploaded.xml' };
      const reply = await app.inject({ method: 'POST', url, headers, payload: file });
      return { status: reply.statusCode, body: reply.json(), text: reply.body, headers: reply.headers };
    },

    async happened(stream: string, event: Fact): Promise<bigint> {
      const { position } = await store.append(stream, 'any', [event], { commandId: `fact ${(count += 1)}` });
      return position;
    },

    /** Gives a platform a key to sign with. */
    async platformKey(platformId: string): Promise<RequestSigner> {
      const key = generateKey();
      const { kid, ...jwk } = publicKeyOf(key);
      const party = `platform:${platformId}`;
      await hubOf.happened(`participant-${party}`, { type: 'PlatformKeyRegistered', party, kid, jwk });
      return new RequestSigner(platformId, key);
    },

    /** What was told, once there is a message of the kind. */
    async heard(isMeant: (message: SettlementMessage & { type: string }) => boolean): Promise<SettlementMessage[]> {
      const meant = () => heard.map(({ type, data }) => ({ ...data, type }) as SettlementMessage).filter(isMeant);
      while (meant().length === 0) await new Promise<void>((resolve) => (onHeard = resolve));
      return meant();
    },

    async close(): Promise<void> {
      heard.length = 0;
      await app.close();
      await bus.stop();
      await runner.stop();
      await feed.stop();
      await sql.close();
      // Together: the client waits for reads that were left half way, which only the server ends.
      await Promise.all([store.close(), server.close()]);
      bank.close();
    },
  };
  return hubOf;
}
