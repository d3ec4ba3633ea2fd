import type { DatabaseSync } from 'node:sqlite';
import { AllReader } from './all-reader.js';
import { CommitSignal } from './commit-signal.js';
import { closeDatabase, openDatabase } from './database.js';
import type { EventStoreFatalError } from './errors.js';
import { compileFilter, type EventFilter, type FilterRequest } from './event-filter.js';
import { LINK_TYPE, type ExpectedRevision, type ProposedEvent, type RecordedEvent, type WriteOutcome } from './events.js';
import { EventTable } from './event-table.js';
import { GroupCommit } from './group-commit.js';
import { resolveLimits, type EventStoreLimits } from './limits.js';
import { Names } from './names.js';
import { encodeReadEvent } from './read-response.js';
import { RecentEvents } from './recent-events.js';
import { StreamReader } from './stream-reader.js';
import { Streams } from './streams.js';
import { verifyDatabase, type VerifyProgress, type VerifyReport } from './verify.js';
import { Writer } from './writer.js';

export interface EventStoreOptions {
  /** Folder of the data, or `:memory:`. */
  readonly dataDir: string;
  readonly limits?: Partial<EventStoreLimits>;
  /** Milliseconds since the epoch; the system's clock by default. */
  readonly clock?: () => number;
  /** Called once when a commit has failed. The store refuses everything from then on; the host should exit and start again. */
  readonly onFatal?: (error: EventStoreFatalError) => void;
}

export interface Write {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** Milliseconds since the epoch after which the write must not happen; Infinity for none. */
  readonly deadlineMs: number;
  /** Called once, when the outcome is durable. */
  readonly done: (outcome: WriteOutcome) => void;
}

/** The event store without its network: appends, deletes, pages of events, and a signal after every commit. */
export class EventStore {
  readonly limits: EventStoreLimits;
  readonly all: AllReader;
  readonly streams: StreamReader;
  readonly signal = new CommitSignal();
  readonly #database: DatabaseSync;
  readonly #categories: Names;
  readonly #events: EventTable;
  readonly #recent: RecentEvents;
  readonly #writer: Writer;
  readonly #commits: GroupCommit;
  readonly #clock: () => number;
  #closed = false;

  /** @throws EventStoreLockedError when the folder is open elsewhere */
  constructor({ dataDir, limits, clock = Date.now, onFatal }: EventStoreOptions) {
    this.limits = resolveLimits(limits);
    this.#clock = clock;
    this.#database = openDatabase({ dataDir, maxPages: this.limits.maxDatabasePages });
    this.#categories = new Names(this.#database, 'categories');
    const streams = new Streams(this.#database, this.#categories, this.limits.cachedStreams);
    this.#events = new EventTable(this.#database, streams, new Names(this.#database, 'types'));
    this.#recent = new RecentEvents({ maxEvents: this.limits.recentEvents, maxBytes: this.limits.recentBytes }, this.#events.lastPosition);
    this.#writer = new Writer(streams, this.#events, clock);
    const page = { events: this.limits.pageEvents, bytes: this.limits.pageBytes };
    this.all = new AllReader(this.#events, this.#recent, page);
    this.streams = new StreamReader({
      streams,
      events: this.#events,
      recent: this.#recent,
      metadataOf: (name) => this.#writer.metadataOf(name),
      clock,
      limit: page,
    });
    this.#commits = new GroupCommit(this.#database, clock, {
      beforeCommit: () => streams.flush(),
      afterCommit: () => {
        streams.settle();
        this.#publish(this.#writer.takeWritten());
      },
      onFatal: (error) => onFatal?.(error),
    });
  }

  get lastPosition(): number {
    return this.#events.lastPosition;
  }

  append(write: Write, events: readonly ProposedEvent[]): void {
    this.#submit(write, () => this.#writer.append(write.stream, write.expected, events));
  }

  /** Deletes a stream: softly, so that it can be written again, or for good. */
  delete(write: Write, hard: boolean): void {
    this.#submit(write, () => this.#writer.delete(write.stream, write.expected, hard));
  }

  /** @throws BadRequestError when the filter is malformed */
  filter(request: FilterRequest): EventFilter {
    return compileFilter(request, this.#categories);
  }

  /** The encoded read response of an event; recent events are encoded once for all readers. @throws DamagedEventError */
  wireOf(event: RecordedEvent, resolveLinks: boolean): Buffer {
    if (resolveLinks && event.type === LINK_TYPE) return encodeReadEvent(this.streams.targetOf(event), event);
    return (event.wire ??= encodeReadEvent(event));
  }

  /** The statement's plan, for those who want to see which index serves it. */
  explain(sql: string): string[] {
    return this.#database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row['detail']));
  }

  /** Checks every event on disk, while the store goes on. */
  verify(onProgress?: VerifyProgress): Promise<VerifyReport> {
    return verifyDatabase(this.#database, onProgress);
  }

  counters() {
    return {
      lastPosition: this.#events.lastPosition,
      writes: this.#commits.writes,
      groups: this.#commits.groups,
      rowsRead: this.#events.rowsRead,
      recentEvents: this.#recent.count,
    };
  }

  /** Answers what is queued, and refuses everything after it. */
  finishQueued(): void {
    this.#commits.close('The event store is shutting down.');
  }

  /** Finishes what is queued, refuses what comes later, and gives up the folder. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.finishQueued();
    // After a failed commit the log is left as it is: the next start recovers from it, and writing now could only fail again.
    if (this.#commits.hasFailed) this.#database.close();
    else closeDatabase(this.#database);
  }

  #submit({ deadlineMs, done }: Write, run: () => WriteOutcome): void {
    this.#commits.submit({ run, done, deadlineMs: Math.min(deadlineMs, this.#clock() + this.limits.writeTimeoutMs) });
  }

  #publish(events: readonly RecordedEvent[]): void {
    for (const event of events) this.#recent.add(event);
    this.signal.emit(events);
  }
}
