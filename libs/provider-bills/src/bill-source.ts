import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { BillLimits, BillSource } from './bill-line.js';
import { FileRefused, codeOf } from './bill-problem.js';

export type Container = 'zip' | 'gzip' | 'plain';

export interface OpenedBill {
  readonly container: Container;
  /** The first bytes, at least four where there are so many. */
  readonly first: Uint8Array;
  /** Of the container as it is, from its beginning. Once only. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

const chunkBytes = 64 * 1024;

/** Looks at the first bytes, which say how a bill is packed. */
export async function openBill(source: BillSource): Promise<OpenedBill> {
  const rest = bytesOf(source)[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array();
  while (first.length < 4) {
    const next = await rest.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return { container: containerOf(first), first, chunks: joined(first, rest) };
}

function containerOf(first: Uint8Array): Container {
  // The third of these begins a ZIP without entries.
  if (first[0] === 0x50 && first[1] === 0x4b && (first[2] === 3 || first[2] === 5)) return 'zip';
  return first[0] === 0x1f && first[1] === 0x8b ? 'gzip' : 'plain';
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* slices(first);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield* slices(next.value);
  } finally {
    await rest.return?.();
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
}

async function* bytesOf(source: BillSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else if ('path' in source) yield* binary(createReadStream(source.path));
  else yield* source;
}

/** A stream's chunks, which are bytes where no encoding is set. */
export async function* binary(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a bill is read as bytes');
    yield chunk;
  }
}

/** Refuses what unpacks to more than is allowed, while it unpacks. */
export class UnpackingBounds {
  private packed = 0;
  private unpacked = 0;

  constructor(private readonly limits: BillLimits) {}

  addPacked(bytes: number): void {
    this.packed += bytes;
  }

  addUnpacked(bytes: number): void {
    this.unpacked += bytes;
    const { maxBytes, maxRatio } = this.limits;
    if (this.unpacked > maxBytes) throw new FileRefused('too_large', `more than ${maxBytes} bytes`);
    if (this.unpacked > 1024 ** 2 && this.unpacked > this.packed * maxRatio) {
      throw new FileRefused('bomb', `it unpacks to more than ${maxRatio} times its size`);
    }
  }
}

/**
 * The bytes of a bill that is not packed, or packed by gzip.
 * @throws FileRefused `too_large`, `bomb`, `truncated`, `gzip_malformed`
 */
export async function* unpacked(
  { container, chunks }: Pick<OpenedBill, 'container' | 'chunks'>,
  limits: BillLimits,
): AsyncGenerator<Uint8Array> {
  const bounds = new UnpackingBounds(limits);
  if (container === 'plain') {
    for await (const chunk of chunks) {
      bounds.addPacked(chunk.length);
      bounds.addUnpacked(chunk.length);
      yield chunk;
    }
    return;
  }
  const gunzip = createGunzip();
  const counted = async function* () {
    for await (const chunk of chunks) {
      bounds.addPacked(chunk.length);
      yield chunk;
    }
  };
  try {
    for await (const chunk of through(counted(), gunzip)) {
      bounds.addUnpacked(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw refusalOfZlib(error, 'gzip_malformed');
  }
}

/** Bytes through a transform. What either throws is thrown. */
export async function* through(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  // A pipeline that fails destroys the transform with the same error, and the loop below throws it.
  const fed = pipeline(Readable.from(source), transform).catch(() => undefined);
  try {
    yield* binary(transform);
  } finally {
    transform.destroy();
    await fed;
  }
}

/** zlib's errors as refusals; any other error as it is. */
export function refusalOfZlib(error: unknown, malformed: 'gzip_malformed' | 'zip_malformed'): unknown {
  const code = codeOf(error);
  if (code === 'Z_BUF_ERROR') return new FileRefused('truncated', 'it ends before its packed data does');
  return code === 'Z_DATA_ERROR' ? new FileRefused(malformed, 'its packed data is damaged') : error;
}

/** A stream as a file, for as long as `use` runs: a ZIP's directory is at its end. */
export async function* asFile<T>(
  chunks: AsyncIterable<Uint8Array>,
  tempDir: string | undefined,
  use: (path: string) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const folder = await mkdtemp(join(tempDir ?? tmpdir(), 'bill-'));
  try {
    const path = join(folder, 'bill.zip');
    await pipeline(chunks, createWriteStream(path));
    yield* use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
