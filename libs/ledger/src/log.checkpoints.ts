import type { LogEvent } from '@tongbao/contracts';
import type { LogFeed, StoredEvent } from '@tongbao/event-store';
import { parseCheckpoint, parseNote, type Hash } from '@tongbao/transparency-log';
import { logStream, type LogEnd, type LogStream } from './log.stream.js';

export interface PublishedCheckpoint {
  size: number;
  root: Hash;
  /** The signed note, with the cosignatures that it has. */
  note: string;
}

/** The newest checkpoints, as every process of the ledger serves them. */
export class LogCheckpoints {
  #signed: PublishedCheckpoint | undefined;
  #witnessed: PublishedCheckpoint | undefined;
  /** Of the newest event that is known here. */
  #revision = -1;
  #isRead = false;
  #reading: Promise<void> | undefined;
  /** What comes while it is read what came before. */
  readonly #meanwhile: [event: LogEvent, revision: number][] = [];

  constructor(private readonly stream: LogStream) {}

  /** Follows what is signed from now on. */
  start(feed: LogFeed): void {
    feed.consume({ name: 'log-checkpoints', categories: ['log'], after: feed.head }, ({ events }) => {
      for (const stored of events) if (isLogEvent(stored)) this.#come(stored.event, stored.revision);
      return Promise.resolve();
    });
  }

  /** @throws Outage while it is not known what was signed before this process began */
  async newest(): Promise<PublishedCheckpoint | undefined> {
    await this.#read();
    return this.#signed;
  }

  /** The newest that as many witnesses as were needed have cosigned, and at least one. @throws Outage */
  async witnessed(): Promise<PublishedCheckpoint | undefined> {
    await this.#read();
    return this.#witnessed;
  }

  /** What is known without asking, for figures. */
  get known(): { size: number; witnessedSize: number } {
    return { size: this.#signed?.size ?? 0, witnessedSize: this.#witnessed?.size ?? 0 };
  }

  async #read(): Promise<void> {
    if (this.#isRead) return;
    this.#reading ??= this.stream
      .read()
      .then((end) => this.#begin(end))
      .finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  #begin({ revision = -1, signed, witnessed }: LogEnd): void {
    this.#isRead = true;
    this.#revision = revision;
    this.#signed = signed && publishedOf(signed.checkpoint);
    if (witnessed) this.#cosigned(witnessed.checkpoint);
    for (const [event, at] of this.#meanwhile.splice(0)) this.#note(event, at);
  }

  #come(event: LogEvent, revision: number): void {
    if (this.#isRead) this.#note(event, revision);
    // What is not read yet will be read with this in it.
    else if (this.#reading) this.#meanwhile.push([event, revision]);
  }

  #note(event: LogEvent, revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    if (event.type === 'CheckpointSigned') this.#signed = publishedOf(event.checkpoint);
    else this.#cosigned(event.checkpoint);
  }

  #cosigned(note: string): void {
    this.#witnessed = publishedOf(note);
    // Unless another one has been signed meanwhile.
    if (this.#signed && note.startsWith(this.#signed.note)) this.#signed = this.#witnessed;
  }
}

const isLogEvent = (stored: StoredEvent): stored is StoredEvent<LogEvent> =>
  stored.stream === logStream && (stored.event.type === 'CheckpointSigned' || stored.event.type === 'CheckpointWitnessed');

function publishedOf(note: string): PublishedCheckpoint {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  return { size, root, note };
}
