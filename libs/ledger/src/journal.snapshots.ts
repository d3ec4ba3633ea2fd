import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { Outage, type EventStore, type StoredEvent } from '@tongbao/event-store';
import type { Books, Memory } from './books.js';
import { freeze, snapshotVersion, Thawing, type FrozenBooks, type Part } from './books.snapshot.js';
import { journalStream } from './journal.fold.js';

/** A piece of a snapshot. */
interface SnapshotChunk {
  type: 'SnapshotChunk';
  /** Revision of the snapshot's first chunk; whatever the version. */
  first: number;
  /** A `Part` as JSON, deflated (RFC 1951), in base64. */
  data: string;
}

/** The end of a snapshot, and what it is of. Its chunks are those from `first` up to here. */
interface SnapshotCompleted {
  type: 'SnapshotCompleted';
  first: number;
  version: number;
  /** The stream that it was folded from. */
  journal: string;
  /** The last journal event that is in it. */
  revision: number;
  eventId: string;
  /** Its log position; decimal. */
  position: string;
  sourcePosition: string;
  epoch: number;
  nextEntry: number;
  chunks: number;
  /** SHA-256 over the data of the chunks and all that is said here (`saidBy`), in hex. */
  checksum: string;
}

type SnapshotEvent = SnapshotChunk | SnapshotCompleted;

export interface SnapshotOptions {
  store: Pick<EventStore, 'append' | 'read' | 'readLast' | 'truncateBefore'>;
  /** The books are the stream `journal-<name>`, their snapshots `snapshot-<name>`. */
  name?: string;
  /** A snapshot cannot be used and is passed over, or could not be taken: starts take longer, nothing else. */
  onWarning?: (message: string, error: unknown) => void;
}

/** Books that a snapshot was taken of, and the log position of the journal event that they end with. */
export interface Resumed {
  books: Books;
  position: bigint;
}

const deflated = promisify<Buffer, { level: number }, Buffer>(deflateRaw);
const inflated = promisify(inflateRaw);

/** Of JSON; so much takes a millisecond or two to make, and deflated it is far under the store's 1 MiB. */
const chunkCharacters = 150_000;
const chunksAtOnce = 4;
/** Of what is appended at once. */
const fullAtCharacters = 600_000;
const chunksRead = 16;

/**
 * Snapshots of the books, in the event store, so that a start need not fold the whole journal. A snapshot says nothing that the journal does not say: one
 * that cannot be read, is damaged, of another version or not of this journal is passed over, for an older one or for none.
 */
export class Snapshots {
  readonly #stream: string;
  readonly #journal: string;

  constructor(private readonly options: SnapshotOptions) {
    this.#journal = journalStream(options.name);
    this.#stream = `snapshot-${options.name ?? 'main'}`;
  }

  /**
   * Of the newest snapshot that can be used; none when there is none.
   * @throws Outage when the store cannot be reached
   */
  async newest(memory?: Memory): Promise<Resumed | undefined> {
    for (let before: number | undefined; ;) {
      const last = await this.#orPassOver(() => this.#lastBefore(before));
      if (!last) return undefined;
      const { event, revision } = last;
      if (event.type === 'SnapshotCompleted') {
        const resumed = await this.#orPassOver(() => this.#resume(event, revision, memory));
        if (resumed) return resumed;
      }
      if (!(event.first > 0 && event.first <= revision)) return undefined;
      before = event.first;
    }
  }

  /**
   * Takes a snapshot of books as they are now; nothing but `adopt` may be done to them until it is taken. Everything in them must be durable. Only the
   * newest two are kept. A failure is told, and otherwise nothing.
   * @returns whether it was taken
   */
  async take(books: Books, signal?: AbortSignal): Promise<boolean> {
    const frozen = freeze(books);
    try {
      await this.#write(frozen, signal);
      return true;
    } catch (error) {
      if (!signal?.aborted) this.options.onWarning?.('a snapshot of the books could not be taken', error);
      return false;
    } finally {
      frozen.thaw();
    }
  }

  async #write(frozen: FrozenBooks, signal?: AbortSignal): Promise<void> {
    const { store } = this.options;
    const { revision, nextEntry, sourcePosition, epoch } = frozen;
    const [[ends], last] = await Promise.all([store.read(this.#journal, { from: revision, limit: 1 }), this.#lastBefore(undefined)]);
    if (ends?.revision !== revision) throw new Error(`${this.#journal} has no event ${revision}`);
    const first = last ? last.revision + 1 : 0;
    const hash = createHash('sha256');
    let next = first;
    const append = async (events: SnapshotEvent[]) => {
      signal?.throwIfAborted();
      // Of two that write here at a time, one is refused and gives up: a snapshot's chunks stand together.
      const context = { commandId: `${this.#stream} of ${revision} in epoch ${epoch} at ${next}`, causes: {} };
      await store.append(this.#stream, next === 0 ? 'no_stream' : next - 1, events, context);
      next += events.length;
    };
    const send = async (pieces: readonly Promise<Buffer>[]) => {
      const chunks = (await Promise.all(pieces)).map((piece): SnapshotChunk => ({
        type: 'SnapshotChunk',
        first,
        data: piece.toString('base64'),
      }));
      for (const { data } of chunks) hash.update(data);
      for (const some of divided(chunks)) await append(some);
    };
    let pieces: Promise<Buffer>[] = [];
    let sending = Promise.resolve();
    for (const text of frozen.texts(chunkCharacters)) {
      pieces.push(deflated(Buffer.from(text), { level: 1 }));
      // The writer, and whatever else this process does, comes before the next piece.
      await turn();
      if (pieces.length < chunksAtOnce) continue;
      await sending;
      sending = send(pieces);
      // It is awaited before the next, or at the end.
      sending.catch(() => undefined);
      pieces = [];
    }
    await sending;
    await send(pieces);
    const completed = {
      type: 'SnapshotCompleted' as const,
      first,
      version: snapshotVersion,
      journal: this.#journal,
      revision,
      eventId: ends.id,
      position: String(ends.position),
      sourcePosition: String(sourcePosition),
      epoch,
      nextEntry,
      chunks: next - first,
    };
    await append([{ ...completed, checksum: hash.update(saidBy(completed)).digest('hex') }]);
    const kept = last && (await this.#newestCompleted(last));
    if (kept && kept.first > 0) await store.truncateBefore(this.#stream, kept.first);
  }

  /** @throws Error when the snapshot cannot be used */
  async #resume(completed: SnapshotCompleted, revision: number, memory: Memory | undefined): Promise<Resumed> {
    const { version, journal, first, chunks } = completed;
    if (version !== snapshotVersion) throw new Error(`it is of version ${version}; known is ${snapshotVersion}`);
    if (journal !== this.#journal) throw new Error(`it is of ${journal}`);
    if (revision !== first + chunks) throw new Error(`it has ${revision - first} chunks of ${chunks}`);
    const [ends] = await this.options.store.read(this.#journal, { from: completed.revision, limit: 1 });
    if (ends?.revision !== completed.revision || ends.id !== completed.eventId)
      throw new Error(`${this.#journal} has another event ${completed.revision}, or none`);
    const thawing = new Thawing(memory);
    const hash = createHash('sha256');
    for (let from = first; from < revision; from += chunksRead) {
      const page = await this.options.store.read<SnapshotEvent>(this.#stream, { from, limit: Math.min(chunksRead, revision - from) });
      for (const { event } of page) {
        if (event.type !== 'SnapshotChunk' || event.first !== first) throw new Error('its chunks are not all there');
        hash.update(event.data);
        // Whatever a damaged one makes here is thrown away when its checksum turns out to be wrong.
        thawing.add(JSON.parse((await inflated(Buffer.from(event.data, 'base64'))).toString()) as Part);
      }
    }
    if (hash.update(saidBy(completed)).digest('hex') !== completed.checksum) throw new Error('its checksum is wrong');
    const books = thawing.finish({ ...completed, sourcePosition: BigInt(completed.sourcePosition) });
    return { books, position: BigInt(completed.position) };
  }

  async #lastBefore(revision: number | undefined): Promise<StoredEvent<SnapshotEvent> | undefined> {
    if (revision === undefined) return this.options.store.readLast<SnapshotEvent>(this.#stream);
    const [last] = await this.options.store.read<SnapshotEvent>(this.#stream, { from: revision - 1, backwards: true, limit: 1 });
    return last;
  }

  async #newestCompleted(last: StoredEvent<SnapshotEvent>): Promise<SnapshotCompleted | undefined> {
    for (let each: StoredEvent<SnapshotEvent> | undefined = last; each; each = await this.#lastBefore(each.event.first)) {
      if (each.event.type === 'SnapshotCompleted') return each.event;
      if (!(each.event.first > 0)) return undefined;
    }
    return undefined;
  }

  /** What the store cannot say may be said again later; what it says and is of no use is as if it were not there. */
  async #orPassOver<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof Outage) throw error;
      this.options.onWarning?.('a snapshot of the books cannot be used', error);
      return undefined;
    }
  }
}

/** In their order, as many together as one append takes. */
function* divided(chunks: readonly SnapshotChunk[]): Generator<SnapshotChunk[]> {
  let some: SnapshotChunk[] = [];
  let characters = 0;
  for (const chunk of chunks) {
    if (some.length > 0 && characters + chunk.data.length > fullAtCharacters) {
      yield some;
      [some, characters] = [[], 0];
    }
    some.push(chunk);
    characters += chunk.data.length;
  }
  if (some.length > 0) yield some;
}

/** What the checksum covers beside the chunks. */
const saidBy = (completed: Omit<SnapshotCompleted, 'checksum'>): string => {
  const { first, version, journal, revision, eventId, position, sourcePosition, epoch, nextEntry, chunks } = completed;
  return JSON.stringify([first, version, journal, revision, eventId, position, sourcePosition, epoch, nextEntry, chunks]);
};
