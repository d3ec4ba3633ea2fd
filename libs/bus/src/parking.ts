import type { EventStore, StoredEvent } from '@tongbao/event-store';
import type { DeadLetterError, DeadLetterLog, DeadLetterPlace, PlacedDeadLetter } from './dead-letter.js';
import { OpsRequests, type OpsRequestEvent } from './ops-requests.js';
import { precedes, timeOf, withoutTime } from './transport.js';

/** What the stream `parking-<group>` says. `by` is who asked for it; `offset` is the dead letter's place in its original topic. */
export type ParkingEvent =
  | OpsRequestEvent
  | { type: 'KeyParked'; topic: string; key: string; partition: number; offset: string; place: DeadLetterPlace }
  | { type: 'ReleaseRequested'; topic: string; key: string; by: string }
  | { type: 'ReleaseFailed'; topic: string; key?: string; offset: string; attempt: number; error: DeadLetterError; by: string }
  | { type: 'DeadLetterHandled'; topic: string; key?: string; offset: string; by: string }
  | { type: 'DeadLetterDiscarded'; topic: string; key?: string; offset: string; by: string; reason: string }
  | { type: 'KeyReleased'; topic: string; key: string; by: string };

export interface LetterRef {
  topic: string;
  key?: string;
  /** Its place in the original topic: what it is known by, however often it lies among the dead letters. */
  offset: string;
  place: DeadLetterPlace;
}

/** A key whose messages go to the dead letters until ops release it. */
export interface ParkedKey {
  topic: string;
  key: string;
  partition: number;
  since: Date;
  /** The dead letter that parked it. */
  first: LetterRef;
  /** Unresolved dead letters by offset, in order. */
  letters: Map<string, LetterRef>;
  /** Who asked for its release, while that is under way. */
  releasing?: string;
}

export interface Resolution {
  how: 'handled' | 'discarded';
  by: string;
  at: Date;
  reason?: string;
}

export interface Failures {
  attempts: number;
  last: DeadLetterError;
}

/**
 * What a group has parked and resolved: the fold of its stream. Every change is in the store before it is in memory. What other members of the
 * group write comes in by `fold` or `catchUp`.
 */
export class Parking {
  readonly requests = new OpsRequests();
  readonly #parked = new Map<string, ParkedKey>();
  readonly #resolved = new Map<string, Resolution>();
  readonly #failures = new Map<string, Failures>();
  readonly stream: string;
  /** Every event before this revision is folded. */
  #next = 0;
  /** Own events that were folded before others' that lie between. */
  readonly #ahead = new Set<number>();

  constructor(
    private readonly store: EventStore,
    group: string,
    private readonly letters: DeadLetterLog,
    private readonly now: () => Date,
  ) {
    this.stream = `parking-${group}`;
  }

  async load(): Promise<void> {
    await this.catchUp();
    await this.gather(() => true);
  }

  /** Folds what has been written since the last look. */
  async catchUp(): Promise<void> {
    for (const stored of await this.store.read<ParkingEvent>(this.stream, { from: this.#next })) this.fold(stored);
  }

  fold({ event, revision, createdAt }: StoredEvent<ParkingEvent>): void {
    if (revision < this.#next) return;
    this.#next = revision + 1;
    if (!this.#ahead.delete(revision)) this.#apply(event, createdAt);
  }

  /** Looks up which dead letters wait behind the parked keys of some partitions: followers are no events. */
  async gather(of: (topic: string, partition: number) => boolean): Promise<void> {
    const byTopic = Map.groupBy(
      this.parked().filter(({ topic, partition }) => of(topic, partition)),
      ({ topic }) => topic,
    );
    for (const [topic, keys] of byTopic) await this.#gather(topic, keys);
  }

  find(topic: string, key: string): ParkedKey | undefined {
    return this.#parked.size === 0 ? undefined : this.#parked.get(nameOf(topic, key));
  }

  parked(): ParkedKey[] {
    return [...this.#parked.values()];
  }

  resolution(topic: string, offset: string): Resolution | undefined {
    if (this.#resolved.size === 0) return undefined;
    const known = this.#resolved.get(nameOf(topic, offset));
    if (known) return known;
    const timeless = this.#resolved.get(nameOf(topic, withoutTime(offset)));
    // What was taken after that is of a topic made anew.
    return timeless && timeOf(offset) <= timeless.at.getTime() ? timeless : undefined;
  }

  failures(topic: string, offset: string): Failures | undefined {
    return this.#failures.get(nameOf(topic, offset));
  }

  async park({ topic, key, offset, place }: LetterRef & { key: string }, partition: number): Promise<void> {
    await this.#record({ type: 'KeyParked', topic, key, partition, offset, place }, `park ${nameOf(topic, offset)}`);
  }

  /** A later message of the key lies among the dead letters too. */
  follow(parked: ParkedKey, letter: LetterRef): void {
    if (!parked.letters.has(letter.offset)) parked.letters.set(letter.offset, letter);
  }

  async requestRelease(parked: ParkedKey, by: string, requestId: string): Promise<void> {
    const { topic, key } = parked;
    await this.#record({ type: 'ReleaseRequested', topic, key, by }, `request ${requestId}`);
  }

  /** @returns how often it has failed since it became a dead letter */
  async failedAgain(letter: LetterRef, by: string, error: DeadLetterError): Promise<number> {
    const { topic, key, offset } = letter;
    const attempt = 1 + (this.failures(topic, offset)?.attempts ?? 0);
    await this.#record(
      { type: 'ReleaseFailed', topic, ...(key && { key }), offset, attempt, error, by },
      `fail ${nameOf(topic, offset)} ${attempt}`,
    );
    return attempt;
  }

  async handled({ topic, key, offset }: LetterRef, by: string): Promise<void> {
    await this.#record({ type: 'DeadLetterHandled', topic, ...(key && { key }), offset, by }, `handle ${nameOf(topic, offset)}`);
  }

  async discard({ topic, key, offset }: LetterRef, by: string, reason: string): Promise<void> {
    await this.#record({ type: 'DeadLetterDiscarded', topic, ...(key && { key }), offset, by, reason }, `discard ${nameOf(topic, offset)}`);
  }

  async released({ topic, key }: ParkedKey, by: string, requestId: string): Promise<void> {
    await this.#record({ type: 'KeyReleased', topic, key, by }, `release ${requestId}`);
  }

  /** Asks whichever member has the partition. */
  async ask(event: Extract<OpsRequestEvent, { type: 'OpsRequested' }>): Promise<void> {
    await this.#record(event, `ask ${event.requestId}`);
  }

  async answer(event: Extract<OpsRequestEvent, { type: 'OpsAnswered' }>): Promise<void> {
    await this.#record(event, `answer ${event.requestId}`);
  }

  /**
   * Several lanes, and several members, write here, each about keys of its own: their events need no order among each other, so any revision
   * will do.
   */
  async #record(event: ParkingEvent, commandId: string): Promise<void> {
    const context = { commandId, ...('by' in event && { actor: event.by }) };
    const { revision } = await this.store.append(this.stream, 'any', [event], context);
    // It came in from the stream before the append returned.
    if (revision < this.#next) return;
    this.#apply(event, this.now());
    this.#ahead.add(revision);
    while (this.#ahead.delete(this.#next)) this.#next += 1;
  }

  #apply(event: ParkingEvent, at: Date): void {
    switch (event.type) {
      case 'OpsRequested':
      case 'OpsAnswered':
        this.requests.apply(event);
        return;
      case 'KeyParked':
        this.#onParked(event, at);
        return;
      case 'ReleaseRequested':
        this.#onReleasing(event.topic, event.key, event.by);
        return;
      case 'ReleaseFailed':
        this.#failures.set(nameOf(event.topic, event.offset), { attempts: event.attempt, last: event.error });
        this.#onReleasing(event.topic, event.key, undefined);
        return;
      case 'DeadLetterHandled':
        this.#onResolved(event, { how: 'handled', by: event.by, at });
        return;
      case 'DeadLetterDiscarded':
        this.#onResolved(event, { how: 'discarded', by: event.by, at, reason: event.reason });
        return;
      case 'KeyReleased':
        this.#parked.delete(nameOf(event.topic, event.key));
        return;
      default:
        return event satisfies never;
    }
  }

  #onParked(event: Extract<ParkingEvent, { type: 'KeyParked' }>, since: Date): void {
    const { topic, key, partition, offset, place } = event;
    // Said twice: by a member that had lost the partition already, and by the one that has it now.
    if (this.find(topic, key) || this.resolution(topic, offset)) return;
    const first: LetterRef = { topic, key, offset, place };
    this.#parked.set(nameOf(topic, key), { topic, key, partition, since, first, letters: new Map([[offset, first]]) });
  }

  #onReleasing(topic: string, key: string | undefined, by: string | undefined): void {
    const parked = key === undefined ? undefined : this.#parked.get(nameOf(topic, key));
    if (parked) parked.releasing = by;
  }

  #onResolved({ topic, key, offset }: { topic: string; key?: string; offset: string }, resolution: Resolution): void {
    this.#resolved.set(nameOf(topic, offset), resolution);
    this.#failures.delete(nameOf(topic, offset));
    if (key !== undefined) this.#parked.get(nameOf(topic, key))?.letters.delete(offset);
  }

  async #gather(topic: string, keys: readonly ParkedKey[]): Promise<void> {
    const { letters } = this;
    const found = new Map(keys.map((parked): [string, Line] => [parked.key, { parked, refs: [] }]));
    const earliest = keys
      .map(({ first }) => first)
      .reduce((least, first) => (letters.compare(first.place, least.place) < 0 ? first : least));
    let page = await letters.read(topic, earliest.place, gatherPage);
    // It is not where it was: the dead letters were lost, and those that came since may lie anywhere.
    const isAnew = !page[0] || !isOf(earliest, page[0]);
    if (isAnew) page = await letters.read(topic, undefined, gatherPage);
    for (;;) {
      for (const { place, letter } of page) {
        const { key } = letter.record;
        const behind = key === undefined ? undefined : found.get(key);
        if (behind && (isAnew || letters.compare(place, behind.parked.first.place) >= 0))
          behind.refs.push({ topic, key, offset: letter.offset, place });
      }
      const last = page.at(-1);
      if (!last || page.length < gatherPage) break;
      page = await letters.read(topic, letters.after(last.place), gatherPage);
    }
    for (const { parked, refs } of found.values()) this.#lineUp(parked, refs);
  }

  #lineUp(parked: ParkedKey, found: readonly LetterRef[]): void {
    const { first } = parked;
    parked.letters = new Map();
    // One that is gone stays in the line, for whoever releases the key to be told.
    const refs = found.some(({ offset }) => isSame(offset, first.offset)) ? found : [first, ...found];
    // A member that had lost the partition may have written behind the one that has it: the order that counts is that of the topic.
    const inOrder = (left: LetterRef, right: LetterRef) =>
      Number(precedes(right.offset, left.offset)) - Number(precedes(left.offset, right.offset));
    for (const ref of refs.toSorted(inOrder)) if (!this.resolution(ref.topic, ref.offset)) this.follow(parked, ref);
  }
}

/** What was found behind a parked key. */
interface Line {
  parked: ParkedKey;
  refs: LetterRef[];
}

const gatherPage = 500;

/** Whether a parked key's first dead letter is the one that was found. */
const isOf = (first: LetterRef, { place, letter }: PlacedDeadLetter): boolean =>
  place === first.place && isSame(letter.offset, first.offset);

/** Whether a dead letter's offset is the one that was written down, maybe before offsets had a time. */
const isSame = (offset: string, written: string): boolean => offset === written || withoutTime(offset) === written;

/** A topic's name holds no newline. */
const nameOf = (topic: string, keyOrOffset: string): string => `${topic}\n${keyOrOffset}`;
