import { BadRequestError } from './errors.js';

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = Buffer.from('0123456789abcdef', 'latin1');

/** The 16 bytes of a UUID in its text form. @throws BadRequestError for anything else */
export function parseUuid(text: string): Uint8Array {
  if (!PATTERN.test(text)) throw new BadRequestError(`'${text}' is not a valid UUID`);
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** The 16 bytes of a UUID given as two signed 64-bit numbers in decimal. @throws BadRequestError when one is no number */
export function uuidOfHalves(mostSignificant: string, leastSignificant: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeBigUInt64BE(toUnsigned(mostSignificant), 0);
  bytes.writeBigUInt64BE(toUnsigned(leastSignificant), 8);
  return bytes;
}

/** Writes the 36 characters of a UUID, lower case; returns the offset after them. */
export function writeUuid(target: Uint8Array, offset: number, id: Uint8Array): number {
  let end = offset;
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) target[end++] = 0x2d;
    const byte = id[index] ?? 0;
    target[end++] = HEX[byte >> 4] ?? 0;
    target[end++] = HEX[byte & 0x0f] ?? 0;
  }
  return end;
}

function toUnsigned(decimal: string): bigint {
  if (!/^-?\d{1,20}$/.test(decimal)) throw new BadRequestError(`'${decimal}' is not a 64-bit number`);
  return BigInt.asUintN(64, BigInt(decimal));
}
