import { attribute, SpanKind, tracing, type Step } from '@tongbao/telemetry';
import type { SqlClient } from './sql-client.js';

/**
 * The same database, whose queries within a trace show there, each with its text and never its values. Work of no trace, such as a projection's, passes
 * as it is.
 */
export function tracedSql(client: SqlClient): SqlClient {
  const { unlimited } = client;
  return {
    query: <Row extends object>(sql: string, parameters?: readonly unknown[]) =>
      tracing.active
        ? tracing.span(nameOf(sql), stepOf(sql), () => client.query<Row>(sql, parameters))
        : client.query<Row>(sql, parameters),
    arrays: (sql, parameters) =>
      tracing.active ? tracing.span(nameOf(sql), stepOf(sql), () => client.arrays(sql, parameters)) : client.arrays(sql, parameters),
    transaction: (work) =>
      tracing.active
        ? tracing.span('transaction', { kind: SpanKind.CLIENT, attributes: system }, () => client.transaction((tx) => work(tracedSql(tx))))
        : client.transaction(work),
    ...(client.vacuum && { vacuum: async (table: string) => client.vacuum?.(table) }),
    ...(unlimited && { unlimited: tracedSql(unlimited) }),
    ...(client.forgetful !== undefined && { forgetful: client.forgetful }),
    close: () => client.close(),
  };
}

const system = { [attribute.databaseSystem]: 'postgresql' };
const longestText = 1_000;

function stepOf(sql: string): Step {
  const [operation, table] = operationOf(sql);
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      ...system,
      [attribute.databaseOperation]: operation,
      ...(table !== undefined && { [attribute.databaseCollection]: table }),
      // Values are parameters: the text has none.
      [attribute.databaseQuery]: sql.slice(0, longestText),
    },
  };
}

/** `SELECT payment.payments`: few enough to be told apart at a glance. */
const nameOf = (sql: string): string => operationOf(sql).filter(Boolean).join(' ');

function operationOf(sql: string): [operation: string, table?: string] {
  const operation = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? 'SQL';
  const table = /\b(?:from|into|update)\s+((?:"?\w+"?\.)?"?\w+"?)/i.exec(sql)?.[1]?.replaceAll('"', '');
  return table === undefined ? [operation] : [operation, table];
}
