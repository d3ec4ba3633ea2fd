import { setTimeout as delay } from 'node:timers/promises';
import type { Loop } from '@tongbao/telemetry';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { errorText } from './error-text.js';
import { KafkaMember, type MemberTiming } from './kafka-member.js';
import { KafkaTenure, type TenureOptions } from './kafka-tenure.js';
import { Stopped } from './retry.js';
import type { SaveRhythm } from './saver.js';
import type { MemberReceiver, Subscription, TopicPartition, TopicProgress } from './transport.js';
import { within } from './within.js';

export interface KafkaSubscriptionOptions {
  kafka: Kafka;
  groupId: string;
  receiver: MemberReceiver;
  topics: readonly string[];
  isNews: (topic: string) => boolean;
  timing: MemberTiming;
  rhythm: SaveRhythm;
  maxOpen: number;
  /** Told why the group is not consumed at the moment, or what of it is not known. */
  onTrouble: (what: string, error: unknown) => void;
  loop?: Loop;
}

const firstRestartMs = 200;
const lastRestartMs = 5_000;
/** A rebalance waits so long for what is in hand, less than a member may be silent. */
const drainMs = 3_000;
/** kafkajs waits for brokers by itself; a client that hears nothing for so long is taken to be lost. */
const silenceRestartsMs = 45_000;
const silenceShownMs = 8_000;
const lookEveryMs = 5_000;

/**
 * A process's membership in a group: a client that is made anew whenever it fails, what it has until the next rebalance, and the way from its
 * batches to the lanes. Nothing here waits for a handler: a fetched batch goes into the lanes at once, and a partition whose lane is full is
 * fetched no further, so that heartbeats never depend on how long anything takes.
 */
export class KafkaSubscription implements Subscription {
  readonly #stopping = new AbortController();
  #member: KafkaMember | undefined;
  /** The present one, or the last. */
  #tenure: KafkaTenure | undefined;
  #running: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(private readonly options: KafkaSubscriptionOptions) {}

  start(): void {
    this.#running = this.#run();
  }

  /** Fetches nothing more. Stays a member until `commit`, so that nobody else begins with what is in hand. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#tenure?.end();
    this.#member?.pauseAll();
    return Promise.resolve();
  }

  async commit(): Promise<void> {
    await within(drainMs, this.#tenure?.close());
    await this.#member?.leave();
    await this.#running;
    this.options.loop?.end();
  }

  /** A lane that stands still fills, and then nothing more of its partition is fetched: there is nothing else to do. */
  pause(): void {
    return;
  }

  resume(): void {
    return;
  }

  progress(): TopicProgress[] {
    const nowMs = Date.now();
    const silentMs = this.#member?.silentMs ?? 0;
    const silence = silentMs > silenceShownMs ? `the brokers have not been heard for ${Math.round(silentMs / 1_000)} s` : undefined;
    const trouble = this.#trouble ?? silence;
    return this.options.topics.map((topic) => {
      const progress = this.#tenure?.progressOf(topic, nowMs) ?? { topic, position: 0n, saved: 0n, head: 0n, open: 0, partitions: 0 };
      return { ...progress, ...(trouble !== undefined && { error: trouble }) };
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const joined = () => {
        failures = 0;
      };
      await this.#consume(joined);
      await pause(Math.min(firstRestartMs * 2 ** failures, lastRestartMs), signal);
    }
  }

  /** Until the client fails, or is told to stop: then it is still a member. */
  async #consume(joined: () => void): Promise<void> {
    const { kafka, groupId, topics, timing, loop, onTrouble } = this.options;
    const over = new AbortController();
    const member: KafkaMember = new KafkaMember(kafka, groupId, topics, timing, {
      onAssigned: (partitions) => {
        joined();
        void this.#begin(member, partitions);
      },
      onRevoked: () => this.#revoke(),
      onBatch: (payload) => this.#take(payload),
      onHeard: () => loop?.beat(),
    });
    this.#member = member;
    try {
      const { signal } = this.#stopping;
      await Promise.race([member.consume(), this.#lookAfter(member, AbortSignal.any([signal, over.signal]))]);
    } catch (error) {
      this.#trouble = `the group is not consumed: ${errorText(error)}`;
      onTrouble(`membership of ${groupId}`, error);
      loop?.beat();
      await this.#revoke();
      await member.leave();
    } finally {
      over.abort();
    }
  }

  async #begin(member: KafkaMember, partitions: TopicPartition[]): Promise<void> {
    const { receiver, maxOpen, rhythm, isNews, onTrouble, groupId } = this.options;
    const tenureOptions: TenureOptions = {
      receiver,
      maxOpen,
      rhythm,
      isNews,
      pause: (at) => member.pause(at),
      resume: (at) => member.resume(at),
    };
    const tenure = new KafkaTenure(partitions, tenureOptions);
    this.#tenure = tenure;
    if (this.#stopping.signal.aborted) tenure.end();
    for (let pauseMs = firstRestartMs; !tenure.isOver; pauseMs = Math.min(pauseMs * 2, lastRestartMs)) {
      try {
        await receiver.assigned(partitions);
        break;
      } catch (error) {
        if (error instanceof Stopped) return;
        this.#trouble = `what is parked cannot be read: ${errorText(error)}`;
        onTrouble(`parked keys of ${groupId}`, error);
        await pause(pauseMs, this.#stopping.signal);
      }
    }
    if (tenure.isOver) return;
    this.#trouble = undefined;
    for (const at of partitions) member.resume(at);
    await this.#stand(member, tenure);
  }

  #take(payload: EachBatchPayload): void {
    if (!this.#stopping.signal.aborted) this.#tenure?.give(payload);
  }

  /** Lets what is in hand finish, within a bound, and saves what is settled by then. What is in hand for longer is given again, to whoever has it. */
  async #revoke(): Promise<void> {
    const tenure = this.#tenure;
    if (!tenure || tenure.isClosed) return;
    tenure.end();
    await within(drainMs, this.options.receiver.revoked());
    await within(drainMs / 2, tenure.close());
  }

  async #lookAfter(member: KafkaMember, signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(lookEveryMs, signal);
      if (signal.aborted) return;
      const { silentMs } = member;
      if (silentMs > silenceRestartsMs) throw new Error(`the brokers have not been heard for ${Math.round(silentMs / 1_000)} s`);
      const tenure = this.#tenure;
      // Nothing is fetched of a full partition, so nothing is heard of what comes in.
      if (tenure?.partitions.some(({ isFull }) => isFull)) await this.#stand(member, tenure);
    }
  }

  async #stand(member: KafkaMember, tenure: KafkaTenure): Promise<void> {
    try {
      for (const { topic, partition, ...standing } of await member.standings()) tenure.stand(topic, partition, standing);
    } catch (error) {
      this.options.onTrouble(`where ${this.options.groupId} stands`, error);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
