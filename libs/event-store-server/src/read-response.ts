import { writeUuid } from './uuid.js';
import { delimitedSize, numberSize, varintSize, VARINT, writeDelimiter, writeNumber, writeVarint } from './protobuf-writer.js';
import type { RecordedEvent } from './events.js';

/*
 * ReadResp of EventStoreDB's streams.proto and shared.proto (package event_store.client, as shipped with @eventstore/db-client 6.2):
 *
 *   message ReadResp {
 *     oneof content { ReadEvent event = 1; SubscriptionConfirmation confirmation = 2; Checkpoint checkpoint = 3;
 *                     StreamNotFound stream_not_found = 4; CaughtUp caught_up = 8; FellBehind fell_behind = 9; }
 *   }
 *   message ReadEvent { RecordedEvent event = 1; RecordedEvent link = 2; oneof position { uint64 commit_position = 3; Empty no_position = 4; } }
 *   message RecordedEvent {
 *     UUID id = 1; StreamIdentifier stream_identifier = 2; uint64 stream_revision = 3; uint64 prepare_position = 4; uint64 commit_position = 5;
 *     map<string, string> metadata = 6; bytes custom_metadata = 7; bytes data = 8;
 *   }
 *   message UUID { oneof value { Structured structured = 1; string string = 2; } }
 *   message StreamIdentifier { bytes stream_name = 3; }
 *   message SubscriptionConfirmation { string subscription_id = 1; }
 *   message Checkpoint { uint64 commit_position = 1; uint64 prepare_position = 2; }
 *   message StreamNotFound { StreamIdentifier stream_identifier = 1; }
 *   message CaughtUp {}  message FellBehind {}
 *
 * A map is a repeated message of key = 1 and value = 2, here in the order of the keys, as the generated classes have it. The metadata map holds `type`, `created` (ticks of 100 ns since the Unix epoch)
 * and `content-type`. Written by hand, because the generated classes cost a third of the server's time.
 */

const JSON_CONTENT = 'application/json';
const BINARY_CONTENT = 'application/octet-stream';
const UUID_LENGTH = 36;
const UUID_MESSAGE = delimitedSize(UUID_LENGTH);

/** Lengths that are needed before the first byte can be written, since every message is preceded by its own. */
interface Measures {
  readonly nameLength: number;
  readonly typeLength: number;
  readonly created: string;
  readonly contentType: string;
  readonly total: number;
}

/** The response that carries an event, and the link it was reached by, if any; a link that leads nowhere comes without an event. */
export function encodeReadEvent(event: RecordedEvent | undefined, link?: RecordedEvent): Buffer {
  const eventMeasures = event && measure(event);
  const linkMeasures = link && measure(link);
  const position = (link ?? event)?.position ?? 0;
  const length =
    (eventMeasures ? delimitedSize(eventMeasures.total) : 0) +
    (linkMeasures ? delimitedSize(linkMeasures.total) : 0) +
    1 +
    varintSize(position);
  const bytes = Buffer.allocUnsafe(delimitedSize(length));
  let end = writeDelimiter(bytes, 0, 1, length);
  if (event && eventMeasures) end = writeRecorded(bytes, end, 1, event, eventMeasures);
  if (link && linkMeasures) end = writeRecorded(bytes, end, 2, link, linkMeasures);
  // Inside a oneof even zero is written.
  bytes[end] = (3 << 3) | VARINT;
  writeVarint(bytes, end + 1, position);
  return bytes;
}

export function encodeConfirmation(subscriptionId: string): Buffer {
  const idLength = Buffer.byteLength(subscriptionId);
  const bytes = Buffer.allocUnsafe(delimitedSize(delimitedSize(idLength)));
  const end = writeDelimiter(bytes, writeDelimiter(bytes, 0, 2, delimitedSize(idLength)), 1, idLength);
  bytes.write(subscriptionId, end, 'utf8');
  return bytes;
}

export function encodeCheckpoint(position: number): Buffer {
  const length = 2 * numberSize(position);
  const bytes = Buffer.allocUnsafe(delimitedSize(length));
  const end = writeDelimiter(bytes, 0, 3, length);
  writeNumber(bytes, writeNumber(bytes, end, 1, position), 2, position);
  return bytes;
}

export function encodeStreamNotFound(stream: string): Buffer {
  const nameLength = Buffer.byteLength(stream);
  const identifier = delimitedSize(nameLength);
  const bytes = Buffer.allocUnsafe(delimitedSize(delimitedSize(identifier)));
  const inner = writeDelimiter(bytes, writeDelimiter(bytes, 0, 4, delimitedSize(identifier)), 1, identifier);
  bytes.write(stream, writeDelimiter(bytes, inner, 3, nameLength), 'utf8');
  return bytes;
}

export const encodeCaughtUp = (): Buffer => Buffer.from([(8 << 3) | 2, 0]);
export const encodeFellBehind = (): Buffer => Buffer.from([(9 << 3) | 2, 0]);

function measure(event: RecordedEvent): Measures {
  const nameLength = Buffer.byteLength(event.stream);
  const typeLength = Buffer.byteLength(event.type);
  const created = ticksOf(event.createdMs);
  const contentType = event.isJson ? JSON_CONTENT : BINARY_CONTENT;
  const total =
    delimitedSize(UUID_MESSAGE) +
    delimitedSize(delimitedSize(nameLength)) +
    numberSize(event.revision) +
    2 * numberSize(event.position) +
    delimitedSize(entryLength('type', typeLength)) +
    delimitedSize(entryLength('created', created.length)) +
    delimitedSize(entryLength('content-type', contentType.length)) +
    bytesSize(event.metadata) +
    bytesSize(event.data);
  return { nameLength, typeLength, created, contentType, total };
}

function writeRecorded(bytes: Buffer, offset: number, field: number, event: RecordedEvent, measures: Measures): number {
  let end = writeDelimiter(bytes, offset, field, measures.total);
  end = writeDelimiter(bytes, end, 1, UUID_MESSAGE);
  end = writeUuid(bytes, writeDelimiter(bytes, end, 2, UUID_LENGTH), event.id);
  end = writeDelimiter(bytes, end, 2, delimitedSize(measures.nameLength));
  end = writeDelimiter(bytes, end, 3, measures.nameLength);
  end += bytes.write(event.stream, end, 'utf8');
  end = writeNumber(bytes, end, 3, event.revision);
  end = writeNumber(bytes, end, 4, event.position);
  end = writeNumber(bytes, end, 5, event.position);
  end = writeEntry(bytes, end, 'content-type', measures.contentType, measures.contentType.length);
  end = writeEntry(bytes, end, 'created', measures.created, measures.created.length);
  end = writeEntry(bytes, end, 'type', event.type, measures.typeLength);
  end = writeBytes(bytes, end, 7, event.metadata);
  return writeBytes(bytes, end, 8, event.data);
}

const entryLength = (key: string, valueLength: number): number => delimitedSize(key.length) + delimitedSize(valueLength);

function writeEntry(bytes: Buffer, offset: number, key: string, value: string, valueLength: number): number {
  let end = writeDelimiter(bytes, offset, 6, entryLength(key, valueLength));
  end = writeDelimiter(bytes, end, 1, key.length);
  end += bytes.write(key, end, 'latin1');
  end = writeDelimiter(bytes, end, 2, valueLength);
  return end + bytes.write(value, end, 'utf8');
}

const bytesSize = (value: Uint8Array): number => (value.length === 0 ? 0 : delimitedSize(value.length));

function writeBytes(bytes: Buffer, offset: number, field: number, value: Uint8Array): number {
  if (value.length === 0) return offset;
  const end = writeDelimiter(bytes, offset, field, value.length);
  bytes.set(value, end);
  return end + value.length;
}

/** Milliseconds as ticks of 100 ns. Written as text, because the number would not be exact. */
const ticksOf = (createdMs: number): string => (createdMs === 0 ? '0' : `${createdMs}0000`);
