import { expect } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../golden');

/** Compares with a golden file, or writes it where `GOLDEN=write` asks for it. */
export function expectGolden(name: string, text: string): void {
  const file = join(folder, name);
  if (process.env.GOLDEN === 'write') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
