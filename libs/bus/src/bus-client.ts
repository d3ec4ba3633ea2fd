import { randomUUID } from 'node:crypto';
import type { EventStore } from '@tongbao/event-store';
import { messageSent } from './bus-stream.js';
import { headerNames, type BusRecord, type OutgoingMessage } from './message.js';
import { busStreamOf, isCommandTopic } from './topic.js';

/** A message to a command topic. */
export interface DirectMessage extends OutgoingMessage {
  /** What makes a repetition known to handlers; made up when not given. */
  id?: string;
  /** ISO 8601. */
  time?: string;
  source?: string;
  causationId?: string;
  correlationId?: string;
  traceparent?: string;
}

export interface RawMessage {
  topic: string;
  key?: string;
  headers?: Record<string, string>;
  payload: string;
}

export interface Sent {
  id: string;
  position: bigint;
}

/** Sends to command topics directly, without an event that a relay would publish. Returns when the message is durable. */
export class BusClient {
  constructor(
    private readonly store: EventStore,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async send(message: DirectMessage): Promise<Sent> {
    const id = message.id ?? randomUUID();
    const headers: Record<string, string> = {
      [headerNames.specVersion]: '1.0',
      [headerNames.contentType]: 'application/json',
      [headerNames.id]: id,
      [headerNames.type]: message.type,
      [headerNames.source]: message.source ?? 'direct',
      [headerNames.time]: message.time ?? this.now().toISOString(),
    };
    if (message.causationId) headers[headerNames.causationId] = message.causationId;
    if (message.correlationId) headers[headerNames.correlationId] = message.correlationId;
    if (message.traceparent) headers[headerNames.traceparent] = message.traceparent;
    return { id, position: await this.#append(message.topic, { key: message.key, headers, payload: message.data }, `send ${id}`) };
  }

  /** As it is, however malformed. */
  async sendRaw({ topic, key, headers = {}, payload }: RawMessage): Promise<Sent> {
    const id = headers[headerNames.id] ?? randomUUID();
    return { id, position: await this.#append(topic, { key, headers, payload }, `send ${randomUUID()}`) };
  }

  async #append(topic: string, record: BusRecord, commandId: string): Promise<bigint> {
    if (!isCommandTopic(topic)) throw new Error(`${topic} is not a command topic: it is filled by what its service publishes`);
    const { position } = await this.store.append(busStreamOf(topic), 'any', [messageSent(record)], { commandId });
    return position;
  }
}
