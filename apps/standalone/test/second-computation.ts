import { PGlite } from '@electric-sql/pglite';
import { EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';

/** What a party has of a window; decimal minor units. */
export interface Net {
  windowId: string;
  party: string;
  net: string;
}

export interface NetOfSides extends Net {
  /** Sides of transfers that it is made of. */
  sides: number;
}

/**
 * Nets once more: every event of the log as raw JSON, read by the store's own client into a database of its own, and SQL over it that was written from the
 * domain's description. It shares no code with the hub.
 */
export class SecondComputation {
  private constructor(private readonly database: PGlite) {}

  /** All that the log holds now. */
  static async of(eventStoreUrl: string): Promise<SecondComputation> {
    const database = await PGlite.create();
    await database.exec(`CREATE TABLE events (position bigint PRIMARY KEY, stream text NOT NULL, type text NOT NULL, data jsonb NOT NULL)`);
    for (let events = await exported(eventStoreUrl); events.length > 0; events = events.slice(insertedAtOnce))
      await database.query(
        `INSERT INTO events SELECT * FROM json_to_recordset($1::json) AS e(position bigint, stream text, type text, data jsonb)`,
        [JSON.stringify(events.slice(0, insertedAtOnce))],
      );
    await database.exec(`${windows} ${models} ${facts} ${books}`);
    return new SecondComputation(database);
  }

  /** By the facts: captures, refunds, disputes, and what operators post. */
  nets(): Promise<NetOfSides[]> {
    return this.#rows(netsOf('fact_sides'));
  }

  /** By the entries that the ledger has posted for them. */
  ledgerNets(): Promise<NetOfSides[]> {
    return this.#rows(netsOf('ledger_sides'));
  }

  /** Of payments alone, without what operators posted. */
  paymentNets(): Promise<Net[]> {
    return this.#rows(`SELECT "windowId", party, net FROM (${netsOf('(SELECT * FROM fact_sides WHERE NOT is_entry)')}) n WHERE net <> '0'`);
  }

  /** What payments were told that was settled of them. */
  toldNets(): Promise<Net[]> {
    return this.#rows(
      `SELECT window_id AS "windowId", party, sum(amount)::text AS net FROM told GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2`,
    );
  }

  /** What was captured of orders of the data, by currency; decimal. */
  async captured(prefix: string): Promise<Record<string, string>> {
    const rows = await this.#rows<{ currency: string; amount: string }>(
      `SELECT data->>'currency' AS currency, sum((data->>'amountMinor')::bigint)::text AS amount FROM events
       WHERE type = 'PaymentCaptured' AND data->>'orderId' LIKE '${prefix}%' GROUP BY 1 ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ currency, amount }) => [currency, amount]));
  }

  close(): Promise<void> {
    return this.database.close();
  }

  async #rows<Row>(sql: string): Promise<Row[]> {
    return (await this.database.query<Row>(sql)).rows;
  }
}

const insertedAtOnce = 2_000;

async function exported(url: string): Promise<object[]> {
  const client = EventStoreDBClient.connectionString(url);
  const events: object[] = [];
  try {
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START })) {
      if (!event?.isJson || event.type.startsWith('$')) continue;
      events.push({ position: String(event.position.commit), stream: event.streamId, type: event.type, data: event.data });
    }
    return events;
  } finally {
    await client.dispose();
  }
}

/** A window is the span (previous WindowClosed, own WindowClosed] of its model and currency. */
const windows = `CREATE TABLE windows AS
  SELECT data->>'windowId' AS window_id, data->>'model' AS model, data->>'currency' AS currency, position AS through,
    coalesce(lag(position) OVER (PARTITION BY data->>'model', data->>'currency' ORDER BY position), 0) AS after
  FROM events WHERE type = 'WindowClosed';`;

/** A party is on dnm until it is put on another model, from the cut-off of the old model's window that is open then. */
const models = `CREATE TABLE assignments AS
  SELECT a.party, a.currency, a.model, (SELECT min(w.through) FROM windows w WHERE w.model = a.old AND w.currency = a.currency AND w.through > a.position) AS since
  FROM (SELECT data->>'party' AS party, data->>'currency' AS currency, data->>'model' AS model, position,
      lag(data->>'model', 1, 'dnm') OVER (PARTITION BY data->>'party', data->>'currency' ORDER BY position) AS old
    FROM events WHERE type = 'PartyModelSet') a;`;

/**
 * A transfer debits one and credits the other; those that the platform's own merchant account took do not count. Facts stand where they stand in the log; an
 * operator's entry is a fact of its own.
 */
const facts = `CREATE TABLE moves AS
    SELECT e.position, t->>'from' AS payer, t->>'to' AS payee, (t->>'amountMinor')::bigint AS amount, e.data->>'currency' AS currency, false AS is_entry
    FROM events e, jsonb_array_elements(CASE WHEN e.type = 'PaymentCaptured' THEN e.data->'split' ELSE e.data->'transfers' END) t
    WHERE e.type IN ('PaymentCaptured', 'PaymentRefunded', 'DisputeOpened', 'DisputeClosed') AND t->'external' IS DISTINCT FROM 'true'::jsonb
  UNION ALL
    SELECT e.position, t->>'from', t->>'to', (t->>'amountMinor')::bigint, t->>'currency', true
    FROM events e, jsonb_array_elements(e.data->'entries') n, jsonb_array_elements(n->'transfers') t
    WHERE e.type = 'EntriesPosted' AND n->>'kind' = 'PostEntry';
  CREATE TABLE fact_sides AS
    SELECT position, payee AS party, currency, amount, is_entry FROM moves WHERE payee ~ '^(platform|creator):' AND payee <> payer AND amount > 0
    UNION ALL
    SELECT position, payer, currency, -amount, is_entry FROM moves WHERE payer ~ '^(platform|creator):' AND payee <> payer AND amount > 0;
  CREATE TABLE told AS
    SELECT e.data->>'windowId' AS window_id, s->>'party' AS party, (s->>'netMinor')::bigint AS amount
    FROM events e, jsonb_array_elements(e.data->'sides') s WHERE e.type = 'PaymentSettled';`;

/** An entry belongs where the fact is that it posts. */
const books = `CREATE TABLE posted AS
    SELECT coalesce((n->>'position')::bigint, e.position) AS position, t->>'from' AS payer, t->>'to' AS payee, (t->>'amountMinor')::bigint AS amount,
      t->>'currency' AS currency
    FROM events e, jsonb_array_elements(e.data->'entries') n, jsonb_array_elements(n->'transfers') t
    WHERE e.type = 'EntriesPosted' AND n->>'kind' IN ('PaymentCaptured', 'PaymentRefunded', 'DisputeOpened', 'DisputeClosed', 'PostEntry');
  CREATE TABLE ledger_sides AS
    SELECT position, payee AS party, currency, amount FROM posted WHERE payee ~ '^(platform|creator):'
    UNION ALL SELECT position, payer, currency, -amount FROM posted WHERE payer ~ '^(platform|creator):';`;

const netsOf = (sides: string): string => `
  SELECT w.window_id AS "windowId", s.party, sum(s.amount)::text AS net, count(*)::integer AS sides
  FROM ${sides} s JOIN windows w ON w.currency = s.currency AND s.position > w.after AND s.position <= w.through
    AND w.model = coalesce((SELECT a.model FROM assignments a WHERE a.party = s.party AND a.currency = s.currency AND a.since < s.position
      ORDER BY a.since DESC LIMIT 1), 'dnm')
  GROUP BY 1, 2 ORDER BY 1, 2`;
