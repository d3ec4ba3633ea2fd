import { partitionsPerTopic } from '@tongbao/contracts';
import type { Loops } from '@tongbao/telemetry';
import { messagingSystem, meterOf, processed, timed, type TopicMeter } from './bus-telemetry.js';
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
import { precedes, type Delivery, type MemberReceiver, type TopicPartition } from './transport.js';

/** Returns when the effect is durable; what it throws decides what becomes of the message. */
export type Handler = (message: Message) => Promise<unknown>;

export interface GroupOptions {
  group: string;
  topics: ReadonlyMap<string, TopicKind>;
  /** By topic and type. */
  handlers: ReadonlyMap<string, ReadonlyMap<string, Handler>>;
  /**
   * What is wrong with the data of a message that is about to be handled, or undefined: what is wrong is malformed. What outsiders write is their
   * handlers' to check, who know what of it is signed.
   */
  check?: (topic: string, type: string, data: unknown) => string | undefined;
  /** Other processes may be members too: this one has the partitions that it is assigned, at first none. Otherwise it has all. */
  shared?: boolean;
  /** The partitions assigned last can be worked on. */
  onAssigned?: () => void;
  backoff?: Backoff;
  now?: () => Date;
  /** A lane stands still because of an outage, and goes on again. */
  onPause?: (topic: string, partition: number) => void;
  onResume?: (topic: string, partition: number) => void;
  /** Told of every dead letter, pause and failure. */
  onIncident?: (incident: Incident) => void;
  /** Watches the lanes, under `bus <group>`. */
  loops?: Loops;
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
export class ConsumerGroup implements MemberReceiver {
  readonly group: string;
  readonly topics: ReadonlyMap<string, TopicKind>;
  #stopping = false;
  #assignments = 0;
  /** Undefined: all. */
  #owned: ReadonlySet<string> | undefined;
  readonly #lanes = new Map<string, Lane[]>();
  readonly #counts = new Map<string, TopicCounts>();
  readonly #meters = new Map<string, TopicMeter>();
  readonly #now: () => Date;

  constructor(
    private readonly options: GroupOptions,
    readonly parking: Parking,
    readonly letters: DeadLetterLog,
  ) {
    this.group = options.group;
    this.topics = options.topics;
    this.#now = options.now ?? (() => new Date());
    if (options.shared) this.#owned = new Set();
    for (const topic of options.topics.keys()) {
      this.#counts.set(topic, { handled: 0, passedOver: 0, dead: 0 });
      this.#meters.set(topic, meterOf(this.group, topic));
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
    this.#meterOf(topic).passedOver.inc();
  }

  take(delivery: Delivery): void {
    this.#laneOf(delivery.topic, delivery.partition).push(delivery);
  }

  queued(topic: string, partition: number): number {
    return this.#laneOf(topic, partition).queued;
  }

  get shared(): boolean {
    return this.options.shared ?? false;
  }

  /** Whether this member works on the partition. */
  owns(topic: string, partition: number): boolean {
    return this.#owned?.has(nameOf(topic, partition)) ?? true;
  }

  /** Another member may have parked or released keys of these partitions: what that led to is read before anything of them is handled. */
  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const owned = new Set(partitions.map(({ topic, partition }) => nameOf(topic, partition)));
    this.#assignments += 1;
    const assignment = this.#assignments;
    await this.parking.catchUp();
    await this.parking.gather((topic, partition) => owned.has(nameOf(topic, partition)));
    if (assignment !== this.#assignments || this.#stopping) throw new Stopped();
    this.#owned = owned;
    this.options.onAssigned?.();
  }

  async revoked(): Promise<void> {
    this.#assignments += 1;
    this.#owned = new Set();
    const ended = [...this.#lanes].flatMap(([topic, lanes]) =>
      lanes.map((lane, partition) => {
        lane.end();
        const idle = lane.idle();
        lanes[partition] = this.#newLane(topic, partition, idle);
        return idle;
      }),
    );
    await Promise.all(ended);
  }

  /** Every lane finishes what it has in hand; what waits is left to the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const lanes = [...this.#lanes.values()].flat();
    for (const lane of lanes) lane.end();
    await Promise.all(lanes.map((lane) => lane.idle()));
  }

  counts(topic: string): TopicCounts {
    return { ...this.#countsOf(topic) };
  }

  paused(topic: string): Pause[] {
    return (this.#lanes.get(topic) ?? []).flatMap(({ pause }) => (pause ? [pause] : []));
  }

  /** When the oldest message came into being that a lane has and has not dealt with; undefined when there is none. */
  oldest(topic: string): Date | undefined {
    const times = (this.#lanes.get(topic) ?? []).flatMap(({ oldest }) =>
      oldest ? [Date.parse(oldest.record.headers[headerNames.time] ?? '')] : [],
    );
    const known = times.filter((time) => !Number.isNaN(time));
    return known.length > 0 ? new Date(Math.min(...known)) : undefined;
  }

  /** Lanes that stand still for good. */
  failed(topic: string): { partition: number; error: string }[] {
    return (this.#lanes.get(topic) ?? []).flatMap(({ partition, failure }) =>
      failure === undefined ? [] : [{ partition, error: errorText(failure) }],
    );
  }

  /** Does something in a partition's lane, between two deliveries. Rejects with Stopped when the group ends, or has not the partition. */
  inLane<T>(topic: string, partition: number, work: (lane: Lane) => Promise<T>): Promise<T> {
    if (!this.owns(topic, partition)) return Promise.reject(new Stopped());
    const lane = this.#laneOf(topic, partition);
    return lane.run(() => work(lane));
  }

  /** Tries until it is handled (undefined), or known to be poison. */
  async attempt(lane: Lane, record: BusRecord, offset?: string): Promise<Poison | undefined> {
    try {
      const message = readMessage(lane.topic, record);
      const handler = this.options.handlers.get(lane.topic)?.get(message.type);
      if (handler) await this.#handle(lane, message, handler, offset);
      else if (!this.#isNews(lane.topic)) throw new UnknownCommand(`nobody handles commands of type ${message.type}`);
      return undefined;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      return { reason: reasonOf(error), error };
    }
  }

  /** A handler that is given what it does not expect may not notice, and do harm. */
  #requireShape({ topic, type, data }: Message): void {
    if (this.topics.get(topic)?.outside) return;
    const wrong = this.options.check?.(topic, type, data);
    if (wrong !== undefined) throw new MalformedMessage(wrong);
  }

  #handle(lane: Lane, message: Message, handler: Handler, offset: string | undefined): Promise<unknown> {
    this.#requireShape(message);
    const { group } = this;
    const { handling } = this.#meterOf(lane.topic);
    const at = { system: messagingSystem(this.shared), group, partition: lane.partition, ...(offset !== undefined && { offset }) };
    return processed(message, at, () => this.#retry(lane, () => timed(handling, () => handler(message)), mayHelp));
  }

  /** For what the bus itself writes and reads: nothing may be given up, so whatever goes wrong pauses the lane. */
  untilDone<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    return this.#retry(lane, work, () => true);
  }

  async #process(lane: Lane, delivery: Delivery): Promise<void> {
    const { topic, offset, record } = delivery;
    // The effect that a replayed message stands for is in the log since the first time.
    if (record.headers[headerNames.replay] !== undefined) {
      this.passOver(topic);
      delivery.settled();
      return;
    }
    if (this.parking.resolution(topic, offset)) {
      delivery.settled();
      return;
    }
    const type = record.headers[headerNames.type];
    const parked = record.key === undefined ? undefined : this.parking.find(topic, record.key);
    if (type && this.#isNews(topic) && !this.handles(topic, type)) this.passOver(topic);
    else if (parked) await this.#follow(lane, delivery, parked);
    else {
      const poison = await this.attempt(lane, record, offset);
      if (poison) await this.#bury(lane, delivery, poison);
      else {
        this.#countsOf(topic).handled += 1;
        this.#meterOf(topic).handled.inc();
      }
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
    if (parked.letters.has(offset) || precedes(offset, parked.first.offset)) return;
    const place = await this.#write(lane, delivery, 'follows');
    this.parking.follow(parked, { topic, key, offset, place });
    this.#report({ kind: 'dead-letter', ...this.#originOf(lane), offset, key, reason: 'follows', parked: true });
  }

  async #write(lane: Lane, delivery: Delivery, reason: DeadLetterReason, error?: unknown): Promise<DeadLetterPlace> {
    const letter = deadLetterOf(this.group, delivery, reason, error);
    const place = await this.untilDone(lane, () => this.letters.write(letter));
    this.#countsOf(delivery.topic).dead += 1;
    this.#meterOf(delivery.topic).dead.inc();
    return place;
  }

  async #retry<T>(lane: Lane, work: () => Promise<T>, again: (error: unknown, attempt: number) => boolean): Promise<T> {
    const { backoff = defaultBackoff } = this.options;
    try {
      return await retry(work, { backoff, stopping: lane.ending, again, onPause: (error, attempts) => this.#pause(lane, error, attempts) });
    } finally {
      if (lane.pause) this.options.onResume?.(lane.topic, lane.partition);
      lane.pause = undefined;
    }
  }

  #pause(lane: Lane, error: unknown, attempts: number): void {
    const { topic, partition } = lane;
    lane.beat();
    if (!lane.pause) this.options.onPause?.(topic, partition);
    lane.pause = { partition, since: lane.pause?.since ?? this.#now(), attempts, error: errorText(error) };
    this.#report({ kind: 'paused', ...this.#originOf(lane), attempts, error });
  }

  #newLane(topic: string, partition: number, after?: Promise<void>): Lane {
    const loop = this.options.loops?.register(`bus ${this.group}`);
    return new Lane(topic, partition, {
      ...(loop && { loop }),
      process: (lane, delivery) => this.#process(lane, delivery),
      onFailure: (lane, error) => this.#report({ kind: 'failed', ...this.#originOf(lane), error }),
      ...(after && { after }),
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

  #meterOf(topic: string): TopicMeter {
    const meter = this.#meters.get(topic);
    if (!meter) throw new Error(`${this.group} does not consume ${topic}`);
    return meter;
  }

  #laneOf(topic: string, partition: number): Lane {
    const lane = this.#lanes.get(topic)?.[partition];
    if (!lane) throw new Error(`${this.group} has no partition ${partition} of ${topic}`);
    return lane;
  }
}

const nameOf = (topic: string, partition: number): string => `${topic} ${partition}`;

const mayHelp = (error: unknown, attempt: number): boolean => isOutage(error) || (isConflict(error) && attempt <= maxConflicts);

function reasonOf(error: unknown): DeadLetterReason {
  if (error instanceof MalformedMessage) return 'malformed';
  return error instanceof UnknownCommand ? 'unknown_command' : 'failed';
}
