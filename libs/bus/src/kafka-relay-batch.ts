import type { StoredEvent } from '@tongbao/event-store';
import { errorText } from './error-text.js';
import { publishedRecord, type OutgoingMessage } from './message.js';
import type { Publication } from './publication.js';

/** What is wrong with a message by its schema; undefined when nothing is. */
export type MessageCheck = (message: OutgoingMessage) => string | undefined;

/** A message ready to be sent. */
export interface DueMessage {
  topic: string;
  key: string;
  value: Buffer;
  headers: Readonly<Record<string, string>>;
  /** At least what it takes in a batch of records. */
  bytes: number;
  /** What it is published from. */
  stored: StoredEvent;
  /** It is the last of its event's. */
  endsEvent: boolean;
}

/** An event cannot be published as it should be, and no repetition mends that: nothing after it may be published either. */
export class Unpublishable extends Error {
  override readonly name = 'Unpublishable';
  constructor({ stream, revision }: StoredEvent, cause: unknown) {
    super(`${stream}@${revision} cannot be published: ${errorText(cause)}`, { cause });
  }
}

export interface DueMessages {
  messages: DueMessage[];
  /** Why those of the next event are not among them. */
  failure?: Unpublishable;
}

/** The messages of events, in their order, up to the first event that cannot be published. */
export function dueMessages(events: readonly StoredEvent[], publication: Publication, check?: MessageCheck): DueMessages {
  const messages: DueMessage[] = [];
  for (const stored of events) {
    try {
      messages.push(...messagesOf(stored, publication, check));
    } catch (error) {
      return { messages, failure: new Unpublishable(stored, error) };
    }
  }
  return { messages };
}

function messagesOf(stored: StoredEvent, publication: Publication, check?: MessageCheck): DueMessage[] {
  const published = publication.of(stored);
  return published.map((outgoing, index) => {
    const fault = check?.(outgoing);
    if (fault !== undefined) throw new Error(`${outgoing.type} on ${outgoing.topic} does not keep to its schema: ${fault}`);
    const { topic, key } = outgoing;
    const { headers, payload } = publishedRecord(publication.publisher.service, stored, index, outgoing);
    const value = Buffer.from(JSON.stringify(payload));
    return { topic, key, value, headers, bytes: sizeOf(key, value, headers), stored, endsEvent: index === published.length - 1 };
  });
}

/** Of a record, and of each of its headers, what the lengths and the differences to the batch's own take at most. */
const framing = 40;

function sizeOf(key: string, value: Buffer, headers: Readonly<Record<string, string>>): number {
  const texts = Object.entries(headers).flat();
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text) + framing / 4, framing + Buffer.byteLength(key) + value.length);
}

/** In their order, in parts that a broker takes even if all of a part is for one partition; a message that alone is larger is a part of its own. */
export function* partsWithin(maxBytes: number, messages: readonly DueMessage[]): Generator<DueMessage[]> {
  let part: DueMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (part.length > 0 && bytes + message.bytes > maxBytes) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += message.bytes;
  }
  if (part.length > 0) yield part;
}
