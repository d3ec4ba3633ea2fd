import { isUtf8 } from 'node:buffer';
import { parse } from 'lossless-json';
import { Problem } from './problem.js';

/**
 * Parses a request body strictly: UTF-8, no duplicate keys, and no number that a double would change (so 1.0 and 1e2 are integers, and
 * 9007199254740993 or 10.000000000000000001 are refused instead of being rounded unseen).
 * @throws Problem malformed
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (!isUtf8(body)) throw new Problem('malformed', 'The body is not UTF-8.');
  try {
    const text = Buffer.from(body).toString('utf8');
    const value = parse(text, undefined, { parseNumber: exactNumber, onDuplicateKey: refuseDuplicate });
    if (membersIn(text) !== membersOf(value)) throw new SyntaxError('a key appears twice in one object');
    return value;
  } catch (error) {
    // A RangeError is the parser's stack: nesting without end is malformed too.
    if (error instanceof SyntaxError || error instanceof RangeError) throw new Problem('malformed', error.message);
    throw error;
  }
}

function refuseDuplicate({ key }: { key: string }): never {
  throw new SyntaxError(`the key ${JSON.stringify(key)} appears twice in one object`);
}

function exactNumber(text: string): number {
  const value = Number(text);
  if (canonicalDecimal(text) !== canonicalDecimal(String(value))) throw new SyntaxError(`the number ${text} cannot be represented exactly`);
  return value;
}

/** Significant digits and exponent, the same for every spelling of one decimal number: 1200, 1.2e3 and 12E2 are `12|2`. */
function canonicalDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}|${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** Members in the text: colons outside strings. The parser lets a key pass that is repeated with an equal value; comparing counts finds it. */
function membersIn(text: string): number {
  let members = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString && code === 0x5c) index += 1;
    else if (code === 0x22) inString = !inString;
    else if (!inString && code === 0x3a) members += 1;
  }
  return members;
}

function membersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((count, each) => count + membersOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  if (Object.hasOwn(value, '__proto__')) throw new SyntaxError('the key __proto__ is not allowed');
  return Object.values(value).reduce<number>((count, each) => count + 1 + membersOf(each), 0);
}
