import { crc32, createDeflateRaw } from 'node:zlib';
import { through } from './bill-source.js';

export interface ZipFileContent {
  /** As it stands in the directory: Alipay's names are GBK, without the flag that says UTF-8, which no library writes. */
  readonly name: Uint8Array;
  readonly chunks: Iterable<Uint8Array>;
}

interface WrittenEntry {
  readonly name: Uint8Array;
  readonly offset: number;
  readonly sizes: Uint8Array;
}

const version = 20;
/** Sizes and checksum stand behind the data, which is written as it is made. */
const flagSizesBehind = 0x0008;
const deflated = 8;
/** 1980-01-01: the same bill is the same bytes. */
const date = 0x0021;
const maxBytes = 0xffffffff;

/**
 * A ZIP (PKWARE APPNOTE 6.3.10, without ZIP64): for each file a local header, the deflated data and its descriptor; then the directory and its end.
 * @throws RangeError beyond 4 GiB
 */
export async function* zipOf(files: Iterable<ZipFileContent>): AsyncGenerator<Uint8Array> {
  const entries: WrittenEntry[] = [];
  let offset = 0;
  const placed = (bytes: Uint8Array) => {
    offset += bytes.length;
    if (offset > maxBytes) throw new RangeError('a ZIP without ZIP64 ends at 4 GiB');
    return bytes;
  };
  for (const { name, chunks } of files) {
    const begin = offset;
    let checksum = 0;
    let size = 0;
    const counted = function* () {
      for (const chunk of chunks) {
        checksum = crc32(chunk, checksum);
        size += chunk.length;
        yield chunk;
      }
    };
    yield placed(Buffer.concat([fields([4, 0x04034b50], ...commonFields(new Uint8Array(12), name)), name]));
    const dataBegin = offset;
    for await (const chunk of through(counted(), createDeflateRaw())) yield placed(chunk);
    if (size > maxBytes) throw new RangeError('a ZIP without ZIP64 holds files of 4 GiB');
    const sizes = fields([4, checksum], [4, offset - dataBegin], [4, size]);
    entries.push({ name, offset: begin, sizes });
    yield placed(Buffer.concat([fields([4, 0x08074b50]), sizes]));
  }
  const directory = Buffer.concat(entries.map(directoryEntry));
  const end: readonly Field[] = [
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, entries.length],
    [2, entries.length],
    [4, directory.length],
    [4, offset],
    [2, 0],
  ];
  yield Buffer.concat([directory, fields(...end)]);
}

type Field = readonly [bytes: 2 | 4, value: number] | Uint8Array;

/** What the local header and the directory say alike. */
const commonFields = (sizes: Uint8Array, name: Uint8Array): Field[] => [
  [2, version],
  [2, flagSizesBehind],
  [2, deflated],
  [2, 0],
  [2, date],
  sizes,
  [2, name.length],
  [2, 0],
];

function directoryEntry({ name, offset, sizes }: WrittenEntry): Buffer {
  const last: readonly Field[] = [
    [2, 0],
    [2, 0],
    [2, 0],
    [4, 0],
    [4, offset],
  ];
  return Buffer.concat([fields([4, 0x02014b50], [2, version], ...commonFields(sizes, name), ...last), name]);
}

/** Integers are little-endian. */
function fields(...each: readonly Field[]): Buffer {
  return Buffer.concat(
    each.map((field) => {
      if (field instanceof Uint8Array) return field;
      const [length, value] = field;
      const bytes = Buffer.alloc(length);
      bytes.writeUIntLE(value, 0, length);
      return bytes;
    }),
  );
}
