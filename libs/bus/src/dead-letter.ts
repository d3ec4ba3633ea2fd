import { errorText, isErrorLike } from './error-text.js';
import { headerNames, type BusRecord } from './message.js';
import type { Delivery } from './transport.js';

/**
 * Why a message became a dead letter: it could not be read; nobody handles commands of its type; its handler failed; or an earlier one of its
 * key is a dead letter and it follows.
 */
export type DeadLetterReason = 'malformed' | 'unknown_command' | 'failed' | 'follows';

export interface DeadLetterError {
  name: string;
  message: string;
  stack?: string;
}

/** A message that a group could not handle, with its origin. */
export interface DeadLetter {
  group: string;
  topic: string;
  partition: number;
  /** Its place in the original topic. */
  offset: string;
  reason: DeadLetterReason;
  /** Message id and type, where they could be read. */
  id?: string;
  messageType?: string;
  record: BusRecord;
  error?: DeadLetterError;
}

/** Where a dead letter lies within its dead-letter topic; what is nearer the end comes later. */
export type DeadLetterPlace = string;

export interface PlacedDeadLetter {
  place: DeadLetterPlace;
  letter: DeadLetter;
  /** When it was written. */
  at: Date;
}

/** A group's dead letters: `<topic>.<group>.dead` for each of its topics. */
export interface DeadLetterLog {
  /** Returns when it is durable. The same letter written again may lie there twice. */
  write(letter: DeadLetter): Promise<DeadLetterPlace>;
  at(topic: string, place: DeadLetterPlace): Promise<PlacedDeadLetter | undefined>;
  /** In order; from the first one when `from` is undefined. */
  read(topic: string, from: DeadLetterPlace | undefined, limit: number): Promise<PlacedDeadLetter[]>;
  /** Less than 0 when `left` is read before `right`. */
  compare(left: DeadLetterPlace, right: DeadLetterPlace): number;
  /** The place that follows. */
  after(place: DeadLetterPlace): DeadLetterPlace;
}

const maxStack = 8_000;
const maxMessage = 2_000;

export const describeError = (error: unknown): DeadLetterError =>
  isErrorLike(error)
    ? { name: error.name, message: error.message.slice(0, maxMessage), ...(error.stack && { stack: error.stack.slice(0, maxStack) }) }
    : { name: typeof error, message: errorText(error).slice(0, maxMessage) };

export function deadLetterOf(group: string, delivery: Delivery, reason: DeadLetterReason, error?: unknown): DeadLetter {
  const { topic, partition, offset, record } = delivery;
  const id = record.headers[headerNames.id];
  const messageType = record.headers[headerNames.type];
  const letter: DeadLetter = { group, topic, partition, offset, reason, record };
  if (id) letter.id = id;
  if (messageType) letter.messageType = messageType;
  if (error !== undefined) letter.error = describeError(error);
  return letter;
}

/** What ops call a dead letter: its original topic and its place among that topic's dead letters. */
export const deadLetterIdOf = (topic: string, place: DeadLetterPlace): string => `${topic}:${place}`;

export function parseDeadLetterId(id: string): { topic: string; place: DeadLetterPlace } | undefined {
  const colon = id.lastIndexOf(':');
  return colon > 0 && colon < id.length - 1 ? { topic: id.slice(0, colon), place: id.slice(colon + 1) } : undefined;
}
