import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { wholeNumber } from './events.command.js';
import { exitCodes, type ExitCode } from './exit-codes.js';

interface DemoCommandOptions {
  all: boolean;
  keep: boolean;
  cluster: boolean;
  port: number;
}

export function addDemoCommand(program: Command, runs: Runner): void {
  program
    .command('demo')
    .description('start a hub on fresh data and replay real purchases through it: payments, splits, ledger, settlement, payouts, webhooks')
    .option('--all', 'all 69,659 orders instead of the sample of 6,919', false)
    .option('--keep', 'leave the hub running at the end, to look at; its data stays', false)
    .option('--cluster', 'on Kafka, PostgreSQL and Redis that are started for it, each service a process of its own', false)
    .option('--port <port>', 'of the hub; 0 = any free one', wholeNumber, 0)
    .action(runs(demo));
}

async function demo({ io, options: { json, data } }: CommandContext, { all, keep, cluster, port }: DemoCommandOptions): Promise<ExitCode> {
  const { runDemo } = await import('./demo/demo.js');
  const passed = await runDemo(
    { which: all ? 'all' : 'sample', keep, cluster, port, json, ...(data !== undefined && { dataDir: data }) },
    io,
  );
  return passed ? exitCodes.ok : exitCodes.failed;
}
