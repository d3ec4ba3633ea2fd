import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { toJson } from './io.js';

interface BenchCommandOptions {
  only?: string[];
  rate?: number;
  seconds?: number;
  output?: string;
}

export function addBenchCommand(program: Command, runs: Runner): void {
  program
    .command('bench')
    .description('measure the product on this machine; takes minutes and wants the machine to itself')
    .option('--only <parts...>', 'parts to measure; default: all')
    .option('--rate <perSecond>', 'payments: this rate alone, instead of a ladder of rates', positive)
    .option('--seconds <seconds>', 'payments: how long the long run takes', positive)
    .option('--output <file>', 'write the whole report to a file, as JSON')
    .action(runs(bench));
}

async function bench({ io, options: { json } }: CommandContext, { output, ...options }: BenchCommandOptions): Promise<ExitCode> {
  const { runBench } = await import('./bench/bench.js');
  const report = await runBench({ ...options, ...(output !== undefined && { json: output }) }, json ? { ...io, out: () => undefined } : io);
  if (json) io.out(`${toJson(report)}\n`);
  return report.failures.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}
