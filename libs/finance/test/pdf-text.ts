import { inflateSync } from 'node:zlib';

/**
 * The text of a PDF, a line for each line that is drawn: what its pages show by their fonts' own tables, so a glyph that is missing or wrong shows here.
 * For PDFs as pdfkit writes them: objects one after the other, streams deflated, text in hexadecimal arrays, fonts with a ToUnicode table.
 */
export function textOf(pdf: Buffer): string {
  const objects = objectsIn(pdf);
  const fonts = new Map(
    [...objects].flatMap(([number, { head }]) => (head.includes('/ToUnicode') ? [[number, fontOf(objects, head)] as const] : [])),
  );
  const pages = [...objects.values()].filter(({ head }) => /\/Type \/Page\n/.test(head));
  return pages.map(({ head }, index) => `--- ${index + 1}\n${pageText(objects, fonts, head)}`).join('\n');
}

/** By the codes of its glyphs. */
interface Font {
  letters: Map<string, string>;
  /** In thousandths of the font's size. */
  widths: number[];
}

interface PdfObject {
  head: string;
  stream?: Buffer;
}

function objectsIn(pdf: Buffer): Map<number, PdfObject> {
  const text = pdf.toString('latin1');
  const objects = new Map<number, PdfObject>();
  for (const match of text.matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) {
    const [, number, body = ''] = match;
    const start = body.indexOf('stream\n');
    const head = start < 0 ? body : body.slice(0, start);
    const bytes = start < 0 ? undefined : Buffer.from(body.slice(start + 7, body.lastIndexOf('\nendstream')), 'latin1');
    const stream = bytes && head.includes('FlateDecode') ? inflateSync(bytes) : bytes;
    objects.set(Number(number), { head, ...(stream && { stream }) });
  }
  return objects;
}

function fontOf(objects: Map<number, PdfObject>, head: string): Font {
  const descendant = objects.get(Number(/\/DescendantFonts \[(\d+) 0 R\]/.exec(head)?.[1]))?.head ?? '';
  const widths = /\/W \[0 \[([\d. ]*)\]\]/.exec(descendant)?.[1] ?? '';
  return { letters: lettersOf(objects, head), widths: widths.split(' ').map(Number) };
}

function lettersOf(objects: Map<number, PdfObject>, head: string): Map<string, string> {
  const table = objects.get(Number(/\/ToUnicode (\d+) 0 R/.exec(head)?.[1]))?.stream?.toString('latin1') ?? '';
  const known = new Map<string, string>();
  const letter = (hex: string): string => Buffer.from(hex, 'hex').swap16().toString('utf16le');
  for (const [, first = '', , list = ''] of table.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[([^\]]*)\]/gi)) {
    const codes = [...list.matchAll(/<([0-9a-f]*)>/gi)];
    for (const [index, [, hex = '']] of codes.entries())
      known.set((parseInt(first, 16) + index).toString(16).padStart(4, '0'), letter(hex));
  }
  return known;
}

function pageText(objects: Map<number, PdfObject>, fonts: Map<number, Font>, head: string): string {
  const content = objects.get(Number(/\/Contents (\d+) 0 R/.exec(head)?.[1]))?.stream?.toString('latin1') ?? '';
  const resources = objects.get(Number(/\/Resources (\d+) 0 R/.exec(head)?.[1]))?.head ?? '';
  const named = new Map([...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, number]) => [name, fonts.get(Number(number))]));
  const lines: { y: string; end: number; text: string }[] = [];
  for (const [, block = ''] of content.matchAll(/BT\n([\s\S]*?)ET/g)) {
    const [, name, size] = /\/(F\d+) ([\d.]+) Tf/.exec(block) ?? [];
    const [, x, y = ''] = /1 0 0 1 ([\d.-]+) ([\d.-]+) Tm/.exec(block) ?? [];
    const font = named.get(name);
    const codes = [...block.matchAll(/<([0-9a-f]+)>/gi)].flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? []);
    const text = codes.map((code) => font?.letters.get(code.toLowerCase()) ?? '\uFFFD').join('');
    const width = codes.reduce((sum, code) => sum + (font?.widths[parseInt(code, 16)] ?? 0), 0);
    const end = Number(x) + (width * Number(size)) / 1_000;
    const last = lines.at(-1);
    if (last?.y !== y) lines.push({ y, end, text });
    else Object.assign(last, { end, text: `${last.text}${Number(x) - last.end > gap ? '  ' : ''}${text}` });
  }
  return lines.map(({ text }) => text).join('\n');
}

/** Between columns, in points. */
const gap = 1;
