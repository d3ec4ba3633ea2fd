import { isUtf8 } from 'node:buffer';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { BusRecord } from './message.js';

/**
 * A record as a broker gave it, read as text only where it is asked for. What is no UTF-8 is left out, so that whatever needs it finds it missing;
 * a value that is none reads as no JSON.
 */
export class KafkaRecord implements BusRecord {
  #key: string | undefined;
  #keyRead = false;
  #headers: Record<string, string> | undefined;
  #payload: string | undefined;

  constructor(readonly message: KafkaMessage) {}

  get key(): string | undefined {
    if (!this.#keyRead) {
      this.#key = textOf(this.message.key);
      this.#keyRead = true;
    }
    return this.#key;
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= headerTexts(this.message.headers);
    return this.#headers;
  }

  get payload(): string {
    this.#payload ??= payloadText(this.message.value);
    return this.#payload;
  }
}

/** One header of a record, without reading the others. Names are as they were written. */
export const headerText = ({ headers }: KafkaMessage, name: string): string | undefined => textOf(firstOf(headers?.[name]));

/** Names in lower case; of a header that is there several times the first one counts. */
export function headerTexts(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const text = textOf(firstOf(headers[name]));
    const known = name.toLowerCase();
    if (text !== undefined && !Object.hasOwn(texts, known)) texts[known] = text;
  }
  return texts;
}

export const messageOf = ({ key, headers, payload }: BusRecord): Message => ({
  key: key ?? null,
  headers: { ...headers },
  value: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
});

/** Text that is no JSON stands for bytes that are no text. */
export const payloadText = (value: Buffer | null): string => (value ? (textOf(value) ?? `base64:${value.toString('base64')}`) : '');

const firstOf = (value: IHeaders[string]): Buffer | string | undefined => (Array.isArray(value) ? value[0] : value);

function textOf(bytes: Buffer | string | null | undefined): string | undefined {
  if (bytes === null || bytes === undefined) return undefined;
  if (typeof bytes === 'string') return bytes;
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
