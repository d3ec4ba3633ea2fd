/*
 * The parts of the protobuf wire format that the encoders need (https://protobuf.dev/programming-guides/encoding):
 * a tag is (field << 3) | wire type, and fits one byte for fields below 16; varints are base 128, least significant group first.
 * Numbers are exact up to 2^53.
 */

export const VARINT = 0;
export const LENGTH_DELIMITED = 2;

/** Bytes of a number as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Bytes of a length-delimited field with a one-byte tag. */
export const delimitedSize = (length: number): number => 1 + varintSize(length) + length;

/** Bytes of a varint field with a one-byte tag; proto3 leaves zero out. */
export const numberSize = (value: number): number => (value === 0 ? 0 : 1 + varintSize(value));

/** Writes a varint at an offset; returns the offset after it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let end = offset;
  while (rest >= 0x80) {
    bytes[end++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[end++] = rest;
  return end;
}

/** Writes the tag and the length of a length-delimited field; returns the offset of its content. */
export function writeDelimiter(bytes: Uint8Array, offset: number, field: number, length: number): number {
  bytes[offset] = (field << 3) | LENGTH_DELIMITED;
  return writeVarint(bytes, offset + 1, length);
}

/** Writes a varint field, or nothing for zero; returns the offset after it. */
export function writeNumber(bytes: Uint8Array, offset: number, field: number, value: number): number {
  if (value === 0) return offset;
  bytes[offset] = (field << 3) | VARINT;
  return writeVarint(bytes, offset + 1, value);
}
