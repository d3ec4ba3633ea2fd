import { TextDecoder } from 'node:util';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import type { BillLimits } from './bill-line.js';
import { FileRefused, codeOf } from './bill-problem.js';
import { UnpackingBounds, binary, refusalOfZlib } from './bill-source.js';

export interface ZipEntry {
  readonly name: string;
  /** To be read to the end, or given up, before the next entry. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * The files of a ZIP in the order of its directory. Chinese names are in GBK there, without the flag that says so.
 * @throws FileRefused `truncated`, `zip_malformed`, `zip_encrypted`, `zip_too_many_entries`, `too_large`, `bomb`, `crc_mismatch`
 */
export async function* zipEntries(path: string, limits: BillLimits): AsyncGenerator<ZipEntry> {
  const bounds = new UnpackingBounds(limits);
  const zip = await refusing(openPromise(path, { lazyEntries: true, decodeStrings: false, autoClose: false }));
  try {
    if (zip.entryCount > limits.maxZipEntries) throw new FileRefused('zip_too_many_entries', `more than ${limits.maxZipEntries} entries`);
    const entries = zip.eachEntry()[Symbol.asyncIterator]();
    for (let next = await refusing(entries.next()); next.done !== true; next = await refusing(entries.next())) {
      const name = new TextDecoder('gb18030').decode(next.value.fileNameRaw);
      if (name.endsWith('/')) continue;
      yield { name, chunks: contentOf(zip, next.value, bounds) };
    }
  } finally {
    zip.close();
  }
}

async function* contentOf(zip: ZipFile, entry: Entry, bounds: UnpackingBounds): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted()) throw new FileRefused('zip_encrypted', 'it is encrypted');
  const stream = await refusing(zip.openReadStreamPromise(entry));
  bounds.addPacked(entry.compressedSize);
  let checksum = 0;
  try {
    for await (const chunk of binary(stream)) {
      bounds.addUnpacked(chunk.length);
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    throw refusalOfZip(error);
  } finally {
    stream.destroy();
  }
  if (checksum !== entry.crc32) throw new FileRefused('crc_mismatch', 'its checksum is not that of its content');
}

async function refusing<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw refusalOfZip(error);
  }
}

/** yauzl says what is wrong with a ZIP in words only; errors of the file system have a code. */
function refusalOfZip(error: unknown): unknown {
  const refusal = refusalOfZlib(error, 'zip_malformed');
  if (refusal !== error || !(error instanceof Error) || error instanceof FileRefused || codeOf(error) !== undefined) return refusal;
  const isCut = /End of central directory record signature not found|unexpected EOF|truncated/i.test(error.message);
  return new FileRefused(isCut ? 'truncated' : 'zip_malformed', error.message);
}
