import { writeFileSync } from 'node:fs';
import { UsageError } from '../exit-codes.js';
import { processIo, toJson, type Io } from '../io.js';
import { conditionsNow } from './conditions.js';
import { benchLedger } from './ledger.bench.js';
import { benchLog } from './log.bench.js';
import { benchPayments } from './payments.bench.js';
import { PreparedHub } from './prepared-hub.js';
import { benchRebuild } from './rebuild.bench.js';
import { conditionsText, partText, type BenchReport, type PartReport } from './report.js';
import { benchStore } from './store.bench.js';
import { benchWindowClose } from './window-close.bench.js';
import { benchWindowLoad } from './window-load.bench.js';

export interface BenchOptions {
  /** File that the whole report is written to. */
  json?: string;
  /** Parts to measure; all where it is left out. */
  only?: readonly string[];
  /** Payments: this rate alone, instead of a ladder of rates. */
  rate?: number;
  /** Payments: how long the long run takes; a minute where it is left out. */
  seconds?: number;
  /**
   * Rebuild: captured payments on the hub; 50,000 where it is left out, 20,000 on the distributed form. Window-close: those of the largest window; 100,000
   * where it is left out.
   */
  payments?: number;
}

/** What a part is given. */
export interface BenchContext {
  rate: number | undefined;
  seconds: number;
  payments: number;
  /** Payments in the largest window that is closed. */
  largestWindow: number;
  progress: (line: string) => void;
  /** A hub with that many payments, one for all parts. */
  prepared: () => Promise<PreparedHub>;
}

const parts: Record<string, (context: BenchContext) => Promise<PartReport>> = {
  store: benchStore,
  ledger: benchLedger,
  log: benchLog,
  payments: benchPayments,
  rebuild: benchRebuild,
  'window-close': benchWindowClose,
  'window-load': benchWindowLoad,
};

const largestWindow = 100_000;

/**
 * Measures the product on this machine, prints tables and writes JSON. A part that cannot be measured is reported and does not stop the others.
 * @throws UsageError for options that make no sense
 */
export async function runBench(options: BenchOptions = {}, io: Io = processIo): Promise<BenchReport> {
  const names = chosenParts(Object.keys(parts), options);
  const progress = (line: string) => io.err(`${line}\n`);
  const payments = options.payments ?? 50_000;
  let preparing: Promise<PreparedHub> | undefined;
  const prepared = () => (preparing ??= PreparedHub.start(payments, progress));
  const { rate, seconds = 60 } = options;
  const context: BenchContext = { rate, seconds, payments, largestWindow: options.payments ?? largestWindow, progress, prepared };
  const report: BenchReport = { conditions: conditionsNow(), parts: [], failures: [] };
  io.out(`${conditionsText(report.conditions)}\n\n`);
  try {
    await measureParts(parts, names, context, report, io);
  } finally {
    // A hub that could not be prepared has been stopped, and the part that asked for it says why.
    await (await preparing?.catch(() => undefined))?.stop();
  }
  return writtenTo(options.json, report);
}

/** Measures one part after the other, and prints each as soon as it has been measured. */
export async function measureParts<Context>(
  parts: Record<string, (context: Context) => Promise<PartReport>>,
  names: readonly string[],
  context: Context,
  report: BenchReport,
  io: Io,
): Promise<void> {
  for (const name of names) {
    try {
      const part = await parts[name]?.(context);
      if (!part) continue;
      report.parts.push(part);
      io.out(`${partText(part)}\n\n`);
    } catch (error) {
      report.failures.push({ part: name, error: String(error) });
      io.err(`${name} could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
  }
}

/** Writes the whole report to a file, if there is to be one. */
export function writtenTo(file: string | undefined, report: BenchReport): BenchReport {
  if (file !== undefined) writeFileSync(file, `${toJson(report)}\n`);
  return report;
}

/** Those of the known parts that were asked for, in their order. @throws UsageError for options that make no sense */
export function chosenParts(known: readonly string[], { only, rate, seconds, payments }: BenchOptions): string[] {
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no part ${unknown}. There are: ${known.join(', ')}.`);
  for (const [name, value] of [
    ['rate', rate],
    ['seconds', seconds],
    ['payments', payments],
  ] as const) {
    if (value !== undefined && !(value > 0)) throw new UsageError(`--${name} must be a number above 0.`);
  }
  return known.filter((name) => only === undefined || only.length === 0 || only.includes(name));
}
