import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import type { BenchOptions } from './bench/bench.js';
import type { ClusterBenchOptions } from './bench/cluster-bench.js';
import type { BenchReport } from './bench/report.js';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { toJson, type Io } from './io.js';

interface BenchCommandOptions {
  cluster: boolean;
  cpuProf?: string;
  only?: string[];
  rate?: number;
  seconds?: number;
  payments?: number;
  output?: string;
}

export function addBenchCommand(program: Command, runs: Runner): void {
  program
    .command('bench')
    .description('measure the product on this machine; takes minutes and wants the machine to itself')
    .option('--cluster', 'the distributed form, as npm run cluster runs it, with everything on this machine', false)
    .option('--part, --only <parts...>', 'parts to measure; default: all')
    .option('--rate <perSecond>', 'payments: this rate alone, instead of a ladder of rates', positive)
    .option('--seconds <seconds>', 'payments: how long the long run takes', positive)
    .option('--payments <count>', 'how many the log is filled with where many are needed', positive)
    .option('--cpu-prof <folder>', "with --cluster: CPU profiles of the hub's Node processes go there, a folder for each")
    .option('--output <file>', 'write the whole report to a file, as JSON')
    .action(runs(bench));
}

async function bench({ io, options: { json } }: CommandContext, asked: BenchCommandOptions): Promise<ExitCode> {
  const { cluster, cpuProf, output, ...chosen } = asked;
  if (cpuProf !== undefined && !cluster) throw new UsageError('--cpu-prof goes with --cluster: one process is profiled by Node itself.');
  const options = { ...chosen, ...(output !== undefined && { json: output }), ...(cpuProf !== undefined && { profiles: cpuProf }) };
  const shown = json ? { ...io, out: () => undefined } : io;
  const report = await (cluster ? runCluster(options, shown) : runEmbedded(options, shown));
  if (json) io.out(`${toJson(report)}\n`);
  return report.failures.length === 0 ? exitCodes.ok : exitCodes.failed;
}

async function runEmbedded(options: BenchOptions, io: Io): Promise<BenchReport> {
  const { runBench } = await import('./bench/bench.js');
  return runBench(options, io);
}

async function runCluster(options: ClusterBenchOptions, io: Io): Promise<BenchReport> {
  const { runClusterBench } = await import('./bench/cluster-bench.js');
  return runClusterBench(options, io);
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}
