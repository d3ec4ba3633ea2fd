import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Million {
  readonly found: readonly { readonly key: string; readonly kind: string }[];
  readonly planted: readonly { readonly key: string; readonly kind: string }[];
  readonly matched: number;
  readonly ends: Record<string, { readonly rows: number; readonly verified: boolean }>;
  readonly seconds: Record<string, number>;
  readonly megabytes: number;
}

/** Runs `million.mjs` with a heap that no list of all lines would fit into. */
export async function reconcileMany(provider: string, count: number): Promise<Million> {
  const heap = ['--max-old-space-size=96', '--max-semi-space-size=8'];
  const sources = ['--no-warnings', '--experimental-transform-types', '--conditions=@tongbao/source'];
  const script = join(import.meta.dirname, 'million.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [...heap, ...sources, script, provider, String(count)]);
  return JSON.parse(stdout) as Million; // as the script prints it
}

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);

export function expectPlanted({ found, planted, megabytes }: Million, maxMegabytes: number): void {
  expect(found.toSorted(byKey)).toEqual(planted.toSorted(byKey));
  expect(planted.length).toBeGreaterThanOrEqual(3);
  expect(megabytes).toBeLessThan(maxMegabytes);
}
