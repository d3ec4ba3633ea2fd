import { joseContentType } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';

/** A message as a handler gets it. */
export interface Message<T = unknown> {
  topic: string;
  /** Order is kept per key: the aggregate's id. */
  key: string;
  /** The same for every delivery of the message. */
  id: string;
  type: string;
  data: T;
  /** ISO 8601. */
  time: string;
  causationId?: string;
  correlationId?: string;
  traceparent?: string;
  /** Log position of the event that it was published from; absent on messages that came from no event. */
  position?: bigint;
}

/** What a publisher makes of an event. The message's id is derived: source event id and index. */
export interface OutgoingMessage {
  topic: string;
  key: string;
  type: string;
  data: object;
  /** What led to it, where that is not to be the event itself: the command of an outsider who waits for its outcome. */
  causationId?: string;
  /** The trace that it belongs to, where that is not the event's. */
  traceparent?: string;
}

/** A service's publisher: a pure map of its private events to messages. */
export interface Publisher {
  service: string;
  categories: readonly string[];
  /** Event topics that it fills; `tongbao.<service>.events` when not given. Command topics need not be named. */
  topics?: readonly string[];
  publish(event: StoredEvent): OutgoingMessage[];
}

/** A message on its way, the same over every transport: CloudEvents 1.0 in binary mode. */
export interface BusRecord {
  key: string | undefined;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** JSON text, or what it was parsed to already; compact JOSE where the content type says so. */
  payload: string | object;
}

/** CloudEvents attributes (Kafka protocol binding 1.0, section 3.2) and this hub's own headers. */
export const headerNames = {
  id: 'ce_id',
  type: 'ce_type',
  source: 'ce_source',
  specVersion: 'ce_specversion',
  time: 'ce_time',
  causationId: 'ce_causationid',
  correlationId: 'ce_correlationid',
  traceparent: 'traceparent',
  contentType: 'content-type',
  position: 'tongbao-position',
  revision: 'tongbao-revision',
  /** Marks a message that ops have sent once more, and names that replay: the hub's own groups pass it over. */
  replay: 'tongbao-replay',
} as const;

/** The record cannot be read as a message; no repetition mends that. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** @throws MalformedMessage */
export function readMessage(topic: string, { key, headers, payload }: BusRecord): Message {
  const id = headers[headerNames.id];
  const type = headers[headerNames.type];
  if (!key) throw new MalformedMessage('the message has no key');
  if (!id) throw new MalformedMessage(`the message has no id (header ${headerNames.id})`);
  if (!type) throw new MalformedMessage(`the message has no type (header ${headerNames.type})`);
  const message: Message = { topic, key, id, type, data: readData(headers, payload), time: headers[headerNames.time] ?? '' };
  const causationId = headers[headerNames.causationId];
  const correlationId = headers[headerNames.correlationId];
  const traceparent = headers[headerNames.traceparent];
  const position = headers[headerNames.position];
  if (causationId) message.causationId = causationId;
  if (correlationId) message.correlationId = correlationId;
  if (traceparent) message.traceparent = traceparent;
  if (position) message.position = readPosition(position);
  return message;
}

/** What an outsider has signed or encrypted is read by whoever can verify it. */
export interface JoseData {
  /** Compact JWS or JWE. */
  jose: string;
}

function readData(headers: BusRecord['headers'], payload: string | object): object {
  if (headers[headerNames.contentType] !== joseContentType) return readPayload(payload);
  if (typeof payload !== 'string') throw new MalformedMessage(`the payload is not the text that ${joseContentType} says`);
  return { jose: payload } satisfies JoseData;
}

function readPayload(payload: string | object): object {
  const data = typeof payload === 'string' ? parse(payload) : payload;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new MalformedMessage('the payload is not a JSON object');
  return data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedMessage('the payload is not JSON', { cause: error });
  }
}

function readPosition(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new MalformedMessage(`the header ${headerNames.position} is not a log position`);
  return BigInt(text);
}

/** The record of the index-th message that an event is published as. */
export function publishedRecord(service: string, stored: StoredEvent, index: number, outgoing: OutgoingMessage): BusRecord {
  const { metadata } = stored;
  const headers: Record<string, string> = {
    [headerNames.specVersion]: '1.0',
    [headerNames.contentType]: 'application/json',
    [headerNames.id]: `${stored.id}:${index}`,
    [headerNames.type]: outgoing.type,
    [headerNames.source]: service,
    [headerNames.time]: stored.createdAt.toISOString(),
    [headerNames.causationId]: outgoing.causationId ?? stored.id,
    [headerNames.position]: String(stored.position),
    [headerNames.revision]: String(stored.revision),
  };
  if (metadata.$correlationId) headers[headerNames.correlationId] = metadata.$correlationId;
  const traceparent = outgoing.traceparent ?? metadata.traceparent;
  if (traceparent) headers[headerNames.traceparent] = traceparent;
  return { key: outgoing.key, headers, payload: outgoing.data };
}
