import { Module } from '@nestjs/common';
import { Bus, busCategories, EmbeddedTransport, type Publisher } from '@tongbao/bus';
import { generateKey, publicKeyOf, RequestSigner, type RequestToSign } from '@tongbao/client';
import { topics, type PaymentMessage, type PlatformKeyRegistered } from '@tongbao/contracts';
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
} from '@tongbao/service';
import pino from 'pino';
import { NotificationModule } from '../src/notification.module.js';
import { notificationProjection } from '../src/notification.projection.js';
import { notificationCategories } from '../src/notification.publish.js';

/** Stands for payment, settlement and the ledger: what is in the log goes out as it is. */
const publishers: Publisher[] = [
  {
    service: 'payment',
    categories: ['payment'],
    publish: ({ event }) => [{ topic: topics.paymentEvents, key: 'k', type: event.type, data: event }],
  },
  {
    service: 'settlement',
    categories: ['settlement'],
    publish: ({ event }) => [{ topic: topics.settlementEvents, key: 'k', type: event.type, data: event }],
  },
  {
    service: 'ledger',
    categories: ['cap'],
    publish: ({ event }) => [{ topic: topics.ledgerEvents, key: 'k', type: event.type, data: event }],
  },
];

@Module({})
class RootModule {}

export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

export interface ServerSentEvent {
  id: string;
  event: string;
  data: { type: string; data: Record<string, unknown> };
}

/** A whole notification service on an empty log, with platforms A and B and an operator. */
export async function openApplication() {
  const server = await startEventStoreServer({ dataDir: ':memory:' });
  const store = EventStore.connect(server.connectionString);
  const busTopics = [topics.paymentEvents, topics.settlementEvents, topics.ledgerEvents];
  const feed = new LogFeed(store, {
    categories: [...new Set([...notificationCategories, 'command', 'participant', ...busCategories(publishers, busTopics)])],
  });
  await feed.start();
  const sql = await openPglite('memory');
  const runner = await ProjectionRunner.start(sql, feed, notificationProjection);
  const bus = new Bus({ transport: new EmbeddedTransport({ store, feed, publishers }), store });
  const logger = pino({ level: 'silent' });
  const platformKeys = new PlatformKeys(store);
  platformKeys.start(feed);
  const hub = HubModule.register({
    config: loadConfig({ WEBHOOK_SECRET_KEY: '1'.repeat(64) }),
    ...{ store, feed, sql, bus, logger, platformKeys, healthChecks: [], clock: systemClock },
    operators: new OperatorDirectory([{ name: 'op', roles: ['ops'], token: 'operator' }]),
    refusals: new CommandRefusals(store),
    projections: new Map([['notification', runner]]),
    leaderships: new Map([['notification', soleLeader]]),
  });
  const module = { module: RootModule, imports: [hub, NotificationModule.register({ scanEveryMs: 10, schedule: [] })] };
  const app = await createHttpApplication(module, { logger, bodyLimitBytes: 65_536 });
  app.connectMicroservice({ strategy: bus.server('notification') });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const base = await app.getUrl();
  const signers = new Map<string, RequestSigner>();
  for (const platformId of ['A', 'B']) {
    const key = generateKey();
    signers.set(platformId, new RequestSigner(platformId, key));
    const party = `platform:${platformId}`;
    const { kid, ...jwk } = publicKeyOf(key);
    const registered: PlatformKeyRegistered = { type: 'PlatformKeyRegistered', party, kid, jwk };
    await store.append(`participant-${party}`, 'any', [registered], { commandId: `key ${platformId}` });
  }
  let count = 0;

  const proofOf = (who: string, request: Omit<RequestToSign, 'authority'>): Record<string, string> =>
    signers.get(who)?.sign({ ...request, authority: new URL(base).host }) ?? { authorization: `Bearer ${who}` };

  return {
    async ask(who: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object, key?: string): Promise<Reply> {
      count += 1;
      const json = body && JSON.stringify(body);
      const contentType = body && 'application/json';
      const idempotencyKey = method === 'POST' ? (key ?? `key-${count}`) : undefined;
      const headers = {
        ...proofOf(who, { method, path: `/v1${path}`, body: json, contentType, idempotencyKey }),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
        ...(contentType && { 'content-type': contentType }),
      };
      const reply = await fetch(`${base}/v1${path}`, { method, headers, ...(json && { body: json }) });
      const text = await reply.text();
      return { status: reply.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },

    /** A fact that is published to the bus. */
    async happened(message: PaymentMessage | { type: string }, category = 'payment'): Promise<void> {
      count += 1;
      await store.append(`${category}-${count}`, 'no_stream', [message], { commandId: `fact ${count}` });
    },

    /** Reads so many server-sent events, then hangs up. */
    async events(who: string, number: number, query = '', lastEventId?: string): Promise<ServerSentEvent[]> {
      const hangUp = new AbortController();
      const headers = {
        ...proofOf(who, { method: 'GET', path: `/v1/events${query}` }),
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      };
      const reply = await fetch(`${base}/v1/events${query}`, { headers, signal: hangUp.signal });
      if (!reply.body || reply.status !== 200) throw new Error(`${reply.status} ${await reply.text()}`);
      const events: ServerSentEvent[] = [];
      let text = '';
      for await (const chunk of reply.body.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        events.push(...blocks.flatMap(parseEvent));
        if (events.length >= number) break;
      }
      hangUp.abort();
      return events;
    },

    async close(): Promise<void> {
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

function parseEvent(block: string): ServerSentEvent[] {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  if (!fields['id']) return [];
  return [{ id: fields['id'], event: fields['event'] ?? '', data: JSON.parse(fields['data'] ?? 'null') as ServerSentEvent['data'] }];
}
