import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tongbao/testing';
import { generateBills, type BillsToGenerate, type GeneratedBills } from '../src/bill-generation.js';
import type { Application, Reply, World } from './application.js';

/** Bills of a day as the generator makes them from the world's events. */
export async function billsOf(
  world: World,
  asked: Pick<BillsToGenerate, 'provider' | 'day'> & Partial<BillsToGenerate>,
): Promise<GeneratedBills & { contents: Record<string, Buffer> }> {
  const made = await generateBills(world.store, { errors: [], seed: 1, out: join(world.folder, 'made'), ...asked });
  return { ...made, contents: Object.fromEntries(made.files.map(({ bill, path }) => [bill, readFileSync(path)])) };
}

/** Gives all bills of a day, and waits until it is compared. */
export async function reconciled(
  app: Application,
  provider: string,
  day: string,
  contents: Record<string, Buffer>,
  number = 1,
): Promise<Reply> {
  for (const [bill, content] of Object.entries(contents)) {
    const reply = await app.give({ provider, bill, day }, content);
    if (reply.status !== 201) throw new Error(`${bill} of ${day} was refused: ${reply.text}`);
  }
  return runEnded(app, `${provider}_${day}_${number}`);
}

export const runEnded = (app: Application, runId: string): Promise<Reply> =>
  eventually(
    () => app.get(`/v1/reconciliation/runs/${runId}`),
    ({ body }) => body.state === 'completed' || body.state === 'failed',
  );

/** Open breaks as kind, key and sides, in order. */
export async function openBreaks(app: Application, query = 'status=open'): Promise<string[]> {
  await app.folded();
  const { body } = await app.get(`/v1/reconciliation/breaks?limit=500&${query}`);
  const items: { kind: string; ourKey: string | null; providerRef: string; on: string[] }[] = body.items;
  return items.map(({ kind, ourKey, providerRef, on }) => `${kind} ${ourKey ?? providerRef} ${[...on].sort().join('+')}`).sort();
}

export const plantedAs = ({ planted }: Pick<GeneratedBills, 'planted'>): string[] =>
  planted.map(({ kind, key, on }) => `${kind} ${key} ${[...on].sort().join('+')}`).sort();
