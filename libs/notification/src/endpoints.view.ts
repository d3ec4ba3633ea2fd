import { drizzleOver, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, asc, eq, gt, ne } from 'drizzle-orm';
import type { EventTypes } from './endpoint.js';
import { endpoints, type EndpointRow } from './notification.tables.js';

/** An endpoint with its health, as it is listed. */
export interface EndpointSummary {
  endpointId: string;
  platformId: string;
  url: string;
  eventTypes: EventTypes;
  description: string;
  status: EndpointRow['status'];
  /** Why it is disabled. */
  reason?: string;
  failingSince?: string;
  lastDeliveredAt?: string;
  registeredAt: string;
}

/** Endpoints that are not removed, by id. */
export async function listEndpoints(
  sql: SqlClient,
  platformId: string | undefined,
  limit: number,
  after: string[] | undefined,
): Promise<Page<EndpointSummary>> {
  const rows = await drizzleOver(sql)
    .select()
    .from(endpoints)
    .where(
      and(
        ne(endpoints.status, 'removed'),
        platformId === undefined ? undefined : eq(endpoints.platformId, platformId),
        after?.[0] === undefined ? undefined : gt(endpoints.endpointId, after[0]),
      ),
    )
    .orderBy(asc(endpoints.endpointId))
    .limit(limit + 1);
  return toPage(rows, limit, (row) => [row.endpointId], summaryOf);
}

/** Health of one endpoint, where the projection has it. */
export async function findEndpoint(sql: SqlClient, endpointId: string): Promise<EndpointSummary | undefined> {
  const [row] = await drizzleOver(sql).select().from(endpoints).where(eq(endpoints.endpointId, endpointId));
  return row && summaryOf(row);
}

function summaryOf(row: EndpointRow): EndpointSummary {
  const { endpointId, platformId, url, eventTypes, description, status, registeredAt } = row;
  return {
    ...{ endpointId, platformId, url, eventTypes, description, status, registeredAt },
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.failingSince !== null && { failingSince: row.failingSince }),
    ...(row.lastDeliveredAt !== null && { lastDeliveredAt: row.lastDeliveredAt }),
  };
}
