import { randomUUID } from 'node:crypto';
import { tracing } from '@tongbao/telemetry';
import { messagingSystem, sendStep } from './bus-telemetry.js';
import { headerNames, type BusRecord, type OutgoingMessage } from './message.js';
import { isCommandTopic } from './topic.js';
import type { Transport } from './transport.js';

/** A message to a command topic. */
export interface DirectMessage extends OutgoingMessage {
  /** What makes a repetition known to handlers; made up when not given. */
  id?: string;
  /** ISO 8601. */
  time?: string;
  source?: string;
  causationId?: string;
  correlationId?: string;
}

export interface RawMessage {
  topic: string;
  key?: string;
  headers?: Record<string, string>;
  payload: string;
}

export interface Sent {
  id: string;
  /** Log position, in the embedded form. */
  position?: bigint;
}

/** Sends to command topics directly, without an event that a relay would publish. Returns when the message is durable. */
export class BusClient {
  constructor(
    private readonly transport: Pick<Transport, 'send' | 'shared'>,
    private readonly now: () => Date = () => new Date(),
  ) {}

  send(message: DirectMessage): Promise<Sent> {
    const id = message.id ?? randomUUID();
    if (!tracing.active) return this.#sendAs(id, message, message.traceparent);
    const step = sendStep(messagingSystem(this.transport.shared), message.topic, id);
    return tracing.span(`send ${message.topic}`, step, () => this.#sendAs(id, message, tracing.traceparent));
  }

  #sendAs(id: string, message: DirectMessage, traceparent: string | undefined): Promise<Sent> {
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
    if (traceparent) headers[headerNames.traceparent] = traceparent;
    return this.#send(id, message.topic, { key: message.key, headers, payload: message.data }, `send ${id}`);
  }

  /** As it is, however malformed. */
  async sendRaw({ topic, key, headers = {}, payload }: RawMessage): Promise<Sent> {
    const id = headers[headerNames.id] ?? randomUUID();
    return this.#send(id, topic, { key, headers, payload }, `send ${randomUUID()}`);
  }

  async #send(id: string, topic: string, record: BusRecord, commandId: string): Promise<Sent> {
    if (!isCommandTopic(topic)) throw new Error(`${topic} is not a command topic: it is filled by what its service publishes`);
    const position = await this.transport.send(topic, record, commandId);
    return { id, ...(position !== undefined && { position }) };
  }
}
