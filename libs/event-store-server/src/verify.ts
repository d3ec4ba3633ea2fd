import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checksumOf } from './checksum.js';
import { closeDatabase, hasDatabase, openDatabase } from './database.js';
import { messageOf } from './errors.js';

/** Something that is not as it was written. What is unknown is undefined. */
export interface Damage {
  readonly position: number | undefined;
  readonly stream: string | undefined;
  readonly revision: number | undefined;
  readonly reason: string;
}

export interface VerifyReport {
  /** Events whose checksum was compared. */
  readonly events: number;
  /** What was found, at most 1,000 findings. */
  readonly damaged: Damage[];
  readonly ok: boolean;
}

/** Called now and then with the number of events checked and their total. */
export type VerifyProgress = (checked: number, total: number) => void;

type Row = Record<string, SQLOutputValue>;

const PAGE = 256;
const MAX_FINDINGS = 1000;

/**
 * Deep check of a store that is not running: every event's checksum, that positions and revisions have no gaps, that streams and indexes agree
 * with the events, and SQLite's own check of the file. Yields to the event loop, except during SQLite's check.
 * @throws EventStoreLockedError when the store is running; an Error when the folder holds none
 */
export async function verifyStore(dataDir: string, onProgress?: VerifyProgress): Promise<VerifyReport> {
  if (!hasDatabase(dataDir)) throw new Error(`The folder '${dataDir}' holds no event store.`);
  const database = openDatabase({ dataDir });
  try {
    const report = await verifyDatabase(database, onProgress);
    const structure = structuralDamage(database);
    const damaged = [...report.damaged, ...structure].slice(0, MAX_FINDINGS);
    return { events: report.events, damaged, ok: damaged.length === 0 };
  } finally {
    closeDatabase(database);
  }
}

/** The check of an open database, usable while it is being written: events that come after the start are left out. */
export async function verifyDatabase(database: DatabaseSync, onProgress: VerifyProgress = () => undefined): Promise<VerifyReport> {
  const findings: Damage[] = [];
  const report = (damage: Damage) => {
    if (findings.length < MAX_FINDINGS) findings.push(damage);
  };
  const end = Number(database.prepare('SELECT coalesce(max(pos), 0) AS last FROM events').get()?.['last']);
  const events = await verifyEvents(database, end, report, onProgress);
  const indexed = await verifyStreams(database, end, report);
  if (indexed !== events) report(general(`The index by stream has ${indexed} events, the table ${events}.`));
  return { events, damaged: findings, ok: findings.length === 0 };
}

/** Walks through all events by position. */
async function verifyEvents(
  database: DatabaseSync,
  end: number,
  report: (damage: Damage) => void,
  onProgress: VerifyProgress,
): Promise<number> {
  const page = database.prepare(`${EVENTS} WHERE e.pos BETWEEN ? AND ? ORDER BY e.pos`);
  let events = 0;
  for (let from = 1; from <= end; from += PAGE) {
    const to = Math.min(from + PAGE - 1, end);
    let expected = from;
    for (const row of rowsOf(page, from, to, report)) {
      const position = Number(row['pos']);
      if (position !== expected) report(missing(expected, position - 1));
      expected = position + 1;
      events += 1;
      const reason = damageOf(row);
      if (reason !== undefined) report({ position, stream: textOf(row['stream']), revision: Number(row['rev']), reason });
    }
    if (expected <= to) report(missing(expected, to));
    onProgress(to, end);
    await nextTurn();
  }
  return events;
}

const EVENTS = `SELECT e.pos, e.rev, e.category, e.json, e.created, e.crc, e.id, e.data, e.meta,
  s.name AS stream, s.category AS stream_category, t.name AS type
  FROM events e LEFT JOIN streams s ON s.id = e.sid LEFT JOIN types t ON t.id = e.type`;

/** A page; when SQLite cannot read it as a whole, the rows of it that can be read one by one. */
function rowsOf(page: ReturnType<DatabaseSync['prepare']>, from: number, to: number, report: (damage: Damage) => void): Row[] {
  try {
    return page.all(from, to);
  } catch {
    // Whatever is wrong with the page is met again, and reported, at the row it belongs to.
    const rows: Row[] = [];
    for (let position = from; position <= to; position += 1)
      try {
        rows.push(...page.all(position, position));
      } catch (error) {
        report({ position, stream: undefined, revision: undefined, reason: `cannot be read: ${messageOf(error)}` });
      }
    return rows;
  }
}

function damageOf(row: Row): string | undefined {
  const { stream, type, id, data, meta } = row;
  if (typeof stream !== 'string') return 'its stream is not known';
  if (typeof type !== 'string') return 'its type is not known';
  if (!(id instanceof Uint8Array && id.length === 16 && data instanceof Uint8Array && meta instanceof Uint8Array))
    return 'a column is no bytes';
  if (row['category'] !== row['stream_category']) return 'its category is not that of its stream';
  const checksum = checksumOf({
    position: Number(row['pos']),
    stream,
    revision: Number(row['rev']),
    categoryId: 0,
    id,
    type,
    isJson: row['json'] === 1,
    createdMs: Number(row['created']),
    data,
    metadata: meta,
  });
  return checksum === row['crc'] ? undefined : 'its checksum does not match';
}

/** Walks through the index by stream: revisions without gaps, and the last of them the one that the stream has on record. */
async function verifyStreams(database: DatabaseSync, end: number, report: (damage: Damage) => void): Promise<number> {
  const streams = database.prepare('SELECT id, name, last FROM streams WHERE id > ? ORDER BY id LIMIT ?');
  const revisions = database.prepare(
    'SELECT count(*) AS count, min(rev) AS first, max(rev) AS last, sum(pos <= ?) AS counted FROM events WHERE sid = ?',
  );
  let indexed = 0;
  let id = 0;
  for (;;) {
    const rows = streams.all(id, PAGE);
    for (const row of rows) {
      id = Number(row['id']);
      const found = revisions.get(end, id);
      indexed += Number(found?.['counted']);
      const count = Number(found?.['count']);
      const isGapless = count > 0 && found?.['first'] === 0 && found['last'] === count - 1;
      const stream = textOf(row['name']);
      if (!isGapless) report({ position: undefined, stream, revision: undefined, reason: `its ${count} revisions have gaps` });
      else if (row['last'] !== count - 1)
        report({
          position: undefined,
          stream,
          revision: count - 1,
          reason: `the stream's record says that its last revision is ${String(row['last'])}`,
        });
    }
    if (rows.length < PAGE) return indexed;
    await nextTurn();
  }
}

function structuralDamage(database: DatabaseSync): Damage[] {
  return database
    .prepare('PRAGMA integrity_check(100)')
    .all()
    .map((row) => String(row['integrity_check']))
    .filter((line) => line !== 'ok')
    .map(general);
}

const missing = (from: number, to: number): Damage => ({
  position: from,
  stream: undefined,
  revision: undefined,
  reason: from === to ? 'the event is missing' : `the events up to position ${to} are missing`,
});

const general = (reason: string): Damage => ({ position: undefined, stream: undefined, revision: undefined, reason });

const textOf = (value: SQLOutputValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
