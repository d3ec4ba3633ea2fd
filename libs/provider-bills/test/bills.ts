import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BillEnd,
  type BillHead,
  type BillLine,
  type BillProblem,
  type BillSource,
  type BilledMovement,
  type Break,
  type Carried,
  type GenerateOptions,
  type Provider,
  type ReconcileInput,
  type ReconcileOptions,
  type ReconcileSummary,
  type StripeImportOptions,
  generateBill,
  importBill,
  reconcile,
} from '../src/index.js';
import { encodeGbk } from '../src/gbk.js';

/** March 1 in Beijing. */
export const period = { from: '2026-02-28T16:00:00.000Z', to: '2026-03-01T16:00:00.000Z' };

export const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../golden', name));

/** A golden text with texts in it put for others. */
export const changed = (name: string, encoding: 'utf8' | 'gbk', ...changes: readonly (readonly [string, string])[]): Buffer => {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(golden(name));
  const after = changes.reduce((before, [from, to]) => {
    expect(before).toContain(from);
    return before.replace(from, () => to);
  }, text);
  return Buffer.from(encoding === 'gbk' ? encodeGbk(after) : Buffer.from(after));
};

export interface ReadBill {
  readonly heads: BillHead[];
  readonly lines: BillLine[];
  readonly problems: BillProblem[];
  readonly end: BillEnd;
}

export async function read(provider: Provider, source: BillSource, options: StripeImportOptions = {}): Promise<ReadBill> {
  const heads: BillHead[] = [];
  const lines: BillLine[] = [];
  const problems: BillProblem[] = [];
  const ends: BillEnd[] = [];
  for await (const item of importBill(provider, source, options)) {
    expect(ends).toEqual([]);
    if (item.type === 'head') heads.push(item.head);
    else if (item.type === 'line') lines.push(item.line);
    else if (item.type === 'problem') problems.push(item.problem);
    else ends.push(item.end);
  }
  const [end] = ends;
  if (end === undefined) throw new Error('the last item is the end');
  expect([end.lines, end.problems]).toEqual([lines.length, problems.length]);
  return { heads, lines, problems, end };
}

/** Where each problem is: code, line, field. */
export const placesOf = ({ problems }: ReadBill): unknown[] => problems.map(({ code, line, field }) => [code, line, field]);

export async function made(movements: Iterable<BilledMovement>, options: Omit<GenerateOptions, 'period'>): Promise<Buffer> {
  return Buffer.concat(await all(generateBill(movements, { ...options, period })));
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export interface Reconciled {
  readonly breaks: Break[];
  readonly carried: Carried[];
  readonly summary: ReconcileSummary;
}

export async function reconciled(input: ReconcileInput, options: ReconcileOptions = {}): Promise<Reconciled> {
  const breaks: Break[] = [];
  const carried: Carried[] = [];
  const summaries: ReconcileSummary[] = [];
  for await (const item of reconcile(input, options)) {
    expect(summaries).toEqual([]);
    if (item.type === 'break') breaks.push(item.break);
    else if (item.type === 'carried') carried.push(item.carried);
    else summaries.push(item.summary);
  }
  const [summary] = summaries;
  if (summary === undefined) throw new Error('the last item is the summary');
  return { breaks, carried, summary };
}

/** A line that says one thing less. */
export const without = <T extends object, K extends keyof T>(line: T, key: K): Omit<T, K> =>
  Object.fromEntries(Object.entries(line).filter(([name]) => name !== key)) as Omit<T, K>; // entries lose the types of their keys

/** In pieces, as a network gives it. */
export async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += length) yield await Promise.resolve(bytes.subarray(from, from + length));
}
