import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EventStore } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { generateBill, type ChosenError } from '@tongbao/provider-bills';
import { periodOf } from '../src/bill-day.js';
import { builtInTerms } from '../src/terms.js';
import { captured, keyOf, paymentIdOf } from './facts.js';
import type { MillionProgram, MillionResult } from './million.program.js';

const day = '2026-03-02';
const eventsAtOnce = 500;
/** A heap that no list of all lines would fit into. */
const heap = ['--max-old-space-size=128', '--max-semi-space-size=8'];
const sources = ['--conditions=@tongbao/source', '--import', join(import.meta.dirname, '../../event-store/test/typescript-hooks.mjs')];

/** As few that they only compile the program and its thread, so that the one that is measured need not. */
const few = 1_000;

/** A day of so many payments through the part of the service, in a process of its own; the first bill lacks one and has one wrong. */
export async function compareMany(provider: string, count: number): Promise<MillionResult> {
  if (count > few) await compareMany(provider, few);
  const terms = builtInTerms(provider)!;
  const period = periodOf(day, terms);
  const folder = mkdtempSync(join(tmpdir(), 'reconciliation-million-'));
  const server = await startEventStoreServer({ dataDir: join(folder, 'events'), clock: () => Date.parse(period.from) });
  const store = EventStore.connect(server.connectionString);
  const atOf = (number: number) => new Date(Date.parse(period.from) + Math.floor((number / count) * 86_400) * 1_000).toISOString();
  const amountOf = (number: number) => 1_000 + (number % 977);
  try {
    for (let from = 0; from < count; from += eventsAtOnce) {
      const facts = Array.from({ length: Math.min(eventsAtOnce, count - from) }, (_, index) => {
        const number = from + index;
        return captured(paymentIdOf(number), {
          provider,
          amountMinor: amountOf(number),
          currency: 'CNY',
          at: atOf(number),
          expectedFeeMinor: 6,
        });
      });
      await store.append('payment-many', 'any', facts, { commandId: `facts ${from}` });
    }
    mkdirSync(join(folder, 'made'));
    const errors: ChosenError[] = [
      { error: 'missing', key: keyOf(paymentIdOf(count >> 1)) },
      { error: 'amount', key: keyOf(paymentIdOf(count >> 2)), byMinor: 1 },
    ];
    const movements = function* () {
      // A step that shares no factor with the count walks through all numbers, in another order than the log's.
      for (let index = 0; index < count; index += 1) {
        const number = (index * 7_919) % count;
        const money = { amountMinor: amountOf(number), feeMinor: 6, currency: 'CNY', at: atOf(number) };
        yield { kind: 'payment' as const, key: keyOf(paymentIdOf(number)), ...money };
      }
    };
    const files: MillionProgram['files'] = [];
    for (const bill of terms.bills) {
      const path = join(folder, 'made', bill);
      const made = generateBill(movements(), { provider: terms.format, bill, period, errors: bill === terms.bills[0] ? errors : [] });
      await pipeline(made, createWriteStream(path));
      files.push({ bill, path });
    }
    const program: MillionProgram = { connectionString: server.connectionString, provider, day, files, folder: join(folder, 'bills') };
    return JSON.parse(await runProgram(JSON.stringify(program))) as MillionResult; // as the program prints it
  } finally {
    await Promise.all([store.close(), server.close()]);
    rmSync(folder, { recursive: true });
  }
}

async function runProgram(given: string): Promise<string> {
  const program = [...heap, ...sources, join(import.meta.dirname, 'million.program.ts'), given];
  const { stdout } = await promisify(execFile)(process.execPath, program, { env: { ...process.env, NODE_OPTIONS: '' } });
  return stdout;
}
