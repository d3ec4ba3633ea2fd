import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Outage } from '@tongbao/event-store';
import { Command, CommanderError } from 'commander';
import { addBenchCommand } from './bench.command.js';
import { addBillsCommands } from './bills.command.js';
import { addClusterCommand } from './cluster.command.js';
import { CommandContext, type GlobalOptions, type Runner } from './command-context.js';
import { addDeadLetterCommands } from './dead-letters.command.js';
import { addDemoCommand } from './demo.command.js';
import { addDoctorCommand } from './doctor.command.js';
import { addEventsCommands } from './events.command.js';
import { CommandFailed, exitCodes, exitCodesHelp, UsageError, type ExitCode } from './exit-codes.js';
import { HubUnreachable, Refused } from './hub-client.js';
import { toJson, type Io } from './io.js';
import { addCallCommand, addKeysCommands } from './keys.command.js';
import { addLogCommands } from './log.command.js';
import { addPaymentsCommands } from './payments.command.js';
import { addProjectionsCommands } from './projections.command.js';
import { addReconcileCommands } from './reconcile.command.js';
import { addRelayCommands } from './relay.command.js';
import { addReplayCommand } from './replay.command.js';
import { addSettlementsCommands } from './settlements.command.js';
import { addTopicsCommands } from './topics.command.js';
import { addWindowsCommands } from './windows.command.js';

/** Runs one command line. Never throws: what goes wrong is told and becomes the exit code. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const runs: Runner =
    <Arguments extends unknown[]>(work: (context: CommandContext, ...given: Arguments) => Promise<ExitCode>) =>
    async (...given: [...Arguments, Command]) => {
      // What the tuple's own type says: first the arguments and options, then the command itself.
      const command = given.at(-1) as Command;
      const context = new CommandContext(io, command.optsWithGlobals<GlobalOptions>());
      try {
        code = await work(context, ...(given.slice(0, -1) as Arguments));
      } finally {
        await context.close();
      }
    };
  try {
    await buildProgram(io, runs).parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return told(error, io, argv.includes('--json'));
  }
}

function buildProgram(io: Io, runs: Runner): Command {
  const program = new Command('tongbao')
    .description('Tongbao, a payment and settlement hub: look into it, operate it, see it at work.')
    .version(version(), '-V, --version')
    .option('--url <url>', 'HTTP API of the hub', process.env['TONGBAO_URL'] ?? 'http://127.0.0.1:8080')
    .option(
      '--data <folder>',
      "data folder of the hub, where the operators' tokens are (default: $TONGBAO_DATA or ./data; demo: a temporary one)",
    )
    .option('--event-store <url>', 'event store of the hub', process.env['EVENT_STORE_URL'] ?? 'esdb://127.0.0.1:2113?tls=false')
    .option('--json', 'print JSON', false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .addHelpText('after', exitCodesHelp);
  addDemoCommand(program, runs);
  addBenchCommand(program, runs);
  addClusterCommand(program, runs);
  addEventsCommands(program, runs);
  addPaymentsCommands(program, runs);
  addProjectionsCommands(program, runs);
  addWindowsCommands(program, runs);
  addSettlementsCommands(program, runs);
  addReconcileCommands(program, runs);
  addBillsCommands(program, runs);
  addDeadLetterCommands(program, runs);
  addTopicsCommands(program, runs);
  addRelayCommands(program, runs);
  addReplayCommand(program, runs);
  addKeysCommands(program, runs);
  addCallCommand(program, runs);
  addLogCommands(program, runs);
  addDoctorCommand(program, runs);
  return program;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
}

function told(error: unknown, io: Io, json: boolean): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // commander has told it itself
  const tell = (code: ExitCode, problem: { code: string; field?: string; detail: string }): ExitCode => {
    const text =
      problem.field === undefined ? `${problem.code}: ${problem.detail}` : `${problem.code} (${problem.field}): ${problem.detail}`;
    io.err(`${json ? toJson({ problem }) : text}\n`);
    return code;
  };
  if (error instanceof Refused) return tell(exitCodes.failed, { code: error.code, field: error.field, detail: error.detail });
  if (error instanceof UsageError) return tell(exitCodes.usage, { code: 'usage', detail: error.message });
  if (error instanceof CommandFailed) return tell(exitCodes.failed, { code: 'failed', detail: error.message });
  if (error instanceof HubUnreachable || error instanceof Outage)
    return tell(exitCodes.unreachable, { code: 'unreachable', detail: error.message });
  return tell(exitCodes.failed, { code: 'unexpected', detail: inspect(error) });
}
