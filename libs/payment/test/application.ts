import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { Bus, busCategories, EmbeddedTransport, headerNames, publishedRecord, type DeadLetter, type Publisher } from '@tongbao/bus';
import { CommandSigner, generateKey, publicKeyOf, recordOf, RequestSigner, type HubKeyJwk, type PrivateKeyJwk } from '@tongbao/client';
import {
  deadLetterTopic,
  platformEventsTopic,
  topics,
  type ParticipantEvent,
  type PlatformKeyRegistered,
  type PlatformMessage,
} from '@tongbao/contracts';
import { EventStore, LogFeed, type DomainEvent } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner } from '@tongbao/read-model';
import { SandboxProvider } from '@tongbao/sandbox';
import {
  CommandRefusals,
  createHttpApplication,
  HubModule,
  loadConfig,
  newDecryptionKey,
  OperatorDirectory,
  PlatformKeys,
  soleLeader,
  type Clock,
} from '@tongbao/service';
import pino from 'pino';
import { paymentCategories, PaymentModule } from '../src/payment.module.js';
import { paymentPublisher } from '../src/payment.publish.js';
import { paymentProjection } from '../src/payments.view.js';
import { example1Rules } from './builders.js';

@Module({})
class RootModule {}

export interface Told {
  key: string | undefined;
  type: string | undefined;
  causationId: string | undefined;
  data: PlatformMessage;
}

export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

const host = 'hub.example';

/** Of a service that says nothing. */
const silent = (service: string): Publisher => ({ service, categories: [], publish: () => [] });

/** A whole payment service on an empty log, with platforms A and B, and an agreement; no ledger. */
export async function openApplication() {
  const server = await startEventStoreServer({ dataDir: ':memory:' });
  const store = EventStore.connect(server.connectionString);
  const categories = [...paymentCategories, ...busCategories([paymentPublisher], Object.values(topics))];
  const feed = new LogFeed(store, { categories: [...new Set(categories)] });
  await feed.start();
  const sql = await openPglite('memory');
  const runner = await ProjectionRunner.start(sql, feed, paymentProjection);
  const bus = new Bus({
    transport: new EmbeddedTransport({ store, feed, publishers: [paymentPublisher, silent('ledger'), silent('settlement')] }),
    store,
  });
  const logger = pino({ level: 'silent' });
  const platformKeys = new PlatformKeys(store);
  platformKeys.start(feed);
  const refusals = new CommandRefusals(store);
  refusals.start(feed);
  const clock: Clock & { aheadMs: number } = { aheadMs: 0, now: () => new Date(Date.now() + clock.aheadMs) };
  const hub = HubModule.register({
    // There is no ledger that would keep up.
    config: loadConfig({ ADMISSION_LAG_MS: '600000', COMMAND_DECRYPTION_KEY: newDecryptionKey() }),
    ...{ store, feed, sql, bus, logger, platformKeys, refusals, clock },
    operators: new OperatorDirectory([
      { name: 'op', roles: ['ops'], token: 'ops' },
      { name: 'fin', roles: ['finance'], token: 'finance' },
      { name: 'al', roles: ['auditor'], token: 'auditor' },
      { name: 'fin', roles: ['finance'], token: 'finance' },
      { name: 'boss', roles: ['approver', 'finance'], token: 'approver' },
    ]),
    projections: new Map([['payment', runner]]),
    leaderships: new Map([['payment', soleLeader]]),
    healthChecks: [],
  });
  const provider = new SandboxProvider({ file: ':memory:', name: 'alipay', secret: '0'.repeat(64), notify: () => Promise.resolve() });
  const module = { module: RootModule, imports: [hub, PaymentModule.register({ connectors: [provider] })] };
  const app = await createHttpApplication(module, { logger, bodyLimitBytes: 65_536 });
  app.connectMicroservice({ strategy: bus.server('payment') });
  let count = 0;
  const happened = (stream: string, ...events: DomainEvent[]) => {
    count += 1;
    return store.append(stream, 'any', events, { commandId: `fact ${count}` });
  };
  const keys = new Map<string, PrivateKeyJwk & { kid: string }>();
  for (const id of ['A', 'B']) {
    const party = `platform:${id}`;
    keys.set(id, generateKey());
    const registered: ParticipantEvent = {
      type: 'ParticipantRegistered',
      party,
      kind: 'platform',
      id,
      name: id,
      currencies: ['CNY'],
      methods: ['alipay'],
    };
    await happened(`participant-${party}`, registered, keyRegistered(id, keyOf(id)));
  }
  const agreement = { type: 'AgreementVersionRegistered', agreementId: 'standard', version: 1, name: 'Standard' };
  const validFrom = '2020-01-01T00:00:00.000Z';
  await happened('agreement-standard', { ...agreement, validFrom, rules: example1Rules, registeredAt: validFrom } as DomainEvent);
  await app.startAllMicroservices();
  await app.init();
  await app.getHttpAdapter().getInstance().ready();

  function keyOf(id: string) {
    const key = keys.get(id);
    if (!key) throw new Error(`there is no platform ${id}`);
    return key;
  }

  /** Everything that a platform has been told on its own topic. */
  const told = async (platformId: string): Promise<Told[]> => {
    const head = await store.head();
    const messages: Told[] = [];
    for await (const { events } of store.follow(['payment', 'command'], 0n, AbortSignal.timeout(10_000))) {
      for (const stored of events) {
        for (const [index, outgoing] of paymentPublisher.publish(stored).entries()) {
          if (outgoing.topic !== platformEventsTopic(platformId)) continue;
          const { headers, key } = publishedRecord('payment', stored, index, outgoing);
          const data = outgoing.data as PlatformMessage;
          messages.push({ key, type: headers[headerNames.type], causationId: headers[headerNames.causationId], data });
        }
      }
      const last = events.at(-1);
      if (!last || last.position >= head || messages.length >= 1_000) break;
    }
    return messages;
  };

  return {
    bus,
    clock,
    store,
    happened,
    told,
    keyOf,

    signer: (id: string, { key = keyOf(id), hubKey }: { key?: PrivateKeyJwk; hubKey?: HubKeyJwk } = {}) =>
      new CommandSigner(id, key, { hubKey }),

    /** Puts a record on the command topic, however wrong it is. */
    send: (record: { key?: string; value: string; headers: Record<string, string> }) =>
      bus.client.sendRaw({
        topic: topics.paymentCommands,
        payload: record.value,
        headers: record.headers,
        ...(record.key !== undefined && { key: record.key }),
      }),

    record: recordOf,

    /** What a platform was told of a command, once there is something. */
    answerTo: (platformId: string, commandId: string, type?: string): Promise<Told> =>
      once(
        () => told(platformId),
        (each) => each.causationId === commandId && (type === undefined || each.type === type),
      ),

    /** The dead letter of a message, once it is one. */
    deadLetter: (isMeant: (letter: DeadLetter) => boolean): Promise<DeadLetter> =>
      once(async () => {
        const letters = await store.read<DomainEvent & { letter: DeadLetter }>(`bus_${deadLetterTopic(topics.paymentCommands, 'payment')}`);
        return letters.map(({ event }) => event.letter);
      }, isMeant),

    /** @param who a platform, which signs, or an operator's token */
    async ask(who: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object, key?: PrivateKeyJwk): Promise<Reply> {
      count += 1;
      const json = body && JSON.stringify(body);
      const contentType = json && 'application/json';
      const idempotencyKey = method === 'GET' ? undefined : `key-${count}`;
      const known = key ?? keys.get(who);
      const created = Math.floor(clock.now().getTime() / 1_000);
      const proof = known
        ? new RequestSigner(who, known).sign({ method, authority: host, path: url, body: json, contentType, idempotencyKey }, created)
        : { authorization: `Bearer ${who}` };
      const headers = {
        host,
        ...proof,
        ...(contentType && { 'content-type': contentType }),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      };
      const reply = await app.inject({ method, url, headers, ...(json && { payload: json }) });
      return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
    },

    async close(): Promise<void> {
      await app.close();
      await bus.stop();
      await runner.stop();
      await feed.stop();
      await sql.close();
      await Promise.all([store.close(), server.close()]);
      provider.dispose();
    },
  };
}

export function keyRegistered(
  platformId: string,
  key: PrivateKeyJwk,
  times: { validFrom?: string; expiresAt?: string } = {},
): PlatformKeyRegistered {
  const { kid, ...jwk } = publicKeyOf(key);
  return { type: 'PlatformKeyRegistered', party: `platform:${platformId}`, kid, jwk, ...times };
}

/** The first that is meant, once there is one. @throws Error with everything there is when none comes */
async function once<T>(list: () => Promise<T[]>, isMeant: (each: T) => boolean): Promise<T> {
  const giveUpAt = performance.now() + 4_000;
  for (;;) {
    const all = await list();
    const found = all.find(isMeant);
    if (found !== undefined) return found;
    if (performance.now() > giveUpAt) throw new Error(`it does not come; there is ${JSON.stringify(all.slice(-5))}`);
    await delay(5);
  }
}

export type Application = Awaited<ReturnType<typeof openApplication>>;
