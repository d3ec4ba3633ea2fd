import type { SqlClient } from '@tongbao/read-model';
import { Problem } from '@tongbao/service';
import { sql, type SQL } from 'drizzle-orm';

/** A journal revision, or a time as ISO 8601 in UTC. */
export type AsOf = { revision: number } | { time: string };

/** The journal event after which somebody wants to see the books, and when it was written; none before the first. */
export interface Moment {
  revision: number;
  at: string;
}

/** The newest journal event at or before a time, as a subquery: its revision. */
const newestAt = (time: string): SQL =>
  sql`(SELECT r.revision FROM ledger.revisions r WHERE r.at <= ${time} ORDER BY r.at DESC, r.revision DESC LIMIT 1)`;

/** The revision that is meant, as an expression. */
export const revisionOf = (asOf: AsOf): SQL => ('revision' in asOf ? sql`${asOf.revision}` : newestAt(asOf.time));

/** Revision of the newest journal event that is folded; undefined before the first. */
export async function newestRevision(client: SqlClient): Promise<number | undefined> {
  const [row] = await client.query<{ revision: number }>('SELECT revision FROM ledger.progress ORDER BY revision DESC LIMIT 1');
  return row?.revision;
}

/**
 * The moment that is meant; undefined when there was nothing yet.
 * @throws Problem invalid for a revision that is not there yet: what it will be would be a guess
 */
export async function momentOf(client: SqlClient, asOf: AsOf): Promise<Moment | undefined> {
  const [where, parameter] =
    'revision' in asOf ? ['revision = $1', asOf.revision] : ['at <= $1 ORDER BY at DESC, revision DESC LIMIT 1', asOf.time];
  const [row] = await client.query<Moment & object>(`SELECT revision, at FROM ledger.revisions WHERE ${where}`, [parameter]);
  if (!row && 'revision' in asOf) throw await beyondJournal(client);
  return row;
}

async function beyondJournal(client: SqlClient): Promise<Problem> {
  const newest = await newestRevision(client);
  const where = newest === undefined ? 'no revision yet' : `revision ${newest}`;
  return new Problem('invalid', `asOf is beyond the journal, which is at ${where}.`, 'asOf');
}
