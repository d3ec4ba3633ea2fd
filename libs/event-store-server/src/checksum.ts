import { crc32 } from 'node:zlib';
import type { RecordedEvent } from './events.js';

const FIXED_BYTES = 48;
let scratch = Buffer.allocUnsafe(1024);

/**
 * CRC-32 (the polynomial of zlib) over everything an event consists of, as an unsigned 32-bit integer.
 *
 *     position revision created         3 x float64, little endian (exact up to 2^53)
 *     isJson                            uint32
 *     length of stream type data meta   4 x uint32, so that no byte can move from one field to its neighbour
 *     reserved                          uint32, zero
 *     id                                16 bytes
 *     stream type                       UTF-8
 *     data metadata                     as they are
 */
export function checksumOf(event: RecordedEvent): number {
  const textBytes = (event.stream.length + event.type.length) * 3;
  if (scratch.length < FIXED_BYTES + 16 + textBytes) scratch = Buffer.allocUnsafe(2 * (FIXED_BYTES + 16 + textBytes));
  scratch.writeDoubleLE(event.position, 0);
  scratch.writeDoubleLE(event.revision, 8);
  scratch.writeDoubleLE(event.createdMs, 16);
  scratch.writeUInt32LE(event.isJson ? 1 : 0, 24);
  let end = FIXED_BYTES;
  scratch.set(event.id, end);
  end += 16;
  const streamBytes = scratch.write(event.stream, end, 'utf8');
  end += streamBytes;
  const typeBytes = scratch.write(event.type, end, 'utf8');
  end += typeBytes;
  scratch.writeUInt32LE(streamBytes, 28);
  scratch.writeUInt32LE(typeBytes, 32);
  scratch.writeUInt32LE(event.data.length, 36);
  scratch.writeUInt32LE(event.metadata.length, 40);
  scratch.writeUInt32LE(0, 44);
  const head = crc32(scratch.subarray(0, end));
  return crc32(event.metadata, crc32(event.data, head));
}
