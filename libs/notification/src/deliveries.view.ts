import { drizzleOver, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, desc, eq, lt, or } from 'drizzle-orm';
import { deliveries, type DeliveryRow, type DeliveryState } from './notification.tables.js';

export interface DeliveryFilter {
  platform?: string;
  endpoint?: string;
  state?: DeliveryState;
  /** A payment, settlement or payout. */
  subject?: string;
}

export interface DeliverySummary {
  /** Also the webhook-id. */
  deliveryId: string;
  endpointId: string;
  platformId: string;
  type: string;
  subject: string;
  state: DeliveryState;
  attempts: number;
  nextAttemptAt?: string;
  /** HTTP status of the newest attempt. */
  lastStatus?: number;
  lastError?: string;
  createdAt: string;
}

/** Newest news first. */
export async function listDeliveries(
  sql: SqlClient,
  filter: DeliveryFilter,
  limit: number,
  after: string[] | undefined,
): Promise<Page<DeliverySummary>> {
  const { platform, endpoint, state, subject } = filter;
  const [revision, deliveryId] = after ?? [];
  const rows = await drizzleOver(sql)
    .select()
    .from(deliveries)
    .where(
      and(
        platform === undefined ? undefined : eq(deliveries.platformId, platform),
        endpoint === undefined ? undefined : eq(deliveries.endpointId, endpoint),
        state === undefined ? undefined : eq(deliveries.state, state),
        subject === undefined ? undefined : eq(deliveries.subject, subject),
        revision === undefined || deliveryId === undefined
          ? undefined
          : or(
              lt(deliveries.newsRevision, Number(revision)),
              and(eq(deliveries.newsRevision, Number(revision)), lt(deliveries.deliveryId, deliveryId)),
            ),
      ),
    )
    .orderBy(desc(deliveries.newsRevision), desc(deliveries.deliveryId))
    .limit(limit + 1);
  return toPage(rows, limit, (row) => [row.newsRevision, row.deliveryId], deliverySummary);
}

export async function findDelivery(sql: SqlClient, deliveryId: string): Promise<DeliveryRow | undefined> {
  const [row] = await drizzleOver(sql).select().from(deliveries).where(eq(deliveries.deliveryId, deliveryId));
  return row;
}

export function deliverySummary(row: DeliveryRow): DeliverySummary {
  const { deliveryId, endpointId, platformId, type, subject, state, attempts, createdAt, nextAttemptAt } = row;
  const last = row.history.at(-1);
  return {
    ...{ deliveryId, endpointId, platformId, type, subject, state, attempts, createdAt },
    ...(nextAttemptAt !== null && { nextAttemptAt }),
    ...(last?.status !== undefined && { lastStatus: last.status }),
    ...(last?.error !== undefined && { lastError: last.error }),
  };
}
