import { TextDecoder } from 'node:util';

let table: ReadonlyMap<string, number> | undefined;

/** The two-byte characters of GBK, read off the decoder: what it decodes is what is encoded. */
function makeTable(): ReadonlyMap<string, number> {
  const decoder = new TextDecoder('gbk');
  const made = new Map<string, number>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      const char = trail === 0x7f ? '' : decoder.decode(Uint8Array.of(lead, trail));
      if (char.length === 1 && char !== '\uFFFD' && !made.has(char)) made.set(char, (lead << 8) | trail);
    }
  }
  return made;
}

/** A text in GBK; what GBK has not is a question mark, as in the provider's own files. */
export function encodeGbk(text: string): Uint8Array {
  table ??= makeTable();
  const bytes = Buffer.allocUnsafe(text.length * 2);
  let length = 0;
  for (const char of text) {
    const code = char.charCodeAt(0);
    const pair = code < 0x80 ? undefined : table.get(char);
    if (pair === undefined) bytes[length++] = code < 0x80 ? code : 0x3f;
    else {
      bytes[length++] = pair >> 8;
      bytes[length++] = pair & 0xff;
    }
  }
  return bytes.subarray(0, length);
}
