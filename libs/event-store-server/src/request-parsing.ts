import { BadRequestError } from './errors.js';
import type { ExpectedRevision, ProposedEvent } from './events.js';
import type { shared } from './protocol.js';
import { parseUuid, uuidOfHalves } from './uuid.js';

type StreamIdentifier = shared.StreamIdentifier;
type Uuid = shared.UUID;

/** The parts of a request's options that say what is expected of the stream; the generated classes agree on them. */
interface Expectation {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

interface ProposedMessage {
  getId(): Uuid | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

/** A proposed event lacks a property that EventStoreDB requires in its metadata map. */
export class MissingMetadataError extends BadRequestError {
  constructor(readonly property: string) {
    super(`Required Metadata Property '${property}' is missing`);
    this.name = 'MissingMetadataError';
  }
}

/** The name in a stream identifier. @throws BadRequestError when it is missing or empty */
export function streamNameOf(identifier: StreamIdentifier | undefined): string {
  const name = identifier ? Buffer.from(identifier.getStreamName_asU8()).toString('utf8') : '';
  if (name === '') throw new BadRequestError('Required field StreamIdentifier not set.');
  return name;
}

/** @param revision the decimal text of the expected revision, undefined when the request gives none @throws BadRequestError */
export function expectedRevisionOf(options: Expectation, revision: string | undefined): ExpectedRevision {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  if (revision === undefined) throw new BadRequestError('Required field expected stream revision not set.');
  return Number(revision);
}

/** The bytes of a UUID in either of its two forms. @throws BadRequestError */
export function uuidBytesOf(uuid: Uuid | undefined): Uint8Array {
  const structured = uuid?.getStructured();
  if (structured) return uuidOfHalves(structured.getMostSignificantBits(), structured.getLeastSignificantBits());
  return parseUuid(uuid?.getString() ?? '');
}

/** @throws MissingMetadataError, BadRequestError */
export function proposedEventOf(message: ProposedMessage): ProposedEvent {
  const properties = message.getMetadataMap();
  const type = properties.get('type');
  if (type === undefined) throw new MissingMetadataError('type');
  const contentType = properties.get('content-type');
  if (contentType === undefined) throw new MissingMetadataError('content-type');
  return {
    id: uuidBytesOf(message.getId()),
    type,
    isJson: contentType === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** What an event counts against the append limit: EventStoreDB's Event.SizeOnDisk. */
export const appendSizeOf = ({ data, metadata, type }: ProposedEvent): number => data.length + metadata.length + 2 * type.length;

/** A call's deadline in milliseconds since the epoch, Infinity for none. */
export const deadlineMsOf = (deadline: Date | number): number => (deadline instanceof Date ? deadline.getTime() : deadline);
