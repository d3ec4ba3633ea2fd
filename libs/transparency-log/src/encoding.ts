import { LogRefused, type LogRefusal } from './log-refused.js';
import { hashLength, type Hash } from './merkle.js';

/** The one form of standard base64 (RFC 4648, section 4) that these bytes have; undefined for every other text. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** A decimal without leading zeroes that a double tells exactly; undefined for every other text. */
export function fromDecimal(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Hashes, one base64 a line. @throws LogRefused with the code that is given */
export const hashesOf = (lines: readonly string[], code: LogRefusal): Hash[] =>
  lines.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== hashLength) throw new LogRefused(code, `${JSON.stringify(line)} is not the base64 of a SHA-256 hash`);
    return hash;
  });
