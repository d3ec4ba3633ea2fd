import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { startTelemetry, tracing, type Telemetry } from '@tongbao/telemetry';
import { openPglite } from './pglite.js';
import type { SqlClient } from './sql-client.js';
import { SqlError } from './sql-error.js';
import { tracedSql } from './traced-sql.js';

const quiet = { warn: () => undefined, info: () => undefined };
const callersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a traced database', () => {
  let bare: SqlClient;
  let sql: SqlClient;
  let exporter: InMemorySpanExporter;
  let telemetry: Telemetry;
  beforeAll(async () => {
    exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 0, logger: quiet, exporter });
    bare = await openPglite('memory');
    sql = tracedSql(bare);
    await sql.query('CREATE SCHEMA spec');
    await sql.query('CREATE TABLE spec.things (id text PRIMARY KEY, count integer)');
  }, 180_000);
  afterAll(async () => {
    await sql.close();
    await telemetry.stop();
  });

  const within = <T>(work: () => Promise<T>) => tracing.continued(callersTrace, 'request', {}, work);
  async function spansSince(count: number) {
    await telemetry.flush();
    return exporter
      .getFinishedSpans()
      .slice(count)
      .filter(({ name }) => name !== 'request');
  }

  it('shows queries of a trace with their text and without their values', async () => {
    await within(() => sql.query('INSERT INTO spec.things (id, count) VALUES ($1, $2)', ['secret-of-jo', 7]));
    expect(await within(() => sql.arrays('select count from spec.things where id = $1', ['secret-of-jo']))).toEqual([[7]]);
    const spans = await spansSince(0);
    expect(spans.map(({ name }) => name)).toEqual(['INSERT spec.things', 'SELECT spec.things']);
    expect(spans[1]?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.operation.name': 'SELECT',
      'db.collection.name': 'spec.things',
      'db.query.text': 'select count from spec.things where id = $1',
    });
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('secret-of-jo');
  });

  it('shows a transaction with what is in it', async () => {
    const { length } = exporter.getFinishedSpans();
    await within(() => sql.transaction((tx) => tx.query('UPDATE spec.things SET count = count + 1')));
    const [query, transaction] = await spansSince(length);
    expect([query?.name, transaction?.name]).toEqual(['UPDATE spec.things', 'transaction']);
    expect(query?.parentSpanContext?.spanId).toBe(transaction?.spanContext().spanId);
  });

  it('marks what the database refuses', async () => {
    const { length } = exporter.getFinishedSpans();
    await expect(within(() => sql.query('SELECT nonsense FROM spec.things'))).rejects.toThrow(SqlError);
    expect(await spansSince(length)).toMatchObject([{ status: { code: 2 }, attributes: { 'error.type': 'SqlError' } }]);
  });

  it('shows nothing of work that is in no trace', async () => {
    const { length } = exporter.getFinishedSpans();
    expect(await sql.query('SELECT count FROM spec.things')).toEqual([{ count: 8 }]);
    await sql.transaction((tx) => tx.query('SELECT 1'));
    expect(await spansSince(length)).toEqual([]);
  });

  it('has what the database has', () => {
    expect(sql.vacuum === undefined).toBe(bare.vacuum === undefined);
    expect(sql.forgetful).toBe(bare.forgetful);
    expect(sql.unlimited === undefined).toBe(bare.unlimited === undefined);
  });
});
