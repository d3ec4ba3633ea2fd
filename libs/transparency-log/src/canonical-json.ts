import canonicalize from 'canonicalize';
import { LogRefused, type LogRefusal } from './log-refused.js';

/** Canonical JSON (RFC 8785) in UTF-8 of an object. */
export const canonicalBytes = (value: object): Buffer => Buffer.from(canonicalize(value) ?? '');

/** What the bytes say, if they are the canonical JSON of it. @throws LogRefused with the code that is given */
export function parseCanonical(bytes: Uint8Array, code: LogRefusal): object {
  const value = parse(bytes, code);
  if (typeof value !== 'object' || value === null || !isCanonical(value, bytes)) {
    throw new LogRefused(code, 'this is not canonical JSON (RFC 8785)');
  }
  return value;
}

function parse(bytes: Uint8Array, code: LogRefusal): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as unknown;
  } catch (error) {
    throw new LogRefused(code, 'this is not JSON', { cause: error });
  }
}

/** No canonical form has an escaped surrogate, and the library throws on half a pair of them. */
const isCanonical = (value: object, bytes: Uint8Array): boolean =>
  !/\\u[dD][89a-fA-F]/.test(Buffer.from(bytes).toString()) && Buffer.compare(canonicalBytes(value), bytes) === 0;
