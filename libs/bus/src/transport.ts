import type { BusRecord } from './message.js';
import type { DeadLetterLog } from './dead-letter.js';
import type { TopicKind } from './topic.js';

/** A record on its way to a group. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  /**
   * What it is known by within its topic, the same at every delivery: decimal numbers, joined by dots where one does not do. Those of a partition
   * are in its order. Where a topic can be made anew, and counts from 0 again, the third is when the message was taken, in milliseconds since 1970.
   */
  readonly offset: string;
  readonly record: BusRecord;
  /** It is durably dealt with: the transport may move the offset past it. */
  settled(): void;
}

/** Whether `left` came before `right` in their partition. Neither did when the topic was made anew between them. */
export function precedes(left: string, right: string): boolean {
  const [former, latter] = [numbersOf(left), numbersOf(right)];
  const isLess = former.first === latter.first ? former.second < latter.second : former.first < latter.first;
  return isLess && former.time <= latter.time;
}

/** The offset as it was written down before offsets had a time. */
export const withoutTime = (offset: string): string => offset.split('.', 2).join('.');

/** Milliseconds since 1970; 0 where there is none. */
export const timeOf = (offset: string): number => Number(numbersOf(offset).time);

function numbersOf(offset: string): { first: bigint; second: bigint; time: bigint } {
  const [first = 0n, second = 0n, time = 0n] = offset.split('.').map(BigInt);
  return { first, second, time };
}

export interface TopicPartition {
  topic: string;
  partition: number;
}

/** What a transport needs of the group it delivers to. */
export interface Receiver {
  readonly group: string;
  /** Whether anybody handles this type of event. What nobody handles is not delivered, only counted by `passOver`. */
  handles(topic: string, type: string): boolean;
  passOver(topic: string): void;
  /** Queues the delivery in the lane of its partition. Order within a partition is the order of these calls. */
  take(delivery: Delivery): void;
}

/** A group that other processes may be members of too. */
export interface MemberReceiver extends Receiver {
  /**
   * The partitions that this member has from now on. It may be given their deliveries once this has resolved; what makes it reject is to be tried
   * again, except Stopped.
   */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** The member may lose all of its partitions: what waits is dropped. Resolves when nothing of them is in hand any more. */
  revoked(): Promise<void>;
}

export interface TopicProgress {
  topic: string;
  /** Everything up to here is dealt with. */
  position: bigint;
  /** Where a restart would begin. */
  saved: bigint;
  /** What has been seen of the log. */
  head: bigint;
  /** Delivered and not yet dealt with. */
  open: number;
  /** Partitions that this member has, where members share a topic; the figures above and below are sums over those. */
  partitions?: number;
  /** Messages that are not dealt with yet, delivered or not. */
  lagMessages?: number;
  /** Age of the oldest message that was delivered and is not dealt with. */
  lagSeconds?: number;
  /** Why delivery stands still, or why offsets cannot be saved. */
  error?: string;
}

export interface Subscription {
  /** Begins to deliver. */
  start(): void;
  /** Delivers nothing more. */
  stop(): Promise<void>;
  /** Saves the offsets of what is settled. */
  commit(): Promise<void>;
  /** The partition stands still because of an outage: the others must go on without it. */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  progress(): TopicProgress[];
}

/** How records get from and to the outside of a process. */
export interface Transport {
  /** Whether other processes may be members of the same groups. */
  readonly shared: boolean;
  /** Begins to publish. Repeated calls change nothing. */
  start(): Promise<void>;
  /** Ends publishing; what was read and not yet published will be at the next start. */
  stop(): Promise<void>;
  /** How a topic is served; undefined when nothing serves it. */
  topic(name: string): TopicKind | undefined;
  deadLetters(group: string): DeadLetterLog;
  /**
   * Sends to a command topic. Returns when the record is durable.
   * @param commandId the same for every try of the same send
   * @returns its position in the log, where there is one
   * @throws Outage when that could not be reached which keeps it: whether it was kept is unknown
   */
  send(topic: string, record: BusRecord, commandId: string): Promise<bigint | undefined>;
  /**
   * Loads where the group stands; delivers nothing before `start`.
   * @throws BusMisconfigured when the topics are not there, or not as they must be
   */
  subscribe(receiver: MemberReceiver, topics: readonly string[]): Promise<Subscription>;
}
