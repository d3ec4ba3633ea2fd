import {
  ANY,
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  StreamNotFoundError,
  WrongExpectedVersionError,
  jsonEvent,
  streamNameFilter,
  type AllStreamSubscription,
  type AppendExpectedRevision,
  type EventData,
  type RecordedEvent,
} from '@eventstore/db-client';
import { setTimeout as delay } from 'node:timers/promises';
import { attribute, metrics, SpanKind, tracing, type Attributes } from '@tongbao/telemetry';
import { StoreUnavailable, WrongRevision } from './errors.js';
import { BatchedSubscription } from './batched-subscription.js';
import { categoryOf, eventIdOf, type AppendContext, type DomainEvent, type EventMetadata, type StoredEvent } from './event.js';
import { faultPoint } from './fault-point.js';
import './native-base64.js';
import { isTransient, StoreContact } from './store-contact.js';
import { currentVersion, upcast, type Upcasters } from './upcasting.js';

/** A revision, or what else a stream must be like for an append to be taken. */
export type Expected = number | 'no_stream' | 'stream_exists' | 'any';

export interface Appended {
  /** Revision of the last event appended. */
  revision: number;
  /** Log position of the last event appended. */
  position: bigint;
}

export interface EventStoreOptions {
  upcasters?: Upcasters;
  /** How long an append or read whose outcome is unknown is tried again before StoreUnavailable; 10 s when not given. */
  retryForMs?: number;
  /** How long before StoreUnavailable where the store fails or is silent to everything that is asked; 2 s when not given. */
  silentForMs?: number;
  /** Each append is a call of its own: for a connection beside another one, whose appends must not wait behind that one's. */
  appendsAlone?: boolean;
}

export interface FollowedBatch {
  events: StoredEvent[];
  /** Everything that was in the log when this was said has been given. */
  caughtUp: boolean;
}

export interface ReadOptions {
  from?: number | 'start' | 'end';
  backwards?: boolean;
  limit?: number;
}

const appends = {
  written: metrics.counter('tongbao_event_store_appends_total', { outcome: 'written' }),
  conflict: metrics.counter('tongbao_event_store_appends_total', { outcome: 'conflict' }),
  outage: metrics.counter('tongbao_event_store_appends_total', { outcome: 'outage' }),
};
const appendDuration = metrics.histogram('tongbao_event_store_append_duration_seconds', {});

/**
 * The event store, typed: append with an expected revision, read, subscribe. Speaks EventStoreDB's protocol, to the embedded server and to a
 * cluster alike.
 */
export class EventStore {
  readonly #client: EventStoreDBClient;
  readonly #connectionString: string;
  readonly #upcasters: Upcasters;
  readonly #contact: StoreContact;

  /** @param connectionString such as `esdb://127.0.0.1:2113?tls=false` */
  static connect(connectionString: string, options: EventStoreOptions = {}): EventStore {
    const client = EventStoreDBClient.connectionString(connectionString);
    if (options.appendsAlone) sendAppendsAlone(client);
    return new EventStore(client, connectionString, options);
  }

  private constructor(client: EventStoreDBClient, connectionString: string, options: EventStoreOptions) {
    this.#client = client;
    this.#connectionString = connectionString;
    this.#upcasters = options.upcasters ?? {};
    const { retryForMs = 10_000, silentForMs = 2_000 } = options;
    this.#contact = new StoreContact({ retryForMs, silentForMs });
  }

  /** For another thread's connection to the same store. It may have a password in it. */
  get connectionString(): string {
    return this.#connectionString;
  }

  /**
   * Appends all events or none; returns when they are durable. A repetition by the same command at the same revision succeeds without a
   * second effect, so an unknown outcome is retried with the same bytes.
   * @throws WrongRevision when the stream is not as expected, StoreUnavailable when the store stays unreachable
   */
  append(stream: string, expected: Expected, events: readonly DomainEvent[], context: AppendContext): Promise<Appended> {
    if (!tracing.enabled) return this.#measuredAppend(stream, expected, events, context, context.traceparent);
    const step = { kind: SpanKind.PRODUCER, attributes: attributesOf(stream, events) };
    const name = `append ${categoryOf(stream)}`;
    const { causes, traceparent } = context;
    if (causes) {
      const all = [...(causes.facts ?? []), ...Object.values(causes.commands ?? {})];
      // Nobody may take the trace of some of them for the trace of all.
      return tracing.caused(all, name, step, () => this.#measuredAppend(stream, expected, events, context, undefined));
    }
    const append = () => this.#measuredAppend(stream, expected, events, context, tracing.traceparent);
    if (!tracing.active) return tracing.continued(traceparent, name, step, append);
    tracing.link(traceparent);
    return tracing.span(name, step, append);
  }

  async #measuredAppend(
    stream: string,
    expected: Expected,
    events: readonly DomainEvent[],
    context: AppendContext,
    traceparent: string | undefined,
  ): Promise<Appended> {
    const startedMs = performance.now();
    try {
      const data = events.map((event, index) => this.#toEventData(event, index, context, traceparent));
      const appended = await this.#append(stream, expected, data, events);
      appends.written.inc();
      return appended;
    } catch (error) {
      if (error instanceof WrongRevision) appends.conflict.inc();
      else if (error instanceof StoreUnavailable) appends.outage.inc();
      throw error;
    } finally {
      appendDuration.observe((performance.now() - startedMs) / 1_000);
    }
  }

  async #append(stream: string, expected: Expected, data: EventData[], events: readonly DomainEvent[]): Promise<Appended> {
    faultPoint('before', stream, events);
    const result = await this.#contact.untilKnown(async () => {
      try {
        return await this.#client.appendToStream(stream, data, { expectedRevision: toExpectedRevision(expected) });
      } catch (error) {
        if (error instanceof WrongExpectedVersionError) throw new WrongRevision(stream, revisionOrNothing(error.actualVersion));
        throw error;
      }
    });
    faultPoint('after', stream, events);
    if (!result.position) throw new Error(`the store gave no position for an append to ${stream}`);
    return { revision: Number(result.nextExpectedRevision), position: result.position.commit };
  }

  /** The events of a stream, upcast to today's versions; none when there is no such stream. */
  read<E extends DomainEvent>(stream: string, options: ReadOptions = {}): Promise<StoredEvent<E>[]> {
    if (!tracing.active) return this.#read<E>(stream, options);
    const step = { kind: SpanKind.CLIENT, attributes: { [attribute.category]: categoryOf(stream) } };
    return tracing.span(`read ${categoryOf(stream)}`, step, () => this.#read<E>(stream, options));
  }

  #read<E extends DomainEvent>(stream: string, options: ReadOptions): Promise<StoredEvent<E>[]> {
    return this.#contact.untilKnown(async () => {
      const events: StoredEvent<E>[] = [];
      try {
        for await (const { event } of this.#client.readStream(stream, {
          direction: options.backwards ? BACKWARDS : FORWARDS,
          fromRevision: toReadFrom(options),
          maxCount: options.limit ?? Number.MAX_SAFE_INTEGER,
        })) {
          this.#contact.heard();
          if (event) events.push(this.#toStored<E>(event));
        }
      } catch (error) {
        if (error instanceof StreamNotFoundError) return [];
        throw error;
      }
      return events;
    });
  }

  /** The newest event of a stream. */
  async readLast<E extends DomainEvent>(stream: string): Promise<StoredEvent<E> | undefined> {
    const [last] = await this.read<E>(stream, { backwards: true, from: 'end', limit: 1 });
    return last;
  }

  /** Position of the newest event in the log; 0 when it is empty. */
  async head(): Promise<bigint> {
    return this.#contact.untilKnown(async () => {
      let position = 0n;
      // Read to the end, always: the client never lets go of a read that is left early.
      for await (const { event } of this.#client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })) {
        if (event) position = positionOf(event);
      }
      return position;
    });
  }

  /** Position of the newest event that comes before a position; 0 when there is none. */
  async positionBefore(position: bigint): Promise<bigint> {
    if (position <= 0n) return 0n;
    return this.#contact.untilKnown(async () => {
      let before = 0n;
      const fromPosition = { commit: position, prepare: position };
      for await (const { event } of this.#client.readAll({ direction: BACKWARDS, fromPosition, maxCount: 1 })) {
        if (event) before = positionOf(event);
      }
      return before;
    });
  }

  /** Keeps only the newest `maxCount` events of a stream readable. */
  async keepNewest(stream: string, maxCount: number): Promise<void> {
    await this.#contact.untilKnown(() => this.#client.setStreamMetadata(stream, { maxCount }));
  }

  /** Forgets the events of a stream before a revision. */
  async truncateBefore(stream: string, revision: number): Promise<void> {
    await this.#contact.untilKnown(() => this.#client.setStreamMetadata(stream, { truncateBefore: revision }));
  }

  /**
   * Events of whole categories in log order, from after a position on, in batches as they come; an empty batch with `caughtUp` says that all
   * there was has been given. Resumes by itself after an outage, from the last event given. Ends when the signal is aborted.
   * @param categories such as `payment`, meaning the streams `payment-…`; a command topic is one stream and its own category, `bus_<topic>`
   */
  async *follow(
    categories: readonly string[],
    after: bigint,
    signal: AbortSignal,
    onOutage?: (error: unknown) => void,
  ): AsyncGenerator<FollowedBatch> {
    let position = after;
    for (let pauseMs = 50; !signal.aborted;) {
      const subscription = new BatchedSubscription(this.#subscribe(categories, position), signal);
      try {
        for await (const { recorded, caughtUp } of subscription.batches()) {
          const events = recorded.map((event) => this.#toStored(event));
          position = events.at(-1)?.position ?? position;
          pauseMs = 50;
          this.#contact.heard();
          yield { events, caughtUp };
        }
      } catch (error) {
        if (!isTransient(error)) throw error;
        onOutage?.(error);
      }
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, 2_000);
    }
  }

  #subscribe(categories: readonly string[], after: bigint): AllStreamSubscription {
    return this.#client.subscribeToAll({
      fromPosition: after === 0n ? START : { commit: after, prepare: after },
      filter: streamNameFilter({ prefixes: categories.map(streamPrefixOf), checkpointInterval: 100 }),
    });
  }

  /** Whether everything that was asked of the store failed since it last said something: it is down, as far as this process can tell. */
  get isLost(): boolean {
    return this.#contact.isLost;
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }

  #toEventData(event: DomainEvent, index: number, context: AppendContext, traceparent: string | undefined): EventData {
    const { type, ...data } = event;
    const version = currentVersion(this.#upcasters, type);
    const metadata: EventMetadata = { $causationId: context.commandId };
    if (context.correlationId) metadata.$correlationId = context.correlationId;
    if (context.actor) metadata.actor = context.actor;
    if (traceparent) metadata.traceparent = traceparent;
    if (context.causes?.commands) metadata.traceparents = context.causes.commands;
    if (version > 1) metadata.schemaVersion = version;
    const id = eventIdOf(context.commandId, index, type, context.outcomeKey ?? JSON.stringify(data));
    return jsonEvent({ id, type, data, metadata: { ...metadata } });
  }

  #toStored<E extends DomainEvent>(recorded: RecordedEvent): StoredEvent<E> {
    if (!recorded.isJson || typeof recorded.data !== 'object')
      throw new Error(`${recorded.streamId}@${recorded.revision} holds no JSON object`);
    const metadata = (recorded.metadata ?? {}) as EventMetadata;
    const data = upcast(this.#upcasters, recorded.type, recorded.data as Record<string, unknown>, metadata.schemaVersion ?? 1);
    data['type'] = recorded.type;
    return {
      // Only this library writes events, and upcasting has lifted them to today's shape: this is the one place where stored JSON gets its type.
      event: data as unknown as E,
      stream: recorded.streamId,
      revision: Number(recorded.revision),
      position: positionOf(recorded),
      id: recorded.id,
      metadata,
      createdAt: recorded.created,
    };
  }
}

/** What a trace tells of an append: kinds, not whose. */
const attributesOf = (stream: string, events: readonly DomainEvent[]): Attributes => ({
  [attribute.category]: categoryOf(stream),
  [attribute.eventTypes]: [...new Set(events.map(({ type }) => type))],
  [attribute.eventCount]: events.length,
});

function positionOf(recorded: RecordedEvent): bigint {
  if (!recorded.position) throw new Error(`the store gave no position for ${recorded.streamId}@${recorded.revision}`);
  return recorded.position.commit;
}

const streamPrefixOf = (category: string): string => (category.startsWith('bus_') ? category : `${category}-`);

/**
 * The client sends all appends through one stream where the store supports it, and keeps what waits for an answer in one list for all clients of the
 * process: when the stream of one of them breaks, an answer to another finds nobody who waits for it, and ends the process. Of several connections only
 * one may send its appends that way; another one is told that the store cannot take them so.
 */
function sendAppendsAlone(client: EventStoreDBClient): void {
  Reflect.set(client, 'supports', () => Promise.resolve(false));
}

function toExpectedRevision(expected: Expected): AppendExpectedRevision {
  switch (expected) {
    case 'no_stream':
      return NO_STREAM;
    case 'stream_exists':
      return STREAM_EXISTS;
    case 'any':
      return ANY;
    default:
      return BigInt(expected);
  }
}

function toReadFrom(options: ReadOptions): bigint | typeof START | typeof END {
  if (typeof options.from === 'number') return BigInt(options.from);
  return options.from === 'end' || (options.from === undefined && options.backwards) ? END : START;
}

/** The client gives the actual version as a bigint, or as a word where there is no stream. */
const revisionOrNothing = (actual: unknown): number | undefined =>
  typeof actual === 'bigint' || typeof actual === 'number' ? Number(actual) : undefined;
