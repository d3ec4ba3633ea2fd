import type { EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { deliveryIdOf, deliveryStream, type DeliveriesQueued, type DeliverySubject } from './delivery.js';
import { subscribes, type Endpoint } from './endpoint.js';
import { newsStream, type NewsReceived } from './news.js';

export interface RedeliveryRequest {
  commandId: string;
  by: string;
  now: Date;
}

/** Queues deliveries of an endpoint anew. Returns the log position, or undefined where there is nothing to queue. */
export async function queueDeliveries(
  store: EventStore,
  { endpointId, platformId }: Pick<Endpoint, 'endpointId' | 'platformId'>,
  deliveries: DeliverySubject[],
  { commandId, by, now }: RedeliveryRequest,
): Promise<bigint | undefined> {
  if (deliveries.length === 0) return undefined;
  const event: DeliveriesQueued = {
    type: 'DeliveriesQueued',
    endpointId,
    platformId,
    deliveries,
    by,
    commandId,
    queuedAt: now.toISOString(),
  };
  const { position } = await store.append(deliveryStream(endpointId), 'any', [event], { commandId, actor: by });
  return position;
}

export interface Recovery {
  queued: number;
  /** Go on from here: not all was looked through. */
  next: number | undefined;
  position: bigint | undefined;
}

const eventsPerPage = 50;
const mostQueued = 2_000;
const mostPages = 40;

/**
 * Queues what an endpoint has missed from a revision of `news-main` on: what is dead, and what was never queued because the endpoint was
 * disabled or not there. What was delivered or still waits is left alone.
 */
export async function recover(
  store: EventStore,
  sql: SqlClient,
  endpoint: Endpoint,
  from: number,
  request: RedeliveryRequest,
): Promise<Recovery> {
  const missed: DeliverySubject[] = [];
  let revision = from;
  for (let pages = 0; pages < mostPages && missed.length < mostQueued; pages += 1) {
    const page = await store.read<NewsReceived>(newsStream, { from: revision, limit: eventsPerPage });
    const told = page.flatMap(({ event, revision: at }) => subjectsFor(endpoint, event, at));
    missed.push(...(await withoutSettled(sql, endpoint.endpointId, told, request.commandId)));
    revision += page.length;
    if (page.length < eventsPerPage) return { ...(await queueAll(store, endpoint, missed, request)), next: undefined };
  }
  return { ...(await queueAll(store, endpoint, missed, request)), next: revision };
}

/** Events stay under 1 MiB, whatever a page has brought. */
const perEvent = 2_000;

async function queueAll(
  store: EventStore,
  endpoint: Endpoint,
  missed: DeliverySubject[],
  request: RedeliveryRequest,
): Promise<Omit<Recovery, 'next'>> {
  let position: bigint | undefined;
  for (let start = 0; start < missed.length; start += perEvent) {
    position = await queueDeliveries(store, endpoint, missed.slice(start, start + perEvent), request);
  }
  return { queued: missed.length, position };
}

function subjectsFor(endpoint: Endpoint, event: NewsReceived, revision: number): DeliverySubject[] {
  return event.items.flatMap(({ messageId, platformId, type, subject }, index) =>
    platformId === endpoint.platformId && subscribes(endpoint.eventTypes, type)
      ? [{ messageId, type, subject, news: { revision, index } }]
      : [],
  );
}

async function withoutSettled(sql: SqlClient, endpointId: string, told: DeliverySubject[], commandId: string): Promise<DeliverySubject[]> {
  if (told.length === 0) return [];
  const ids = told.map(({ messageId }) => deliveryIdOf(messageId, endpointId));
  const rows = await sql.query<{ delivery_id: string }>(
    `select delivery_id from notification.deliveries
     where delivery_id in (select jsonb_array_elements_text($1::jsonb)) and (state <> 'dead' or queued_by = $2)`,
    [JSON.stringify(ids), commandId],
  );
  const settled = new Set(rows.map((row) => row.delivery_id));
  return told.filter((_, index) => !settled.has(ids[index] ?? ''));
}

/** The first revision of `news-main` that was taken over at or after a time. */
export async function revisionAt(store: EventStore, time: Date): Promise<number> {
  const last = await store.readLast<NewsReceived>(newsStream);
  let low = 0;
  let high = last === undefined ? 0 : last.revision + 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [stored] = await store.read<NewsReceived>(newsStream, { from: middle, limit: 1 });
    if (stored && stored.createdAt < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
