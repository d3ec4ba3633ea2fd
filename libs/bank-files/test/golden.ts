import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../golden');

export const golden = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** Compares with a golden file, or writes it where `GOLDEN=write` asks for it. */
export function expectGolden(name: string, text: string): void {
  if (process.env.GOLDEN === 'write') writeFileSync(join(folder, name), text);
  expect(text).toBe(golden(name));
}

export const json = (value: unknown): string =>
  `${JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each), 2)}\n`;

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
