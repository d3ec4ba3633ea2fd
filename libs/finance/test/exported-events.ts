import { openPglite, type SqlClient } from '@tongbao/read-model';
import type { MemoryLog } from './memory-log.js';

/**
 * The second computation: the events of the log as raw JSON in a table, and SQL over them that shares nothing with the projections. Sums are decimal text.
 * The clock of the log is the latest second that any event so far has told; an entry of the ledger belongs where the fact that it posts does.
 */
export class ExportedEvents {
  private constructor(private readonly sql: SqlClient) {}

  static async from(log: MemoryLog): Promise<ExportedEvents> {
    const sql = await openPglite('memory');
    await sql.query(
      `CREATE TABLE events (position bigint PRIMARY KEY, at timestamptz NOT NULL, category text NOT NULL, type text NOT NULL, data jsonb NOT NULL)`,
    );
    const rows = log.events.map(({ position, createdAt, stream, event }) => ({
      position: String(position),
      at: createdAt.toISOString(),
      category: stream.split('-')[0],
      type: event.type,
      data: event,
    }));
    await sql.query(
      `INSERT INTO events SELECT r.position::bigint, r.at::timestamptz, r.category, r.type, r.data
       FROM json_to_recordset($1::json) AS r(position text, at text, category text, type text, data jsonb)`,
      [JSON.stringify(rows)],
    );
    await sql.query(`CREATE VIEW clock AS SELECT position, max(date_trunc('second', at)) OVER (ORDER BY position) AS at FROM events
      WHERE category IN ('payment', 'topup', 'settlement', 'payout', 'withdrawal', 'position', 'reconciliation', 'window', 'journal') AND type <> 'AttemptStarted'`);
    await sql.query(`CREATE VIEW payment_moves AS
      SELECT e.position, e.type, e.data->>'currency' AS currency, e.data->>'platformId' AS platform, t->>'from' AS payer, t->>'to' AS payee,
        (t->>'amountMinor')::bigint AS amount, t->>'kind' AS kind, coalesce((t->>'external')::boolean, false) AS external,
        CASE WHEN e.type = 'PaymentCaptured' THEN e.data->>'provider' ELSE coalesce((
          SELECT CASE WHEN o.name LIKE 'user:%' THEN 'wallet' ELSE substr(o.name, 10) END
          FROM jsonb_array_elements(e.data->'transfers') WITH ORDINALITY AS s(t, place), LATERAL (VALUES (1, s.t->>'from'), (2, s.t->>'to')) AS o(side, name)
          WHERE o.name LIKE 'provider:%' OR o.name LIKE 'user:%' ORDER BY s.place, o.side LIMIT 1), '') END AS provider
      FROM events e, jsonb_array_elements(coalesce(e.data->'split', e.data->'transfers')) AS t
      WHERE e.type IN ('PaymentCaptured', 'PaymentRefunded', 'DisputeOpened', 'DisputeClosed')`);
    await sql.query(`CREATE VIEW entry_moves AS
      SELECT coalesce((n->>'position')::bigint, e.position) AS position, 'entry' AS type, t->>'currency' AS currency, '' AS platform,
        t->>'from' AS payer, t->>'to' AS payee, (t->>'amountMinor')::bigint AS amount, t->>'kind' AS kind, false AS external,
        coalesce(substring(t->>'from' FROM '^provider:(.*)$'), substring(t->>'to' FROM '^provider:(.*)$'), '') AS provider
      FROM events e, jsonb_array_elements(e.data->'entries') AS n, jsonb_array_elements(n->'transfers') AS t
      WHERE e.type = 'EntriesPosted' AND n->>'kind' NOT IN ('PaymentCaptured', 'PaymentRefunded', 'DisputeOpened', 'DisputeClosed')`);
    await sql.query(`CREATE TABLE moves AS SELECT m.*, c.at FROM (
        SELECT position, type, currency, platform, payer, payee, amount, kind, external, provider FROM payment_moves
        UNION ALL SELECT position, type, currency, platform, payer, payee, amount, kind, external, provider FROM entry_moves
      ) m JOIN clock c USING (position) WHERE amount > 0 AND payer <> payee`);
    return new ExportedEvents(sql);
  }

  query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.sql.query<Row>(sql, parameters);
  }

  close(): Promise<void> {
    return this.sql.close();
  }
}
