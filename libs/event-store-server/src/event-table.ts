import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { EventPlace } from './append-decision.js';
import { checksumOf } from './checksum.js';
import { DamagedEventError } from './errors.js';
import type { RecordedEvent } from './events.js';
import type { Names } from './names.js';
import type { Streams } from './streams.js';

type Row = Record<string, SQLOutputValue>;

/** Where a page ends, whichever is reached first. At least one event is read. */
export interface PageLimit {
  readonly events: number;
  readonly bytes: number;
}

const COLUMNS = 'pos, sid, rev, category, type, json, created, crc, id, data, meta';

/**
 * The events table: one insert, and the reads, each of which checks what it read against its checksum.
 * Reads of $all come from outside of transactions, and are where a scan would fill the memory with names.
 */
export class EventTable {
  readonly #streams: Streams;
  readonly #types: Names;
  readonly #statements;
  #lastPosition: number;
  /** Rows read from the database since the start. */
  rowsRead = 0;

  constructor(database: DatabaseSync, streams: Streams, types: Names) {
    this.#streams = streams;
    this.#types = types;
    this.#statements = prepare(database);
    this.#lastPosition = Number(database.prepare('SELECT coalesce(max(pos), 0) AS last FROM events').get()?.['last']);
  }

  /** The position of the newest event, 0 for an empty store. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  /** The next position. It counts at once, so an insert that fails must be the end of this instance. */
  nextPosition(): number {
    return ++this.#lastPosition;
  }

  insert(streamId: number, event: RecordedEvent): void {
    this.#statements.insert.run(
      event.position,
      streamId,
      event.revision,
      event.categoryId,
      this.#types.idOf(event.type),
      event.isJson ? 1 : 0,
      event.createdMs,
      checksumOf(event),
      event.id,
      event.data,
      event.metadata,
    );
  }

  findById(streamId: number, id: Uint8Array): EventPlace | undefined {
    const row = this.#statements.placeById.get(streamId, id, id);
    return row && { position: Number(row['pos']), revision: Number(row['rev']) };
  }

  findAt(streamId: number, revision: number, id: Uint8Array): EventPlace | undefined {
    const row = this.#statements.placeAt.get(streamId, revision, id);
    return row && { position: Number(row['pos']), revision };
  }

  /** The event at a position, if there is one. @throws DamagedEventError */
  at(position: number): RecordedEvent | undefined {
    const row = this.#statements.atPosition.get(position);
    return row && this.#recorded(row);
  }

  /** The event at a revision of a stream, if there is one. @throws DamagedEventError */
  atRevision(streamId: number, revision: number): RecordedEvent | undefined {
    return this.#page(this.#statements.streamForward.iterate(streamId, revision, revision), { events: 1, bytes: Infinity })[0];
  }

  /** Events of $all from a position on, that included. @throws DamagedEventError */
  allForward(from: number, limit: PageLimit): RecordedEvent[] {
    this.#streams.trim();
    return this.#page(this.#statements.allForward.iterate(from), limit);
  }

  /** Events of $all before a position, that excluded, newest first. @throws DamagedEventError */
  allBackward(before: number, limit: PageLimit): RecordedEvent[] {
    this.#streams.trim();
    return this.#page(this.#statements.allBackward.iterate(before), limit);
  }

  /** Events of a stream with revisions in [from, to], oldest first. @throws DamagedEventError */
  streamForward(streamId: number, from: number, to: number, limit: PageLimit): RecordedEvent[] {
    return this.#page(this.#statements.streamForward.iterate(streamId, from, to), limit);
  }

  /** Events of a stream with revisions in [from, to], newest first. @throws DamagedEventError */
  streamBackward(streamId: number, from: number, to: number, limit: PageLimit): RecordedEvent[] {
    return this.#page(this.#statements.streamBackward.iterate(streamId, from, to), limit);
  }

  /** At most `limit` positions >= from of a category, in order. Reads nothing but the index. */
  categoryPositions(categoryId: number, from: number, limit: number): number[] {
    return this.#statements.categoryForward.all(categoryId, from, limit).map((row) => Number(row['pos']));
  }

  /** At most `limit` positions < before of a category, newest first. Reads nothing but the index. */
  categoryPositionsBackward(categoryId: number, before: number, limit: number): number[] {
    return this.#statements.categoryBackward.all(categoryId, before, limit).map((row) => Number(row['pos']));
  }

  #page(rows: Iterable<Row>, limit: PageLimit): RecordedEvent[] {
    const events: RecordedEvent[] = [];
    if (limit.events <= 0) return events;
    let bytes = 0;
    // Leaving the loop resets the statement, so no read stays open across turns of the event loop.
    for (const row of rows) {
      const event = this.#recorded(row);
      events.push(event);
      bytes += event.data.length + event.metadata.length;
      if (events.length >= limit.events || bytes >= limit.bytes) break;
    }
    return events;
  }

  #recorded(row: Row): RecordedEvent {
    this.rowsRead += 1;
    const stream = this.#streams.nameOf(Number(row['sid'])) ?? '';
    const event: RecordedEvent = {
      position: Number(row['pos']),
      stream,
      revision: Number(row['rev']),
      categoryId: Number(row['category']),
      id: bytesOf(row['id']),
      type: this.#types.nameOf(Number(row['type'])) ?? '',
      isJson: row['json'] === 1,
      createdMs: Number(row['created']),
      data: bytesOf(row['data']),
      metadata: bytesOf(row['meta']),
      wire: undefined,
    };
    if (event.id.length !== 16 || checksumOf(event) !== row['crc']) throw new DamagedEventError(event.position, stream, event.revision);
    return event;
  }
}

function prepare(database: DatabaseSync) {
  const select = (rest: string) => database.prepare(`SELECT ${COLUMNS} FROM events WHERE ${rest}`);
  return {
    insert: database.prepare(`INSERT INTO events(${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    placeById: database.prepare(
      'SELECT pos, rev FROM events WHERE sid = ? AND substr(id, 1, 8) = substr(?, 1, 8) AND id = ? ORDER BY pos DESC LIMIT 1',
    ),
    placeAt: database.prepare('SELECT pos FROM events WHERE sid = ? AND rev = ? AND id = ?'),
    atPosition: select('pos = ?'),
    allForward: select('pos >= ? ORDER BY pos'),
    allBackward: select('pos < ? ORDER BY pos DESC'),
    streamForward: select('sid = ? AND rev BETWEEN ? AND ? ORDER BY rev'),
    streamBackward: select('sid = ? AND rev BETWEEN ? AND ? ORDER BY rev DESC'),
    categoryForward: database.prepare('SELECT pos FROM events WHERE category = ? AND pos >= ? ORDER BY pos LIMIT ?'),
    categoryBackward: database.prepare('SELECT pos FROM events WHERE category = ? AND pos < ? ORDER BY pos DESC LIMIT ?'),
  };
}

/** A column that is no blob any more is damage; an empty value then fails the checksum. */
const bytesOf = (value: SQLOutputValue | undefined): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array());
