import { DocumentParser, type Visitor } from './document.parser.js';
import { schemaOf, type ReadMessage } from './message.js';
import { BankFileRefused } from './problem.js';

/** A file: its bytes or its text, whole or in pieces of any size. */
export type FileSource = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

export interface ReadOptions {
  /** A longer file is refused. 4 GiB if not given. */
  readonly maxBytes?: number;
}

const pieceLength = 64 * 1024;
const defaultMaxBytes = 4 * 1024 ** 3;

/**
 * Reads a message and gives what its visitor makes of it, piece by piece: the file is never held, whatever its length.
 * @param make gets the function that gives an item, and makes the visitor
 * @throws BankFileRefused at the first thing that is wrong; what was given before must then not be used
 */
export async function* readDocument<Item>(
  source: FileSource,
  message: ReadMessage,
  make: (give: (item: Item) => void) => Visitor,
  { maxBytes = defaultMaxBytes }: ReadOptions,
): AsyncGenerator<Item> {
  let items: Item[] = [];
  const parser = new DocumentParser(
    message,
    schemaOf(message),
    make((item) => void items.push(item)),
  );
  for await (const text of textOf(source, maxBytes, parser)) {
    parser.write(text);
    yield* items;
    items = [];
  }
  parser.end();
  yield* items;
}

/** The text in pieces of a bounded length, decoded strictly. */
async function* textOf(source: FileSource, maxBytes: number, parser: DocumentParser): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch (error) {
      if (!isNotUtf8(error)) throw error;
      throw new BankFileRefused({ code: 'encoding_unsupported', ...parser.place, detail: 'the file is not UTF-8' });
    }
  };
  for await (const piece of piecesOf(source)) {
    bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength;
    if (bytes > maxBytes)
      throw new BankFileRefused({ code: 'too_large', ...parser.place, detail: `the file has more than ${maxBytes} bytes` });
    for (let start = 0; start < piece.length; start += pieceLength) {
      yield typeof piece === 'string' ? piece.slice(start, start + pieceLength) : decode(piece.subarray(start, start + pieceLength));
    }
  }
  const rest = decode();
  if (rest !== '') yield rest;
}

const isNotUtf8 = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';

const piecesOf = (source: FileSource): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> =>
  typeof source === 'string' || source instanceof Uint8Array ? [source] : source;
