import { deadLetterTopic } from '@tongbao/contracts';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { DeadLetter, DeadLetterLog, DeadLetterPlace, DeadLetterReason, PlacedDeadLetter } from './dead-letter.js';
import type { KafkaOutbox } from './kafka-outbox.js';
import type { KafkaReader } from './kafka-reader.js';
import { headerText, headerTexts, KafkaRecord, messageOf, payloadText } from './kafka-record.js';
import { headerNames } from './message.js';

/** Where a dead letter comes from, and why. What has no such prefix is the original's. */
const prefix = 'tongbao-dead-';
const names = {
  group: `${prefix}group`,
  topic: `${prefix}topic`,
  partition: `${prefix}partition`,
  offset: `${prefix}offset`,
  reason: `${prefix}reason`,
  errorName: `${prefix}error-name`,
  errorMessage: `${prefix}error-message`,
  errorStack: `${prefix}error-stack`,
  /** Milliseconds since 1970. */
  timestamp: `${prefix}timestamp`,
} as const;

const reasons: readonly DeadLetterReason[] = ['malformed', 'unknown_command', 'failed', 'follows'];

/**
 * Dead letters as topics `<topic>.<group>.dead` of one partition, so that their order is total; a place is an offset. A dead letter has key, value
 * and headers of the original, byte for byte, and headers that say where it was and what was wrong.
 */
export class KafkaDeadLetters implements DeadLetterLog {
  constructor(
    private readonly group: string,
    private readonly outbox: KafkaOutbox,
    private readonly reader: KafkaReader,
  ) {}

  async write(letter: DeadLetter): Promise<DeadLetterPlace> {
    const topic = this.#topicOf(letter.topic);
    const offset = await this.outbox.send(topic, { ...originalOf(letter), headers: headersOf(letter), partition: 0 });
    if (offset === undefined) throw new Error(`the brokers did not say where in ${topic} a dead letter lies`);
    return String(offset);
  }

  async at(topic: string, place: DeadLetterPlace): Promise<PlacedDeadLetter | undefined> {
    const [found] = /^\d{1,18}$/.test(place) ? await this.read(topic, place, 1) : [];
    return found?.place === place ? found : undefined;
  }

  async read(topic: string, from: DeadLetterPlace | undefined, limit: number): Promise<PlacedDeadLetter[]> {
    const messages = await this.reader.read(this.#topicOf(topic), 0, BigInt(from ?? 0), limit);
    return messages.map((message) => placed(this.group, topic, message));
  }

  compare(left: DeadLetterPlace, right: DeadLetterPlace): number {
    return Number(BigInt(left) - BigInt(right));
  }

  after(place: DeadLetterPlace): DeadLetterPlace {
    return String(BigInt(place) + 1n);
  }

  #topicOf(topic: string): string {
    return deadLetterTopic(topic, this.group);
  }
}

/**
 * Within a topic, offsets of Kafka repeat from partition to partition, and when the topic is made anew; those of the bus do not.
 * @param timestamp milliseconds since 1970
 */
export const busOffset = (partition: number, offset: string | undefined, timestamp: string | undefined): string =>
  `${partition}.${numberIn(offset)}.${numberIn(timestamp)}`;

function kafkaOffset(busOffset: string): { offset: string; timestamp: string } {
  const [, offset = '0', timestamp = '0'] = busOffset.split('.');
  return { offset, timestamp };
}

function originalOf({ record }: DeadLetter): Message {
  if (!(record instanceof KafkaRecord)) return messageOf(record);
  const { key, value } = record.message;
  return { key, value };
}

function headersOf({ group, topic, partition, offset, reason, error, record }: DeadLetter): IHeaders {
  const original: IHeaders = record instanceof KafkaRecord ? (record.message.headers ?? {}) : record.headers;
  const headers: IHeaders = Object.fromEntries(
    Object.entries(original).flatMap(([name, value]) => (name.startsWith(prefix) ? [] : [[name, writable(value)]])),
  );
  headers[names.group] = group;
  headers[names.topic] = topic;
  headers[names.partition] = String(partition);
  headers[names.offset] = kafkaOffset(offset).offset;
  headers[names.timestamp] = kafkaOffset(offset).timestamp;
  headers[names.reason] = reason;
  if (!error) return headers;
  headers[names.errorName] = error.name;
  headers[names.errorMessage] = error.message;
  if (error.stack) headers[names.errorStack] = error.stack;
  return headers;
}

/** Others may write headers without a value, which kafkajs reads but does not write. */
function writable(value: IHeaders[string] | null): IHeaders[string] {
  if (Array.isArray(value)) return value.map((each: Buffer | string | null) => each ?? empty);
  return value ?? empty;
}

const empty = Buffer.alloc(0);

function placed(group: string, topic: string, message: KafkaMessage): PlacedDeadLetter {
  return { place: message.offset, letter: letterOf(group, topic, message), at: new Date(Number(message.timestamp)) };
}

function letterOf(group: string, topic: string, message: KafkaMessage): DeadLetter {
  const headers = headerTexts(message.headers);
  const partition = Number(numberIn(headers[names.partition]));
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(prefix));
  const record = { key: new KafkaRecord(message).key, headers: Object.fromEntries(own), payload: payloadText(message.value) };
  const letter: DeadLetter = {
    group,
    topic,
    partition,
    offset: busOffset(partition, headers[names.offset], headers[names.timestamp]),
    reason: reasons.find((reason) => reason === headers[names.reason]) ?? 'malformed',
    record,
  };
  const id = headerText(message, headerNames.id);
  const type = headerText(message, headerNames.type);
  if (id) letter.id = id;
  if (type) letter.messageType = type;
  const name = headers[names.errorName];
  const stack = headers[names.errorStack];
  if (name) letter.error = { name, message: headers[names.errorMessage] ?? '', ...(stack && { stack }) };
  return letter;
}

/** Anybody with the right to write could have put something there that is no dead letter, or given a message no time (-1). */
const numberIn = (text: string | undefined): string => (text !== undefined && /^\d{1,18}$/.test(text) ? text : '0');
