import { partitionsPerTopic } from '@tongbao/contracts';
import {
  deadLetterOf,
  describeError,
  type DeadLetterError,
  type DeadLetterLog,
  type DeadLetterPlace,
  type DeadLetterReason,
} from './dead-letter.js';
import { errorText } from './error-text.js';
import { Lane, type Pause } from './lane.js';
import { headerNames, MalformedMessage, readMessage, type BusRecord, type Message } from './message.js';
import { isConflict, isOutage } from './outage.js';
import type { ParkedKey, Parking } from './parking.js';
import { defaultBackoff, retry, Stopped, type Backoff } from './retry.js';
import type { TopicKind } from './topic.js';
import { compareOffsets, type Delivery, type Receiver } from './transport.js';

/** Returns when the effect is durable; what it throws decides what becomes of the message. */
export type Handler = (message: Message) => Promise<unknown>;

export interface GroupOptions {
  group: string;
  topics: ReadonlyMap<string, TopicKind>;
  /** By topic and type. */
  handlers: ReadonlyMap<string, ReadonlyMap<string, Handler>>;
  backoff?: Backoff;
  now?: () => Date;
  /** A lane stands still because of an outage, and goes on again. */
  onPause?: (topic: string, partition: number) => void;
  onResume?: (topic: string, partition: number) => void;
  /** Told of every dead letter, pause and failure. */
  onIncident?: (incident: Incident) => void;
}

interface Origin {
  group: string;
  topic: string;
  partition: number;
}

export type Incident =
  | (Origin & {
      kind: 'dead-letter';
      offset: string;
      key: string | undefined;
      reason: DeadLetterReason;
      parked: boolean;
      error?: DeadLetterError;
    })
  | (Origin & { kind: 'paused'; attempts: number; error: unknown })
  | (Origin & { kind: 'failed'; error: unknown });

export interface TopicCounts {
  handled: number;
  passedOver: number;
  dead: number;
}

/** Why a message cannot be handled, however often it is tried. */
export interface Poison {
  reason: DeadLetterReason;
  error: unknown;
}

/** A command that no handler of the group knows. */
export class UnknownCommand extends Error {
  override readonly name = 'UnknownCommand';
}

const maxConflicts = 5;

/**
 * The delivery contract of a consumer group, the same over every transport: one lane for each partition of each topic; at least once, in order per
 * key; an outage pauses the lane, poison goes to the dead letters and parks its key.
 */
export class ConsumerGroup implements Receiver {
  readonly group: string;
  readonly topics: ReadonlyMap<string, TopicKind>;
  readonly #stopping = new AbortController();
  readonly #lanes = new Map<string, Lane[]>();
  readonly #counts = new Map<string, TopicCounts>();
  readonly #now: () => Date;

  constructor(
    private readonly options: GroupOptions,
    readonly parking: Parking,
    readonly letters: DeadLetterLog,
  ) {
    this.group = options.group;
    this.topics = options.topics;
    this.#now = options.now ?? (() => new Date());
    for (const topic of options.topics.keys()) {
      this.#counts.set(topic, { handled: 0, passedOver: 0, dead: 0 });
      this.#lanes.set(
        topic,
        Array.from({ length: partitionsPerTopic }, (_, partition) => this.#newLane(topic, partition)),
      );
    }
  }

  handles(topic: string, type: string): boolean {
    return this.options.handlers.get(topic)?.has(type) ?? false;
  }

  passOver(topic: string): void {
    this.#countsOf(topic).passedOver += 1;
  }

  take(delivery: Delivery): void {
    this.#laneOf(delivery.topic, delivery.partition).push(delivery);
  }

  queued(topic: string, partition: number): number {
    return this.#laneOf(topic, partition).queued;
  }

  /** Every lane finishes what it has in hand; what waits is left to the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#lanes.values()].flat().map((lane) => lane.idle()));
  }

  counts(topic: string): TopicCounts {
    return { ...this.#countsOf(topic) };
  }

  paused(topic: string): Pause[] {
    return (this.#lanes.get(topic) ?? []).flatMap(({ pause }) => (pause ? [pause] : []));
  }

  /** Lanes that stand still for good. */
  failed(topic: string): { partition: number; error: string }[] {
    return (this.#lanes.get(topic) ?? []).flatMap(({ partition, failure }) =>
      failure === undefined ? [] : [{ partition, error: errorText(failure) }],
    );
  }

  /** Does something in a partition's lane, between two deliveries. Rejects with Stopped when the group ends before that. */
  inLane<T>(topic: string, partition: number, work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = this.#laneOf(topic, partition);
    return lane.run(() => work(lane));
  }

  /** Tries until it is handled (undefined), or known to be poison. */
  async attempt(lane: Lane, record: BusRecord): Promise<Poison | undefined> {
    try {
      const message = readMessage(lane.topic, record);
      const handler = this.options.handlers.get(lane.topic)?.get(message.type);
      if (handler) await this.#retry(lane, () => handler(message), mayHelp);
      else if (!this.#isNews(lane.topic)) throw new UnknownCommand(`nobody handles commands of type ${message.type}`);
      return undefined;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      return { reason: reasonOf(error), error };
    }
  }

  /** For what the bus itself writes and reads: nothing may be given up, so whatever goes wrong pauses the lane. */
  untilDone<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    return this.#retry(lane, work, () => true);
  }

  async #process(lane: Lane, delivery: Delivery): Promise<void> {
    const { topic, offset, record } = delivery;
    if (this.parking.resolution(topic, offset)) {
      delivery.settled();
      return;
    }
    const type = record.headers[headerNames.type];
    const parked = record.key === undefined ? undefined : this.parking.find(topic, record.key);
    if (type && this.#isNews(topic) && !this.handles(topic, type)) this.passOver(topic);
    else if (parked) await this.#follow(lane, delivery, parked);
    else {
      const poison = await this.attempt(lane, record);
      if (poison) await this.#bury(lane, delivery, poison);
      else this.#countsOf(topic).handled += 1;
    }
    delivery.settled();
  }

  /** The dead letter is durable before its key is parked, and both before the offset moves: a crash in between repeats, and loses nothing. */
  async #bury(lane: Lane, delivery: Delivery, { reason, error }: Poison): Promise<void> {
    const { topic, offset, record } = delivery;
    const { key } = record;
    const place = await this.#write(lane, delivery, reason, error);
    const parks = !!key && this.topics.get(topic)?.outside !== true;
    if (parks) await this.untilDone(lane, () => this.parking.park({ topic, key, offset, place }, delivery.partition));
    this.#report({ kind: 'dead-letter', ...this.#originOf(lane), offset, key, reason, parked: parks, error: describeError(error) });
  }

  async #follow(lane: Lane, delivery: Delivery, parked: ParkedKey): Promise<void> {
    const { topic, offset } = delivery;
    const { key } = parked;
    // A crash came before the offset was saved: it lies among the dead letters already, or was handled before its key was parked.
    if (parked.letters.has(offset) || compareOffsets(offset, parked.first.offset) < 0) return;
    const place = await this.#write(lane, delivery, 'follows');
    this.parking.follow(parked, { topic, key, offset, place });
    this.#report({ kind: 'dead-letter', ...this.#originOf(lane), offset, key, reason: 'follows', parked: true });
  }

  async #write(lane: Lane, delivery: Delivery, reason: DeadLetterReason, error?: unknown): Promise<DeadLetterPlace> {
    const letter = deadLetterOf(this.group, delivery, reason, error);
    const place = await this.untilDone(lane, () => this.letters.write(letter));
    this.#countsOf(delivery.topic).dead += 1;
    return place;
  }

  async #retry<T>(lane: Lane, work: () => Promise<T>, again: (error: unknown, attempt: number) => boolean): Promise<T> {
    const { backoff = defaultBackoff } = this.options;
    const stopping = this.#stopping.signal;
    try {
      return await retry(work, { backoff, stopping, again, onPause: (error, attempts) => this.#pause(lane, error, attempts) });
    } finally {
      if (lane.pause) this.options.onResume?.(lane.topic, lane.partition);
      lane.pause = undefined;
    }
  }

  #pause(lane: Lane, error: unknown, attempts: number): void {
    const { topic, partition } = lane;
    if (!lane.pause) this.options.onPause?.(topic, partition);
    lane.pause = { partition, since: lane.pause?.since ?? this.#now(), attempts, error: errorText(error) };
    this.#report({ kind: 'paused', ...this.#originOf(lane), attempts, error });
  }

  #newLane(topic: string, partition: number): Lane {
    return new Lane(topic, partition, {
      process: (lane, delivery) => this.#process(lane, delivery),
      stopping: this.#stopping.signal,
      onFailure: (lane, error) => this.#report({ kind: 'failed', ...this.#originOf(lane), error }),
    });
  }

  #originOf({ topic, partition }: Lane): Origin {
    return { group: this.group, topic, partition };
  }

  #report(incident: Incident): void {
    this.options.onIncident?.(incident);
  }

  #isNews(topic: string): boolean {
    return this.topics.get(topic)?.kind === 'events';
  }

  #countsOf(topic: string): TopicCounts {
    const counts = this.#counts.get(topic);
    if (!counts) throw new Error(`${this.group} does not consume ${topic}`);
    return counts;
  }

  #laneOf(topic: string, partition: number): Lane {
    const lane = this.#lanes.get(topic)?.[partition];
    if (!lane) throw new Error(`${this.group} has no partition ${partition} of ${topic}`);
    return lane;
  }
}

const mayHelp = (error: unknown, attempt: number): boolean => isOutage(error) || (isConflict(error) && attempt <= maxConflicts);

function reasonOf(error: unknown): DeadLetterReason {
  if (error instanceof MalformedMessage) return 'malformed';
  return error instanceof UnknownCommand ? 'unknown_command' : 'failed';
}
