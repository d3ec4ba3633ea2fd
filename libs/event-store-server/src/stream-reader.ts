import { isMetastream, LINK_TYPE, NO_REVISION, type RecordedEvent } from './events.js';
import type { EventTable, PageLimit } from './event-table.js';
import type { RecentEvents } from './recent-events.js';
import { firstVisibleRevision, firstVisibleTime, METASTREAM_METADATA, type StreamMetadata } from './stream-metadata.js';
import type { Streams } from './streams.js';

export type StreamCondition = 'missing' | 'readable' | 'tombstoned';

/** A part of a stream, in the order of reading. */
export interface StreamPage {
  readonly events: RecordedEvent[];
  /** The revision to go on with. */
  readonly next: number;
  readonly ended: boolean;
}

/** What the last event of a metastream says; kept apart from the reader, since the writer needs it as well. */
export type MetadataSource = (stream: string) => StreamMetadata;

/** Reads one stream, with what its metadata hides left out. */
export class StreamReader {
  readonly #streams: Streams;
  readonly #events: EventTable;
  readonly #recent: RecentEvents;
  readonly #metadataOf: MetadataSource;
  readonly #clock: () => number;
  readonly #limit: PageLimit;

  constructor(parts: {
    streams: Streams;
    events: EventTable;
    recent: RecentEvents;
    metadataOf: MetadataSource;
    clock: () => number;
    limit: PageLimit;
  }) {
    this.#streams = parts.streams;
    this.#events = parts.events;
    this.#recent = parts.recent;
    this.#metadataOf = parts.metadataOf;
    this.#clock = parts.clock;
    this.#limit = parts.limit;
  }

  /** A soft-deleted stream counts as missing, as one that never was. */
  conditionOf(name: string): StreamCondition {
    this.#streams.trim();
    const { tombstoned, last } = this.#streams.get(name);
    if (tombstoned) return 'tombstoned';
    return last === NO_REVISION || this.#metadataOf(name).softDeleted ? 'missing' : 'readable';
  }

  lastRevisionOf(name: string): number {
    return this.#streams.get(name).last;
  }

  /** The next page from a revision on, that included. @throws DamagedEventError */
  forward(name: string, from: number, maxEvents = Infinity): StreamPage {
    const { id, last } = this.#streams.get(name);
    const metadata = this.#visibilityOf(name);
    const start = Math.max(from, firstVisibleRevision(metadata, last));
    if (id === undefined || start > last) return { events: [], next: from, ended: true };
    const events = this.#events.streamForward(id, start, last, this.#limitOf(maxEvents));
    const next = (events.at(-1)?.revision ?? last) + 1;
    return { events: this.#youngEnough(events, metadata), next, ended: next > last };
  }

  /** The next page from a revision down, that included, newest first. @throws DamagedEventError */
  backward(name: string, from: number, maxEvents = Infinity): StreamPage {
    const { id, last } = this.#streams.get(name);
    const metadata = this.#visibilityOf(name);
    const lowest = firstVisibleRevision(metadata, last);
    const start = Math.min(from, last);
    if (id === undefined || start < lowest) return { events: [], next: NO_REVISION, ended: true };
    const events = this.#events.streamBackward(id, lowest, start, this.#limitOf(maxEvents));
    const next = (events.at(-1)?.revision ?? 0) - 1;
    return { events: this.#youngEnough(events, metadata), next, ended: next < lowest };
  }

  /**
   * The events of a stream from a revision on that were committed after a position, if all events after it are still in memory.
   * New events are never hidden, so metadata plays no part.
   */
  recent(name: string, from: number, afterPosition: number): RecordedEvent[] | undefined {
    if (!this.#recent.covers(afterPosition + 1)) return undefined;
    const events: RecordedEvent[] = [];
    let position = afterPosition + 1;
    for (let event = this.#recent.at(position); event; event = this.#recent.at(++position))
      if (event.stream === name && event.revision >= from) events.push(event);
    return events;
  }

  /**
   * The event that a link ('$>', data `revision@stream`) points to; undefined when it is gone or the link is malformed.
   * @throws DamagedEventError
   */
  targetOf(link: RecordedEvent): RecordedEvent | undefined {
    const [, revision, name] = /^(\d+)@(.+)$/s.exec(Buffer.from(link.data).toString('utf8')) ?? [];
    if (revision === undefined || name === undefined) return undefined;
    const { id, tombstoned } = this.#streams.get(name);
    const target = id === undefined || tombstoned ? undefined : this.#events.atRevision(id, Number(revision));
    return target?.type === LINK_TYPE ? undefined : target;
  }

  #visibilityOf(name: string): StreamMetadata {
    return isMetastream(name) ? METASTREAM_METADATA : this.#metadataOf(name);
  }

  #youngEnough(events: RecordedEvent[], metadata: StreamMetadata): RecordedEvent[] {
    if (metadata.maxAgeMs === undefined) return events;
    const earliest = firstVisibleTime(metadata, this.#clock());
    return events.filter(({ createdMs }) => createdMs >= earliest);
  }

  #limitOf(maxEvents: number): PageLimit {
    return { events: Math.min(this.#limit.events, maxEvents), bytes: this.#limit.bytes };
  }
}
