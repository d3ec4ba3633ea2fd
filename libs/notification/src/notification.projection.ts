import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, RowRef, Rows } from '@tongbao/read-model';
import {
  deliveryIdOf,
  type AttemptRecord,
  type DeliveriesQueued,
  type DeliveriesRecorded,
  type DeliveryEvent,
  type DeliverySubject,
} from './delivery.js';
import { subscribes, type EndpointEvent } from './endpoint.js';
import type { NewsReceived } from './news.js';
import {
  deliveries,
  endpoints,
  subscriptions,
  type DeliveryRow,
  type EndpointRow,
  type Subscription,
  type SubscriptionRow,
} from './notification.tables.js';

type NotificationEvent = EndpointEvent | NewsReceived | DeliveryEvent;

/** The log of deliveries, the queue of what is due, and the endpoints with their health. Everything that must be sent has a row here. */
export const notificationProjection: Projection = {
  name: 'notification',
  version: 1,
  categories: ['endpoint', 'news', 'delivery'],
  tables: { endpoints, subscriptions, deliveries },
  touches: (stored) => touches(stored.event as NotificationEvent),
  apply: (stored, rows) => apply(stored as StoredEvent<NotificationEvent>, rows),
};

function* touches(event: NotificationEvent): Generator<RowRef> {
  switch (event.type) {
    case 'NewsReceived':
      for (const platformId of new Set(event.items.map((item) => item.platformId))) yield { table: 'subscriptions', key: [platformId] };
      return;
    case 'DeliveriesRecorded':
      yield { table: 'endpoints', key: [event.endpointId] };
      for (const { messageId } of event.attempts) yield { table: 'deliveries', key: [deliveryIdOf(messageId, event.endpointId)] };
      return;
    case 'DeliveriesQueued':
      for (const { messageId } of event.deliveries) yield { table: 'deliveries', key: [deliveryIdOf(messageId, event.endpointId)] };
      return;
    default:
      yield { table: 'endpoints', key: [event.endpointId] };
      yield { table: 'subscriptions', key: [event.platformId] };
  }
}

async function apply(stored: StoredEvent<NotificationEvent>, rows: Rows): Promise<void> {
  const { event } = stored;
  switch (event.type) {
    case 'NewsReceived':
      return applyNews({ ...stored, event }, rows);
    case 'DeliveriesRecorded':
      return applyRecorded(event, stored, rows);
    case 'DeliveriesQueued':
      return applyQueued(event, rows);
    default:
      await applyEndpoint(event, stored, rows);
      await applySubscription(event, rows);
  }
}

async function applyNews({ event, revision, createdAt }: StoredEvent<NewsReceived>, rows: Rows): Promise<void> {
  const at = createdAt.toISOString();
  for (const [index, { messageId, platformId, type, subject }] of event.items.entries()) {
    const subscribed = await rows.get<SubscriptionRow>('subscriptions', [platformId]);
    for (const { endpointId, eventTypes, enabled } of subscribed?.endpoints ?? []) {
      if (!enabled || !subscribes(eventTypes, type)) continue;
      const queued = { messageId, type, subject, news: { revision, index } };
      putDelivery(rows, { ...newDelivery(endpointId, platformId, queued, at), nextAttemptAt: at });
    }
  }
}

async function applyRecorded(event: DeliveriesRecorded, { createdAt }: StoredEvent, rows: Rows): Promise<void> {
  const { endpointId, platformId } = event;
  for (const record of event.attempts) {
    const row = (await deliveryOf(record, endpointId, rows)) ?? newDelivery(endpointId, platformId, record, createdAt.toISOString());
    putDelivery(rows, {
      ...row,
      state: record.outcome === 'failed' ? 'pending' : record.outcome,
      tries: row.tries + 1,
      attempts: record.attempt,
      nextAttemptAt: record.nextAttemptAt ?? null,
      history: [...row.history, attemptOf(record)],
      updatedAt: record.at,
    });
  }
  const endpoint = await rows.get<EndpointRow>('endpoints', [endpointId]);
  if (endpoint) putEndpoint(rows, event.attempts.reduce(withHealth, endpoint));
}

async function applyQueued(event: DeliveriesQueued, rows: Rows): Promise<void> {
  const { endpointId, platformId, queuedAt, commandId } = event;
  for (const queued of event.deliveries) {
    const row = (await deliveryOf(queued, endpointId, rows)) ?? newDelivery(endpointId, platformId, queued, queuedAt);
    putDelivery(rows, { ...row, state: 'pending', tries: 0, nextAttemptAt: queuedAt, queuedBy: commandId, updatedAt: queuedAt });
  }
}

async function applyEndpoint(event: EndpointEvent, { revision, position }: StoredEvent, rows: Rows): Promise<void> {
  const { endpointId, platformId } = event;
  if (event.type === 'EndpointRegistered') {
    const { url, eventTypes, description, registeredAt } = event;
    const named = { endpointId, platformId, url, eventTypes, description, registeredAt };
    const nothingYet = { reason: null, overlapUntil: null, failingSince: null, lastDeliveredAt: null };
    putEndpoint(rows, { ...named, ...nothingYet, status: 'enabled', revision, position });
    return;
  }
  const row = await rows.get<EndpointRow>('endpoints', [endpointId]);
  if (!row) throw new Error(`${event.type} of ${endpointId}, which was never registered`);
  putEndpoint(rows, { ...row, ...changeOf(event), revision, position });
}

function changeOf(event: Exclude<EndpointEvent, { type: 'EndpointRegistered' }>): Partial<EndpointRow> {
  switch (event.type) {
    case 'EndpointSecretRotated':
      return { overlapUntil: event.overlapUntil };
    case 'EndpointDisabled':
      return { status: 'disabled', reason: event.reason };
    case 'EndpointEnabled':
      return { status: 'enabled', reason: null, failingSince: null };
    case 'EndpointRemoved':
      return { status: 'removed', reason: null };
    default:
      return event satisfies never;
  }
}

async function applySubscription(event: EndpointEvent, rows: Rows): Promise<void> {
  const { platformId } = event;
  const known = (await rows.get<SubscriptionRow>('subscriptions', [platformId]))?.endpoints ?? [];
  putSubscription(rows, { platformId, endpoints: subscriptionsAfter(event, known) });
}

function subscriptionsAfter(event: EndpointEvent, known: Subscription[]): Subscription[] {
  const { endpointId } = event;
  const enable = (enabled: boolean) => known.map((each) => (each.endpointId === endpointId ? { ...each, enabled } : each));
  switch (event.type) {
    case 'EndpointRegistered':
      return [...known, { endpointId, eventTypes: event.eventTypes, enabled: true }];
    case 'EndpointRemoved':
      return known.filter((each) => each.endpointId !== endpointId);
    case 'EndpointDisabled':
      return enable(false);
    case 'EndpointEnabled':
      return enable(true);
    case 'EndpointSecretRotated':
      return known;
    default:
      return event satisfies never;
  }
}

const putDelivery = (rows: Rows, row: DeliveryRow): void => rows.put('deliveries', row);
const putEndpoint = (rows: Rows, row: EndpointRow): void => rows.put('endpoints', row);
const putSubscription = (rows: Rows, row: SubscriptionRow): void => rows.put('subscriptions', row);

const deliveryOf = ({ messageId }: DeliverySubject, endpointId: string, rows: Rows): Promise<DeliveryRow | undefined> =>
  rows.get<DeliveryRow>('deliveries', [deliveryIdOf(messageId, endpointId)]);

const newDelivery = (
  endpointId: string,
  platformId: string,
  { messageId, type, subject, news }: DeliverySubject,
  at: string,
): DeliveryRow => ({
  deliveryId: deliveryIdOf(messageId, endpointId),
  endpointId,
  platformId,
  messageId,
  type,
  subject,
  newsRevision: news.revision,
  newsIndex: news.index,
  state: 'pending',
  tries: 0,
  attempts: 0,
  nextAttemptAt: null,
  queuedBy: null,
  history: [],
  createdAt: at,
  updatedAt: at,
});

function attemptOf({ attempt, outcome, at, durationMs, status, error, responseBody }: AttemptRecord): DeliveryRow['history'][number] {
  return { attempt, outcome, at, durationMs, status, error, responseBody };
}

function withHealth(endpoint: EndpointRow, { outcome, at }: AttemptRecord): EndpointRow {
  if (outcome === 'delivered') return { ...endpoint, failingSince: null, lastDeliveredAt: at };
  return { ...endpoint, failingSince: endpoint.failingSince ?? at };
}
