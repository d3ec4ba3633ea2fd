import { randomBytes } from 'node:crypto';
import { decideAppend, decideDelete, type StreamFacts } from './append-decision.js';
import { DamagedEventError } from './errors.js';
import {
  isMetastream,
  METADATA_TYPE,
  metastreamOf,
  originalOf,
  STREAM_DELETED_TYPE,
  type ExpectedRevision,
  type ProposedEvent,
  type RecordedEvent,
  type WriteOutcome,
} from './events.js';
import type { EventTable } from './event-table.js';
import { NO_METADATA, parseMetadata, resumeData, softDeleteData, type StreamMetadata } from './stream-metadata.js';
import type { Streams, StreamState } from './streams.js';

const EMPTY = new Uint8Array();

/**
 * Appends and deletes, decided and written at once. Everything here runs inside a transaction that somebody else opens and commits.
 * A refusal is decided before the first write, so it leaves no trace; an exception leaves the transaction to be rolled back as a whole.
 */
export class Writer {
  readonly #streams: Streams;
  readonly #events: EventTable;
  readonly #clock: () => number;
  #written: RecordedEvent[] = [];

  constructor(streams: Streams, events: EventTable, clock: () => number) {
    this.#streams = streams;
    this.#events = events;
    this.#clock = clock;
  }

  append(name: string, expected: ExpectedRevision, proposed: readonly ProposedEvent[]): WriteOutcome {
    return this.#refusingDamage(() => this.#append(name, expected, proposed));
  }

  /** Soft: the metadata hides all events, a later append resumes the stream. Hard: a tombstone, and the name can never be used again. */
  delete(name: string, expected: ExpectedRevision, hard: boolean): WriteOutcome {
    return this.#refusingDamage(() => this.#delete(name, expected, hard));
  }

  /** A damaged event that a decision needs refuses that write alone, as long as the write has not begun. */
  #refusingDamage(write: () => WriteOutcome): WriteOutcome {
    const writtenBefore = this.#written.length;
    try {
      return write();
    } catch (error) {
      if (error instanceof DamagedEventError && this.#written.length === writtenBefore) return { kind: 'damaged', reason: error.message };
      throw error;
    }
  }

  #append(name: string, expected: ExpectedRevision, proposed: readonly ProposedEvent[]): WriteOutcome {
    const stream = this.#streams.get(name);
    const facts = this.#factsOf(stream);
    const ids = proposed.map(({ id }) => id);
    const verdict = decideAppend(expected, ids, facts);
    switch (verdict.decision) {
      case 'stream-deleted':
        return { kind: 'stream-deleted' };
      case 'wrong-revision':
        return { kind: 'wrong-revision', actual: stream.last };
      case 'repeated':
        return { kind: 'done', ...verdict.place };
      case 'write':
        return this.#write(stream, proposed, facts.softDeleted);
      default:
        return verdict satisfies never;
    }
  }

  #delete(name: string, expected: ExpectedRevision, hard: boolean): WriteOutcome {
    const stream = this.#streams.get(name);
    const { decision } = decideDelete(expected, this.#factsOf(stream), hard);
    if (decision === 'stream-deleted') return { kind: 'stream-deleted' };
    if (decision !== 'write') return { kind: 'wrong-revision', actual: stream.last };
    if (hard) {
      const tombstone = this.#record(stream, systemEvent(STREAM_DELETED_TYPE, false, EMPTY));
      stream.tombstoned = true;
      return { kind: 'done', revision: stream.last, position: tombstone.position };
    }
    return { kind: 'done', revision: stream.last, position: this.#writeMetadata(name, softDeleteData()).position };
  }

  /** The events written since the last call, in order of position. */
  takeWritten(): RecordedEvent[] {
    const written = this.#written;
    this.#written = [];
    return written;
  }

  /** What the metastream of a stream says. */
  metadataOf(name: string): StreamMetadata {
    const metastream = this.#streams.get(metastreamOf(name));
    if (metastream.id === undefined || metastream.tombstoned) return NO_METADATA;
    if (!metastream.settings) {
      const newest = this.#events.atRevision(metastream.id, metastream.last);
      metastream.settings = newest ? parseMetadata(newest) : NO_METADATA;
    }
    return metastream.settings;
  }

  #write(stream: StreamState, proposed: readonly ProposedEvent[], softDeleted: boolean): WriteOutcome {
    const resumeAt = stream.last + 1;
    const hiddenOriginal = isMetastream(stream.name) && this.metadataOf(originalOf(stream.name)).softDeleted;
    let position: number | undefined;
    for (const event of proposed) position = this.#record(stream, event).position;
    const outcome: WriteOutcome = { kind: 'done', revision: stream.last, position };
    if (proposed.length === 0) return outcome;
    // The events go first and the metadata follows, in EventStoreDB's order: the position an append returns is that of its own last event.
    if (softDeleted) this.#resume(stream.name, resumeAt);
    // New metadata for a soft-deleted stream must not bring its hidden events back.
    if (hiddenOriginal) this.#resume(originalOf(stream.name), this.#streams.get(originalOf(stream.name)).last + 1);
    return outcome;
  }

  #resume(name: string, resumeAt: number): void {
    this.#writeMetadata(name, resumeData(this.metadataOf(name), resumeAt));
  }

  #writeMetadata(name: string, data: Uint8Array): RecordedEvent {
    return this.#record(this.#streams.get(metastreamOf(name)), systemEvent(METADATA_TYPE, true, data));
  }

  #record(stream: StreamState, proposed: ProposedEvent): RecordedEvent {
    const { streamId, revision } = this.#streams.advance(stream);
    const event: RecordedEvent = {
      position: this.#events.nextPosition(),
      stream: stream.name,
      revision,
      categoryId: stream.categoryId,
      id: proposed.id,
      type: proposed.type,
      isJson: proposed.isJson,
      createdMs: this.#clock(),
      data: proposed.data,
      metadata: proposed.metadata,
      wire: undefined,
    };
    this.#events.insert(streamId, event);
    stream.settings = undefined;
    this.#written.push(event);
    return event;
  }

  #factsOf(stream: StreamState): StreamFacts {
    const { id } = stream;
    return {
      last: stream.last,
      tombstoned: stream.tombstoned,
      softDeleted: this.metadataOf(stream.name).softDeleted,
      hasMetadata: this.#streams.get(metastreamOf(stream.name)).id !== undefined,
      findById: (eventId) => (id === undefined ? undefined : this.#events.findById(id, eventId)),
      findAt: (revision, eventId) => (id === undefined ? undefined : this.#events.findAt(id, revision, eventId)),
    };
  }
}

function systemEvent(type: string, isJson: boolean, data: Uint8Array): ProposedEvent {
  return { id: randomUuidBytes(), type, isJson, data, metadata: EMPTY };
}

/** A random (version 4) UUID, RFC 9562 section 5.4. */
function randomUuidBytes(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
