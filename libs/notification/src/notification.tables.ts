import { bigint, index, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core';
import type { EventTypes } from './endpoint.js';
import type { AttemptRecord } from './delivery.js';
import type { NewsType } from './news.js';

const schema = pgSchema('notification');

/** Times are ISO 8601 in UTC with milliseconds, so that their order is the order of their text. */
export const endpoints = schema.table(
  'endpoints',
  {
    endpointId: text('endpoint_id').primaryKey(),
    platformId: text('platform_id').notNull(),
    url: text('url').notNull(),
    eventTypes: jsonb('event_types').$type<EventTypes>().notNull(),
    description: text('description').notNull(),
    status: text('status').$type<'enabled' | 'disabled' | 'removed'>().notNull(),
    /** Why it is disabled. */
    reason: text('reason'),
    /** When the old secret ends, after a rotation. */
    overlapUntil: text('overlap_until'),
    /** First failure since something was delivered. */
    failingSince: text('failing_since'),
    lastDeliveredAt: text('last_delivered_at'),
    registeredAt: text('registered_at').notNull(),
    /** Of the endpoint's stream. */
    revision: integer('revision').notNull(),
    position: bigint('position', { mode: 'bigint' }).notNull(),
  },
  (table) => [index('endpoints_by_platform').on(table.platformId, table.endpointId)],
);

export interface Subscription {
  endpointId: string;
  eventTypes: EventTypes;
  enabled: boolean;
}

/** Who is to get a platform's news. */
export const subscriptions = schema.table('subscriptions', {
  platformId: text('platform_id').primaryKey(),
  endpoints: jsonb('endpoints').$type<Subscription[]>().notNull(),
});

export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** One row for a message and an endpoint. Those with a `next_attempt_at` are the durable timers of the retries. */
export const deliveries = schema.table(
  'deliveries',
  {
    /** Also the webhook-id. */
    deliveryId: text('delivery_id').primaryKey(),
    endpointId: text('endpoint_id').notNull(),
    platformId: text('platform_id').notNull(),
    messageId: text('message_id').notNull(),
    type: text('type').$type<NewsType>().notNull(),
    subject: text('subject').notNull(),
    newsRevision: integer('news_revision').notNull(),
    newsIndex: integer('news_index').notNull(),
    state: text('state').$type<DeliveryState>().notNull(),
    /** Of this round; a redelivery begins a new one. */
    tries: integer('tries').notNull(),
    attempts: integer('attempts').notNull(),
    nextAttemptAt: text('next_attempt_at'),
    /** The command that last asked for it again. */
    queuedBy: text('queued_by'),
    history: jsonb('history').$type<Attempt[]>().notNull(),
    createdAt: text('created_at').notNull(),
    updatedAt: text('updated_at').notNull(),
  },
  (table) => [
    index('deliveries_due').on(table.endpointId, table.nextAttemptAt),
    index('deliveries_by_platform').on(table.platformId, table.newsRevision, table.deliveryId),
    index('deliveries_by_subject').on(table.subject),
  ],
);

/** An attempt as the delivery log shows it. */
export type Attempt = Omit<AttemptRecord, 'messageId' | 'type' | 'subject' | 'news' | 'nextAttemptAt'>;

export type EndpointRow = typeof endpoints.$inferSelect;
export type SubscriptionRow = typeof subscriptions.$inferSelect;
export type DeliveryRow = typeof deliveries.$inferSelect;
