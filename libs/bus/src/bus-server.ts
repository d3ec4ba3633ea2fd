import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { EventStore } from '@tongbao/event-store';
import type { Loops } from '@tongbao/telemetry';
import { BusMisconfigured } from './bus-misconfigured.js';
import { ConsumerGroup, type GroupOptions, type Handler, type Incident, type TopicCounts } from './consumer-group.js';
import { busTransport, type ConsumePattern } from './consume.decorator.js';
import { DeadLetterOps } from './dead-letter.ops.js';
import type { Pause } from './lane.js';
import type { Message } from './message.js';
import { Parking } from './parking.js';
import type { Backoff } from './retry.js';
import type { TopicKind } from './topic.js';
import type { Subscription, TopicProgress, Transport } from './transport.js';

export interface BusServerOptions {
  group: string;
  transport: Transport;
  /** Keeps which keys are parked. */
  store: EventStore;
  /** The topics that the group consumes, when that is to be checked against its handlers. */
  topics?: readonly string[];
  backoff?: Backoff;
  now?: () => Date;
  onIncident?: (incident: Incident) => void;
  check?: GroupOptions['check'];
  /** Watches the lanes. */
  loops?: Loops;
}

export interface TopicStatus extends TopicProgress, TopicCounts {
  lagMessages: number;
  lagSeconds: number;
  /** Of the partitions that this process has. */
  parkedKeys: number;
  paused: Pause[];
  /** Partitions that stand still until the process is restarted. */
  failed: { partition: number; error: string }[];
}

export interface GroupStatus {
  group: string;
  state: 'starting' | 'running' | 'stopped';
  topics: TopicStatus[];
}

interface Running {
  group: ConsumerGroup;
  subscription: Subscription;
  ops: DeadLetterOps;
}

/** One consumer group of a Nest application: `app.connectMicroservice({ strategy: new BusServer({ group, … }) })`. */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly transportId = busTransport;
  override readonly propagatesEventHandlerErrors = true;
  readonly #handlers = new Map<string, Map<string, Handler>>();
  #running: Running | undefined;
  #state: GroupStatus['state'] = 'starting';

  constructor(private readonly options: BusServerOptions) {
    super();
  }

  get group(): string {
    return this.options.group;
  }

  /** Nest offers every handler to every server: the other groups' are left to theirs. */
  override addHandler(pattern: unknown, callback: MessageHandler, isEventHandler = false): void {
    if (!isEventHandler || !isConsumePattern(pattern))
      throw new BusMisconfigured(`the bus takes handlers declared with @Consume, not ${JSON.stringify(pattern)}`);
    const { group, topic, type } = pattern;
    if (group !== this.group) return;
    const types = this.#handlers.get(topic) ?? new Map<string, Handler>();
    if (types.has(type)) throw new BusMisconfigured(`${group} has two handlers for ${type} of ${topic}`);
    types.set(type, (message) => settle(callback, message));
    this.#handlers.set(topic, types);
  }

  override listen(callback: (error?: unknown) => void): void {
    this.#start().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Takes nothing more, finishes what is in hand, saves the offsets. */
  override async close(): Promise<void> {
    this.#state = 'stopped';
    const running = this.#running;
    if (!running) return;
    running.ops.stop();
    await running.subscription.stop();
    await running.group.stop();
    await running.subscription.commit();
  }

  override on(): never {
    throw new Error('the bus has no events to listen to: see onIncident');
  }

  override unwrap(): never {
    throw new Error('the bus has no underlying server');
  }

  get deadLetters(): DeadLetterOps {
    return this.#started().ops;
  }

  groupStatus(): GroupStatus {
    const running = this.#running;
    const topics = running ? running.subscription.progress().map((progress) => this.#statusOf(running.group, progress)) : [];
    return { group: this.group, state: this.#state, topics };
  }

  async #start(): Promise<void> {
    const { group: name, transport, store, now = () => new Date() } = this.options;
    const topics = this.#topics();
    await transport.start();
    const letters = transport.deadLetters(name);
    const parking = new Parking(store, name, letters, now);
    const group = new ConsumerGroup(this.#groupOptions(topics, now), parking, letters);
    const ops = new DeadLetterOps(group, {
      store,
      onError: (error) => {
        this.logger.error(error);
      },
    });
    const subscription = await transport.subscribe(group, [...topics.keys()]);
    await ops.start();
    if (this.#isClosed()) return;
    this.#running = { group, subscription, ops };
    this.#state = 'running';
    ops.resume();
    subscription.start();
  }

  /** It may be closed while it still waits for what is down. */
  #isClosed(): boolean {
    return this.#state === 'stopped';
  }

  #groupOptions(topics: ReadonlyMap<string, TopicKind>, now: () => Date): GroupOptions {
    const { group, onIncident, backoff, check, loops } = this.options;
    return {
      group,
      topics,
      handlers: this.#handlers,
      shared: this.options.transport.shared,
      onAssigned: () => this.#running?.ops.resume(),
      now,
      ...(backoff && { backoff }),
      ...(check && { check }),
      ...(onIncident && { onIncident }),
      ...(loops && { loops }),
      onPause: (topic, partition) => this.#running?.subscription.pause(topic, partition),
      onResume: (topic, partition) => this.#running?.subscription.resume(topic, partition),
    };
  }

  #topics(): Map<string, TopicKind> {
    const asked = this.options.topics ?? [...this.#handlers.keys()];
    if (asked.length === 0) throw new BusMisconfigured(`the group ${this.group} has no handler`);
    const idle = asked.filter((topic) => !this.#handlers.has(topic));
    if (idle.length > 0) throw new BusMisconfigured(`the group ${this.group} consumes ${idle.join(', ')} without a handler`);
    const topics = new Map<string, TopicKind>();
    for (const topic of this.#handlers.keys()) {
      const kind = this.options.transport.topic(topic);
      if (!kind) throw new BusMisconfigured(`the group ${this.group} has a handler for ${topic}, which nothing serves`);
      if (!asked.includes(topic))
        throw new BusMisconfigured(`the group ${this.group} has a handler for ${topic}, which it does not consume`);
      topics.set(topic, kind);
    }
    return topics;
  }

  #statusOf(group: ConsumerGroup, progress: TopicProgress): TopicStatus {
    const { topic } = progress;
    const parkedKeys = group.parking.parked().filter((parked) => parked.topic === topic && group.owns(topic, parked.partition)).length;
    const { lagMessages = progress.open, lagSeconds = this.#ageOf(group.oldest(topic)) } = progress;
    const figures = { ...progress, lagMessages, lagSeconds, ...group.counts(topic), parkedKeys };
    return { ...figures, paused: group.paused(topic), failed: group.failed(topic) };
  }

  #ageOf(at: Date | undefined): number {
    const { now = () => new Date() } = this.options;
    return at ? Math.max(0, now().getTime() - at.getTime()) / 1_000 : 0;
  }

  #started(): Running {
    if (!this.#running) throw new Error(`the group ${this.group} is not running`);
    return this.#running;
  }
}

/** Nest wraps handlers: one that throws resolves with an Observable that errs. */
async function settle(callback: MessageHandler, message: Message): Promise<void> {
  const result: unknown = await callback(message);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}

function isConsumePattern(pattern: unknown): pattern is ConsumePattern {
  return typeof pattern === 'object' && pattern !== null && 'group' in pattern && 'topic' in pattern && 'type' in pattern;
}
