import type { SqlClient } from '@tongbao/read-model';
import type { Job } from './endpoint-lane.js';
import type { NewsType } from './news.js';

interface DueRow {
  delivery_id: string;
  endpoint_id: string;
  message_id: string;
  type: NewsType;
  subject: string;
  news_revision: number;
  news_index: number;
  tries: number;
  attempts: number;
}

export interface DueQuery {
  endpointIds: readonly string[];
  now: Date;
  /** Later news come by themselves. */
  throughNewsRevision: number;
  perEndpoint: number;
}

/** The deliveries whose time has come, for each endpoint the oldest first: one endpoint's backlog does not hide another's. */
export async function dueDeliveries(sql: SqlClient, query: DueQuery): Promise<Job[]> {
  const rows = await sql.query<DueRow>(
    `select due.* from jsonb_array_elements_text($1::jsonb) as asked(endpoint_id)
     cross join lateral (
       select delivery_id, endpoint_id, message_id, type, subject, news_revision, news_index, tries, attempts
       from notification.deliveries
       where endpoint_id = asked.endpoint_id and next_attempt_at <= $2 and news_revision <= $3
       order by next_attempt_at, news_revision, news_index limit $4
     ) due`,
    [JSON.stringify(query.endpointIds), query.now.toISOString(), query.throughNewsRevision, query.perEndpoint],
  );
  return rows.map((row) => ({
    deliveryId: row.delivery_id,
    endpointId: row.endpoint_id,
    messageId: row.message_id,
    type: row.type,
    subject: row.subject,
    news: { revision: row.news_revision, index: row.news_index },
    tries: row.tries,
    attempts: row.attempts,
  }));
}
