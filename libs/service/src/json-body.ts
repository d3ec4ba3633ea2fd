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
    const { members, onlyPlainIntegers } = scan(text);
    // The language's own parser is several times as fast. It keeps integers of 15 digits, and of a key that appears twice one member of two.
    const value: unknown = onlyPlainIntegers
      ? JSON.parse(text)
      : parse(text, undefined, { parseNumber: exactNumber, onDuplicateKey: refuseDuplicate });
    if (members !== membersOf(value)) throw new SyntaxError('a key appears twice in one object');
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

const longestPlainInteger = 15;

/**
 * Members in the text: colons outside strings. A parser lets a key pass that is repeated; comparing counts finds it. And whether every number is
 * an integer of so few digits that a double holds it.
 */
function scan(text: string): { members: number; onlyPlainIntegers: boolean } {
  let members = 0;
  let digits = 0;
  let onlyPlainIntegers = true;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x30 && code <= 0x39) {
      digits += 1;
      if (digits > longestPlainInteger) onlyPlainIntegers = false;
      continue;
    }
    // A fraction or an exponent: '.', 'e' or 'E' behind a digit.
    if (digits > 0 && (code === 0x2e || code === 0x65 || code === 0x45)) onlyPlainIntegers = false;
    digits = 0;
    if (code === 0x22) index = endOfString(text, index);
    else if (code === 0x3a) members += 1;
  }
  return { members, onlyPlainIntegers };
}

/** Where the string that begins here ends: at its closing quote, or at the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === 0x5c) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

function membersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((count, each) => count + membersOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  if (Object.hasOwn(value, '__proto__')) throw new SyntaxError('the key __proto__ is not allowed');
  return Object.values(value).reduce<number>((count, each) => count + 1 + membersOf(each), 0);
}
