import fc from 'fast-check';
import { encodeGbk } from './gbk.js';
import { type TextLine, textLines } from './text-lines.js';

async function linesOf(bytes: Uint8Array, encoding: 'utf-8' | 'gb18030', pieceLength: number, maxLineBytes = 1000): Promise<TextLine[]> {
  const found: TextLine[] = [];
  // The same memory for each piece, as a reader may use it.
  const memory = Buffer.alloc(pieceLength);
  const pieces = async function* () {
    for (let from = 0; from < bytes.length; from += pieceLength) {
      const length = Buffer.from(bytes).copy(memory, 0, from, from + pieceLength);
      yield await Promise.resolve(memory.subarray(0, length));
    }
  };
  for await (const lines of textLines(pieces(), encoding, maxLineBytes)) found.push(...lines);
  return found;
}

const line = fc.string({ unit: fc.constantFrom('a', ',', '`', '\t', '中', '文', '（', '丂'), maxLength: 20 });

it.each(['utf-8', 'gb18030'] as const)('lines in %s are the same in pieces of any length', (encoding) =>
  fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 50 }),
      async (lines, lineBreak, length) => {
        const text = lines.join(lineBreak) + lineBreak;
        const bytes = encoding === 'utf-8' ? Buffer.from(text) : encodeGbk(text);
        const expected = lines.map((each, index) => ({ number: index + 1, text: each }));
        expect(await linesOf(bytes, encoding, length)).toEqual(expected);
      },
    ),
  ),
);

it('the last line needs no break', async () => {
  expect(await linesOf(Buffer.from('a\nb'), 'utf-8', 2)).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: 'b' },
  ]);
  expect(await linesOf(Buffer.from(''), 'utf-8', 2)).toEqual([]);
});

it.each([1, 2, 5, 100])('in pieces of %i, a line that cannot be read costs no other', async (length) => {
  const bytes = Buffer.concat([Buffer.from('one\n'), Buffer.from([0xff, 0xfe]), Buffer.from(`\nthree\n${'x'.repeat(30)}\nfive\n`)]);
  expect(await linesOf(bytes, 'utf-8', length, 20)).toEqual([
    { number: 1, text: 'one' },
    { number: 2, unreadable: 'encoding' },
    { number: 3, text: 'three' },
    { number: 4, unreadable: 'line_too_long' },
    { number: 5, text: 'five' },
  ]);
});

it('GBK has what its decoder reads, and a question mark for the rest', () => {
  const decoder = new TextDecoder('gbk', { fatal: true });
  const chinese = '支付宝交易号（元）镕€①“丂狀';
  expect(decoder.decode(encodeGbk(chinese))).toBe(chinese);
  expect(Buffer.from(encodeGbk('a中𠀀b')).toString('hex')).toBe('61d6d03f62');
});
