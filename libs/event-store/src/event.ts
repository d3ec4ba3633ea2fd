import { createHash } from 'node:crypto';

/** Anything that is stored: its `type` is a stable name, the rest is its data. */
export interface DomainEvent {
  readonly type: string;
}

/** Who caused an event, and what it belongs to. */
export interface EventMetadata {
  /** The command, message or fact that caused it. */
  $causationId?: string;
  $correlationId?: string;
  actor?: string;
  /** W3C Trace Context: where its append is in a trace; only when that is recorded. */
  traceparent?: string;
  /** Of an event with many causes: the traceparent of each that is recorded, by the id of the command. */
  traceparents?: Readonly<Record<string, string>>;
  /** Absent = 1. */
  schemaVersion?: number;
}

/** An event as the log holds it. */
export interface StoredEvent<E extends DomainEvent = DomainEvent> {
  readonly event: E;
  readonly stream: string;
  /** From 0 in each stream. */
  readonly revision: number;
  /** Place in the whole log; only ever compared, never computed with. */
  readonly position: bigint;
  readonly id: string;
  readonly metadata: EventMetadata;
  readonly createdAt: Date;
}

/** The traces of what one append is about, of those that are recorded. */
export interface AppendCauses {
  facts?: readonly string[];
  /** By the id of the command: whoever hears of its outcome goes on in its trace. */
  commands?: Readonly<Record<string, string>>;
}

/** Where an append comes from. The command id makes its event ids: the same command with the same outcome appends once. */
export interface AppendContext {
  commandId: string;
  correlationId?: string;
  actor?: string;
  /** The trace that its cause belongs to; counts where no step of a trace is active. */
  traceparent?: string;
  /** Instead of that, where one append has many causes. Of none, it belongs to no trace, whatever is active. */
  causes?: AppendCauses;
  /** What tells this outcome of the command from any other one it might have: shorter than the events, which tell it when this is left out. */
  outcomeKey?: string;
}

/** The namespace of event ids, 6f1d3c0e-3a53-5f0e-9a1f-3b7f6c8f2a11. */
const eventNamespace = Buffer.from('6f1d3c0e3a535f0e9a1f3b7f6c8f2a11', 'hex');

/**
 * The id of the index-th event that a command causes: uuidv5 over command id, index, type and content: the data as JSON, or what
 * stands for it. The store compares ids alone on an idempotent retry, so two different events must never share one.
 */
export function eventIdOf(commandId: string, index: number, type: string, content: string): string {
  // RFC 9562 section 5.5: SHA-1 over namespace and name, of which 16 bytes with version and variant set. An id for every event that is appended:
  // the crypto module does it in a fraction of the time of a library in JavaScript.
  const hash = createHash('sha1').update(eventNamespace).update(`${commandId}\n${index}\n${type}\n${content}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `payment-pay_1` is of the category `payment`; a name without a hyphen is its own category. */
export function categoryOf(stream: string): string {
  const hyphen = stream.indexOf('-');
  return hyphen < 0 ? stream : stream.slice(0, hyphen);
}

/** What follows the first hyphen of a stream's name. */
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
